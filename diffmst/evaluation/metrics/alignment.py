"""Whether a processed stem is in time with the raw one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate

WITHIN_MS = 200.0
"""How far apart the two are looked for."""

_ALIKE = 0.2  # correlation under which nothing can be said: distortion, modulation, another sound altogether
_AS_GOOD = 0.9  # a tone is like itself a period later: of lags that fit about as well, the shortest is meant


def lag_ms(raw: NDArray[np.float32], processed: NDArray[np.float32], sample_rate: int) -> float | None:
    """By how much the processed signal comes later, where that can be told; polarity does not matter.

    Args:
        raw: a passage.
        processed: the same passage.
        sample_rate: of both, Hz.

    Shape: both [time].
    """
    furthest = round(WITHIN_MS / 1000 * sample_rate)
    scale = float(np.linalg.norm(raw) * np.linalg.norm(processed))
    if not scale:
        return None
    likeness = np.abs(correlate(processed, raw, method="fft")) / scale
    middle = len(raw) - 1
    lags = np.arange(max(-furthest, -middle), min(furthest, len(processed) - 1) + 1)
    likeness = likeness[middle + lags]
    if likeness.max() < _ALIKE:
        return None
    fitting = lags[likeness >= _AS_GOOD * likeness.max()]
    return 1000 * float(fitting[np.abs(fitting).argmin()]) / sample_rate
