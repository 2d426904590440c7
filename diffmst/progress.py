"""How long work tells how far it is, whoever listens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Advance = Callable[[float], None]
"""Told by how much the work has gone on, in the unit of its total."""


LINE_AFTER_S = 10.0
"""Lines on one stretch of work do not follow one another faster."""


class Progress(Protocol):
    """Something that shows progress: the command line's bars, a web page, or nothing."""

    def phase(self, description: str, total: float) -> AbstractContextManager[Advance]:
        """Opens a stretch of work of a known size; what it yields is called as the work goes on."""
        ...


class Passes:
    """Tells how far work in several passes over the same audio is, when their number is not known beforehand.

    A pass takes a share of what is left. One that is surely not the last takes half of it: at its speed, the time left
    is then always that of one more.

    Args:
        frames: of the audio.
        advance: told shares of the whole work, 1 in all when the last pass has taken all that was left.
    """

    def __init__(self, frames: int, advance: Advance) -> None:
        self._frames, self._advance, self._left = frames, advance, 1.0

    def over(self, blocks: Iterable[NDArray[np.float32]], share: float) -> Iterator[NDArray[np.float32]]:
        """The same blocks [channels, frames]; to have gone through them is `share` of the work left."""
        share_of_all = self._left * share
        self._left -= share_of_all
        for block in blocks:
            yield block
            self._advance(share_of_all * block.shape[1] / self._frames)

    def finish(self) -> None:
        """There is no more work, whatever was left."""
        self._advance(self._left)
        self._left = 0.0


class Tenths:
    """Says how far work is, for log files: whenever another tenth of it is done, and not more often than every 10 s.

    Args:
        total: of the work.
        clock: seconds that go on steadily.
    """

    def __init__(self, total: float, clock: Callable[[], float] = monotonic) -> None:
        self._total, self._clock, self._done, self._said_tenths = total, clock, 0.0, 0
        self._begun_s = self._said_s = clock()

    def after(self, amount: float) -> str:
        """Percentage and time left once so much more is done; empty where that is not worth a line."""
        self._done += amount
        tenths, now_s = math.floor(10 * self._done / self._total) if self._total else 10, self._clock()
        if not self._said_tenths < tenths < 10 or now_s - self._said_s < LINE_AFTER_S:
            return ""
        self._said_tenths, self._said_s = tenths, now_s
        left_s = (now_s - self._begun_s) * (self._total / self._done - 1)
        return f"{100 * self._done / self._total:.0f} %, {timedelta(seconds=round(left_s))} left"


class Silent:
    """Shows nothing."""

    @contextmanager
    def phase(self, description: str, total: float) -> Iterator[Advance]:
        """A stretch of work that nobody watches."""
        yield lambda amount: None


SILENT = Silent()
