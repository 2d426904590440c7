"""Going down: Adam on settings, counted in the widths of a prior, until nothing more is gained or time is over."""

import math
import time
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from diffmst.layout import Layout, Settings
from diffmst.prior import BOUND, Prior
from diffmst.ties import Ties

Distance = Callable[[Tensor], Mapping[str, Tensor]]
"""From a mix [windows, 2, time] to the weighted terms of its distance to the reference."""

LEARNING_RATE = 0.12
_FINAL_LEARNING_RATE = 0.1  # of the first
_PATIENCE_STEPS = 12
_LEAST_GAIN = 0.005  # of the objective over the patience; less is converged


class Clock:
    """Counts work and seconds, and tells how far it is.

    Args:
        work: to be done, at most.
        seconds: at most.
        on_step: told the share of the work that each step was.
    """

    def __init__(self, work: float, seconds: float, on_step: Callable[[float], None] | None) -> None:
        self._work = work
        self._seconds = seconds
        self._on_step = on_step
        self._began = time.monotonic()
        self._done = self._told = 0.0

    @property
    def elapsed_s(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._began

    def progress(self, steps: int, work: float) -> Iterator[float]:
        """From 0 to 1 over so many steps of so much work each, unless time is over; the very first step is taken."""
        for step in range(steps):
            if self._done and self.elapsed_s >= self._seconds:
                return
            yield step / max(1, steps - 1)
            self._done += work
            self._tell(max(self._done / self._work, self.elapsed_s / self._seconds if self._seconds else 1.0))

    def finish(self) -> None:
        """All is done."""
        self._tell(1.0)

    def _tell(self, share: float) -> None:
        share = min(1.0, share)
        if self._on_step and share > self._told:
            self._on_step(share - self._told)
            self._told = share


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
        first_terms: of the distance, at the first step.
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
        self._adam = torch.optim.Adam(self._deviations, lr=LEARNING_RATE, betas=(0.9, 0.97))
        self.best: Settings = Settings(*(part.detach() for part in self._unit()))
        self.first_terms: dict[str, float] = {}
        self.best_terms: dict[str, float] = {}
        self.history: list[float] = []
        self.converged = False

    def run(self, mixed: Callable[[Settings], Tensor], distance: Distance, progress: Iterator[float]) -> None:
        """Goes down until it has converged or `progress` ends.

        Args:
            mixed: the windows mixed with physical settings.
            distance: of them to the reference.
            progress: of the steps, from 0 to 1.
        """
        for share in progress:
            unit = self._unit()
            self._advance(unit, distance(mixed(self._layout.from_unit(unit))), share)
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
        here = dict(zip(terms, numbers, strict=True))
        self.first_terms = self.first_terms or here
        if value < min(self.history, default=math.inf):
            self.best, self.best_terms = Settings(*(part.detach() for part in unit)), here
        self.history.append(value)
        self._adam.zero_grad()
        objective.backward()
        falling = _FINAL_LEARNING_RATE + (1 - _FINAL_LEARNING_RATE) * (1 + math.cos(math.pi * progress)) / 2
        self._adam.param_groups[0]["lr"] = LEARNING_RATE * falling
        self._adam.step()
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
