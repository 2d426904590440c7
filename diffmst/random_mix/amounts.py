"""How much of each kind of processing a random mix has, so that training can begin with levels and add effects."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple


class Amounts(NamedTuple):
    """From 0, neutral, to 1, as drawn.

    Attributes:
        level: balance of the tracks.
        pan: place of the tracks.
        eq: of the tracks.
        compression: of the tracks.
        space: sends and reverb.
        master: equalizer and compressor of the master bus.
    """

    level: float = 1.0
    pan: float = 1.0
    eq: float = 1.0
    compression: float = 1.0
    space: float = 1.0
    master: float = 1.0


FULL = Amounts()

Ramp = tuple[float, float]


@dataclass(frozen=True)
class Curriculum:
    """When each kind of processing comes in: none before the first share of training, all after the second.

    Attributes:
        level: for these, see `Amounts`.
        pan: likewise.
        eq: likewise.
        compression: likewise.
        space: likewise.
        master: likewise.

    Raises:
        ValueError: a ramp that ends before it begins.

    >>> Curriculum(eq=(0.2, 0.6)).amounts(0.3)
    Amounts(level=1.0, pan=1.0, eq=0.25, compression=1.0, space=1.0, master=1.0)
    """

    level: Ramp = (0.0, 0.0)
    pan: Ramp = (0.0, 0.0)
    eq: Ramp = (0.0, 0.0)
    compression: Ramp = (0.0, 0.0)
    space: Ramp = (0.0, 0.0)
    master: Ramp = (0.0, 0.0)

    def __post_init__(self) -> None:
        for field in fields(self):
            begin, end = getattr(self, field.name)
            if begin > end:
                raise ValueError(f"the ramp of {field.name} must not end before it begins, got {begin} to {end}")

    def amounts(self, progress: float) -> Amounts:
        """After a share of training, 0 to 1."""
        return Amounts(*(_risen(progress, *getattr(self, field.name)) for field in fields(self)))


AT_ONCE = Curriculum()


def _risen(progress: float, begin: float, end: float) -> float:
    if progress >= end:
        return 1.0
    return 0.0 if progress <= begin else round((progress - begin) / (end - begin), 12)
