"""How a job tells how far it is, and hears that it is to end."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from diffmst.progress import Advance
from diffmst.web.jobs.foreseeing import Weights, likely_share
from diffmst.web.jobs.job import Happened, Phase

if TYPE_CHECKING:
    from diffmst.descent import Step

INTERVAL_S = 0.1
"""Between two messages of one sort, at least."""

_SOON_S, _SURE_S = 0.5, 5.0
_SURE_SHARE = 0.1
"""The time left is anyone's guess before `_SOON_S`, and before so much is done or `_SURE_S` have passed: work begins
slowly, as files are opened and threads started."""
_OTHER = 1.0  # the weight of a phase that was not foreseen, as when kernels are compiled


class CancelledError(Exception):
    """The job is to end, and nothing is to become of it."""


class Reporter:
    """The progress of one job: passes it on, ten times a second at most; and ends the job when it is cancelled.

    It is a `diffmst.progress.Progress`, and `observe` a `diffmst.descent.Observer`.

    Args:
        tell: takes what is told.
        weights: of the phases that are to be expected, in their order; each may be left out.
        usual_shares: of a phase, after which it is mostly over, where it need not be done to the end.
        stopping: set when matching is to end with the best so far.
        cancelled: set when the job is to end.
    """

    def __init__(
        self,
        tell: Callable[[Phase | Happened], None],
        weights: Weights,
        usual_shares: Weights,
        stopping: threading.Event,
        cancelled: threading.Event,
    ) -> None:
        self._tell, self._stopping, self._cancelled = tell, stopping, cancelled
        self._weights, self._usual_shares = dict(weights), usual_shares
        self._done = self._share = 0.0
        self._began = time.monotonic()
        self._told_at = self._stepped_at = -INTERVAL_S
        self._step: Happened | None = None
        self._lock = threading.Lock()

    @contextmanager
    def phase(self, description: str, total: float) -> Iterator[Advance]:
        """One phase of the job, at its end even where the work turned out to be less than expected."""
        weight = self._weight(description)
        done, share = 0.0, 0.0

        def advance(amount: float) -> None:
            nonlocal done, share
            self.check()
            with self._lock:
                done += amount
                share = min(1.0, done / total) if total > 0 else 1.0
                self._report(description, share, weight)

        self.check()
        with self._lock:
            self._report(description, 0.0, weight, now=True)
        yield advance
        with self._lock:
            self._flush_step()
            self._report(description, 1.0, weight)
            self._done += weight

    def _weight(self, description: str) -> float:
        """Of a phase that begins; those that should have come before it do not come any more."""
        if description not in self._weights:
            return _OTHER
        while (first := next(iter(self._weights))) != description:
            del self._weights[first]
        return self._weights.pop(description)

    def observe(self, step: Step) -> bool:
        """Tells of a step of matching; returns whether it is to be the last."""
        self.check()
        if not math.isfinite(step.best + sum(step.terms.values())):
            return self._stopping.is_set()  # the search is about to end, and JSON has no such numbers
        event = Happened(
            {
                "type": "distance",
                "stage": step.stage,
                "step": step.number,
                "total": step.steps,
                "best": step.best,
                "terms": dict(step.terms),
            }
        )
        with self._lock:
            other_stage = self._step and self._step.event["stage"] != step.stage
            if other_stage:
                self._flush_step()
            self._step = event
            if time.monotonic() - self._stepped_at >= INTERVAL_S:
                self._flush_step()
        return self._stopping.is_set()

    def event(self, event: dict[str, object]) -> None:
        """Tells the page something at once."""
        self._tell(Happened(event))

    def check(self) -> None:
        """Raises CancelledError when the job is to end.

        Again and again: Python drops an exception that comes up within a callback, and the work would go on.
        """
        if self._cancelled.is_set():
            raise CancelledError

    def _flush_step(self) -> None:
        if self._step:
            self._tell(self._step)
            self._step, self._stepped_at = None, time.monotonic()

    def _report(self, description: str, phase_share: float, weight: float, *, now: bool = False) -> None:
        at = time.monotonic()
        if now or at - self._told_at >= INTERVAL_S:
            likely = likely_share(phase_share, self._usual_shares.get(description, 1.0))
            share = (self._done + weight * likely) / (self._done + weight + sum(self._weights.values()))
            self._share = max(self._share, share)  # a phase that was not foreseen throws it back
            self._tell(Phase(description, phase_share, self._share, self._seconds_left(self._share, at)))
            self._told_at = at

    def _seconds_left(self, share: float, at: float) -> float | None:
        taken_s = at - self._began
        if taken_s < _SOON_S or share == 0 or (share < _SURE_SHARE and taken_s < _SURE_S):
            return None
        return round(taken_s / share - taken_s, 1)
