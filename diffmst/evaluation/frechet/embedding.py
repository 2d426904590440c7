"""What an embedding is: something that tells of a few seconds of a finished mix what they sound like, as a vector."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Windows = NDArray[np.float32]
"""Audio [windows, 2, time]; what is mono is on both sides."""

Vectors = NDArray[np.floating]
"""One for every window, [windows, dims]."""

LOUDNESS_LUFS = -16.0
"""What mixes are brought to where an embedding does not want another loudness: it is that of the other comparisons."""


class Embedding(Protocol):
    """Vectors of windows. Level is no matter of a distance: every file is brought to one loudness before it is heard.

    Attributes:
        name: in tables.
        sample_rate: at which it hears, Hz.
        window_s: what one vector is told of.
        hop_s: from one window to the next, at most `window_s`.
        dims: of the vectors.
        loudness_lufs: of the whole file, as it is heard.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def sample_rate(self) -> int: ...  # noqa: D102

    @property
    def window_s(self) -> float: ...  # noqa: D102

    @property
    def hop_s(self) -> float: ...  # noqa: D102

    @property
    def dims(self) -> int: ...  # noqa: D102

    @property
    def loudness_lufs(self) -> float: ...  # noqa: D102

    def __call__(self, windows: Windows) -> Vectors:
        """Vectors [windows, dims], each of its own window alone, of windows [windows, 2, time]."""
        ...
