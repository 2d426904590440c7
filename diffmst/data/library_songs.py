"""What a library holds: songs with their tracks, and references, each known from one pass over its file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.index import FileSummary
from diffmst.data.random_windows import Windows, draw_starts, draw_windows
from diffmst.data.windows import ACTIVE_LU, GATE_LU


@dataclass(frozen=True, eq=False)
class LibraryTrack:
    """A stem that can be heard.

    Attributes:
        name: no other track of the song has it.
        role: name of one of `diffmst.roles.ROLES`; empty for unknown.
        source: what is known of the file.
    """

    name: str
    role: str
    source: FileSummary

    @property
    def channels(self) -> int:
        """Channels to be read: 1 where both sides are equal."""
        return 1 if self.source.dual_mono else self.source.info.channels

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness of the channels that are read, over the whole file."""
        return self.source.loudness_with_channels_lufs(self.channels)

    @property
    def low_share(self) -> float:
        """Share of its power below 200 Hz."""
        return self.source.low_share


@dataclass(frozen=True, eq=False)
class LibraryReference:
    """A finished mix.

    Attributes:
        name: of the song; that of the `LibrarySong` whose mix it is.
        dataset: name of the data set.
        licence: of the audio.
        split: `train`, `validation` or `test`.
        source: what is known of the file.
    """

    name: str
    dataset: str
    licence: str
    split: str
    source: FileSummary

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness over the whole file as it is heard: one channel plays on both sides."""
        return self.source.loudness_with_channels_lufs(2)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.source.info.duration_s

    def choose(self, rng: np.random.Generator, seconds: float, windows: int) -> list[float]:
        """Starts of windows drawn from where the mix is at its loudness, ascending; see `draw_starts`."""
        return draw_starts(rng, self.source.level_lu >= GATE_LU, seconds, windows)


@dataclass(frozen=True, eq=False)
class LibrarySong:
    """A song of at least two stems that can be heard.

    Attributes:
        name: of artist and song, as far as known.
        dataset: name of the data set.
        licence: of the audio.
        split: `train`, `validation` or `test`.
        tracks: in the order of the data set, without silent ones.
        mix: the finished mix, if there is one.
    """

    name: str
    dataset: str
    licence: str
    split: str
    tracks: tuple[LibraryTrack, ...]
    mix: LibraryReference | None

    @property
    def duration_s(self) -> float:
        """Length of the longest track in seconds."""
        return max(track.source.info.duration_s for track in self.tracks)

    def active(self) -> NDArray[np.bool_]:
        """Whether each track sounds, by hops of 100 ms: within 20 LU of its loudness, [tracks, hops]."""
        levels = [track.source.level_lu for track in self.tracks]
        active = np.zeros((len(levels), max(len(level_lu) for level_lu in levels)), np.bool_)
        for row, level_lu in zip(active, levels, strict=True):
            row[: len(level_lu)] = level_lu >= ACTIVE_LU
        return active

    def choose(self, rng: np.random.Generator, seconds: float, windows: int, tracks: int | None = None) -> Windows:
        """Windows drawn from where tracks sound, and some of the tracks that do; see `draw_windows`."""
        return draw_windows(rng, self.active(), seconds, windows, tracks)
