"""Going down: Adam on settings, counted in the widths of a prior, until nothing more is gained or time is over."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from diffmst.adam import Adam
from diffmst.layout import Layout, Settings
from diffmst.prior import BOUND, Prior
from diffmst.ties import Ties

Distance = Callable[[Tensor], Mapping[str, Tensor]]
"""From a mix [windows, 2, time] to the weighted terms of its distance to the reference."""

LEARNING_RATE = 0.12
_FINAL_SHARE = 0.1  # of the learning rate, at the last step
_PATIENCE_STEPS = 12
_LEAST_GAIN = 0.005  # of the objective over the patience; less is converged


Stage = Literal["master", "tracks"]
"""What moves: the master alone, or everything."""


class Step(NamedTuple):
    """Where a descent stands after a step.

    Attributes:
        stage: what moves.
        number: of the step in its stage, from 1.
        steps: of the stage, at most.
        share: of all the work that is done, 0 to 1.
        terms: of the distance where the step began, and of what counts besides.
        best: the least sum of such terms at any step of the stage so far.
    """

    stage: Stage
    number: int
    steps: int
    share: float
    terms: Mapping[str, float]
    best: float


Observer = Callable[[Step], bool | None]
"""Told of every step; what it answers true to is the last, and the best so far is kept."""


class Clock:
    """Counts work and seconds, tells how far it is, and says when to stop.

    Args:
        work: to be done, at most.
        seconds: at most.
        observer: told of every step, and may end them.

    Attributes:
        stopped: whether the observer has ended it.
    """

    def __init__(self, work: float, seconds: float, observer: Observer | None) -> None:
        self._work = work
        self._seconds = seconds
        self._observer = observer
        self._began = time.monotonic()
        self._done = 0.0
        self.stopped = False

    @property
    def elapsed_s(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._began

    @property
    def over(self) -> bool:
        """Whether no more steps are to be taken; the very first is."""
        return bool(self._done) and (self.stopped or self.elapsed_s >= self._seconds)

    def count(self, work: float) -> float:
        """Counts a step of so much work; returns the share of all the work that is done."""
        self._done += work
        of_time = self.elapsed_s / self._seconds if self._seconds else 1.0
        return min(1.0, max(self._done / self._work, of_time))

    def tell(self, step: Step) -> None:
        """Tells the observer of a step."""
        if self._observer:
            self.stopped = bool(self._observer(step)) or self.stopped


class Pace:
    """The steps of one stage of the work: iterated over, from 0 to 1, as long as the clock goes.

    Args:
        clock: that counts them.
        stage: what moves.
        steps: at most.
        work: of each.
    """

    def __init__(self, clock: Clock, stage: Stage, steps: int, work: float) -> None:
        self._clock, self._stage, self._steps, self._work = clock, stage, steps, work
        self._taken = 0

    def __iter__(self) -> Iterator[float]:
        for step in range(self._steps):
            if self._clock.over:
                return
            yield step / max(1, self._steps - 1)

    def took(self, search: "Search") -> None:
        """A search took a step."""
        self._taken += 1
        share = self._clock.count(self._work)
        best = sum(search.best_terms.values())
        self._clock.tell(Step(self._stage, self._taken, self._steps, share, search.terms, best))


class Search:
    """Adam on the deviations from a prior, counted in its widths.

    Args:
        prior: where it starts and how far it goes.
        layout: the console's controls.
        costs: of every control: a deviation of so many widths of the prior costs half of this times its square, on
            the scale of the distance.
        ties: controls that are one.

    Attributes:
        best: positions of the best step, to begin with the start.
        terms: of the distance, at the last step.
        first_terms: at the first step.
        best_terms: at the best step.
        history: the objective at every step.
        converged: whether it stopped by itself.
    """

    def __init__(self, prior: Prior, layout: Layout, costs: Settings, ties: Ties | None = None) -> None:
        self._prior = prior
        self._ties = ties
        self._layout = layout
        self._costs = costs
        self._deviations = [
            torch.where(width > 0, (start - mean) / width.clamp_min(1e-12), 0.0).requires_grad_()
            for mean, width, start in zip(prior.mean, prior.width, prior.start, strict=True)
        ]
        self._adam = Adam(self._deviations, LEARNING_RATE, _FINAL_SHARE)
        self.best: Settings = Settings(*(part.detach() for part in self._unit()))
        self.terms: dict[str, float] = {}
        self.first_terms: dict[str, float] = {}
        self.best_terms: dict[str, float] = {}
        self.history: list[float] = []
        self.converged = False

    def run(
        self,
        terms: Callable[[Settings], Mapping[str, Tensor]],
        progress: Iterable[float],
        told: Callable[["Search"], None] | None = None,
    ) -> None:
        """Goes down until it has converged or `progress` ends.

        Args:
            terms: of the distance, of what physical settings make of the song.
            progress: of the steps, from 0 to 1.
            told: called after every step.
        """
        for share in progress:
            unit = self._unit()
            self._advance(unit, terms(self._layout.from_unit(unit)), share)
            if told:
                told(self)
            self.converged = _has_converged(self.history)
            if self.converged or not math.isfinite(self.history[-1]):
                break

    def _unit(self) -> Settings:
        """Positions here."""
        parts = zip(self._prior.mean, self._prior.width, self._deviations, strict=True)
        unit = Settings(*(mean + width * deviation for mean, width, deviation in parts))
        return self._ties.share(unit) if self._ties else unit

    def _advance(self, unit: Settings, terms: Mapping[str, Tensor], progress: float) -> None:
        """One step down from here, where the distance has these terms."""
        costs = ((cost / 2 * part.square()).sum() for cost, part in zip(self._costs, self._deviations, strict=True))
        objective = sum(terms.values(), torch.zeros(())) + sum(costs, torch.zeros(()))
        value, *numbers = torch.stack([objective, *terms.values()]).tolist()  # at once: each waits for its device
        self.terms = here = dict(zip(terms, numbers, strict=True))
        self.first_terms = self.first_terms or here
        if value < min(self.history, default=math.inf):
            self.best, self.best_terms = Settings(*(part.detach() for part in unit)), here
        self.history.append(value)
        self._adam.step(objective, progress)
        self._stay_inside()

    @torch.no_grad()
    def _stay_inside(self) -> None:
        """Back into the prior's bounds and the controls' ranges."""
        for mean, width, deviation in zip(self._prior.mean, self._prior.width, self._deviations, strict=True):
            width = width.clamp_min(1e-12)
            deviation.clamp_(-BOUND, BOUND)
            deviation.copy_(torch.minimum(torch.maximum(deviation, -mean / width), (1 - mean) / width))


def _has_converged(history: list[float]) -> bool:
    if len(history) <= 2 * _PATIENCE_STEPS:
        return False
    now, then = min(history[-_PATIENCE_STEPS:]), min(history[:-_PATIENCE_STEPS])
    return now > (1 - _LEAST_GAIN) * then
