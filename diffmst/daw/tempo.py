"""The grid of a session: bars and beats, which its audio does not follow."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

from diffmst.errors import UserError

DEFAULT_BPM, DEFAULT_METER = 120.0, "4/4"
"""Nothing is known of the song's own unless the user tells."""

LOWEST_BPM, HIGHEST_BPM = 20.0, 666.0
"""What DAWprojects may have; other programs go as far or nearly."""

_METER = re.compile(r"([1-9][0-9]?)/(1|2|4|8|16|32)")


class Tempo(NamedTuple):
    """Tempo and metre.

    Attributes:
        bpm: quarter notes per minute.
        beats: in a bar.
        beat_unit: what a beat is: 4 for a quarter note.
    """

    bpm: float = DEFAULT_BPM
    beats: int = 4
    beat_unit: int = 4

    @classmethod
    def of(cls, bpm: float, meter: str) -> Self:
        """As the user says it.

        >>> Tempo.of(96, "6/8")
        Tempo(bpm=96.0, beats=6, beat_unit=8)

        Raises:
            UserError: no session may have such a tempo or metre.
        """
        if not LOWEST_BPM <= bpm <= HIGHEST_BPM:
            raise UserError(f"--tempo {bpm:g}: give quarter notes per minute from {LOWEST_BPM:g} to {HIGHEST_BPM:g}")
        if not (found := _METER.fullmatch(meter.strip())):
            raise UserError(f"--meter {meter}: give beats per bar and what a beat is, such as 4/4 or 6/8")
        return cls(float(bpm), *map(int, found.groups()))

    def __str__(self) -> str:
        return f"{self.bpm:g} bpm, {self.beats}/{self.beat_unit}"

    def beats_at(self, time_s: float) -> float:
        """Quarter notes from the beginning to a time."""
        return time_s * self.bpm / 60
