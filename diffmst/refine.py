"""Refinement: the settings of a console found by gradient, through the console itself, near a prior."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from diffmst.excerpts import Excerpts
from diffmst.layout import DEFAULT, Layout, Settings
from diffmst.prior import BOUND, Prior

Distance = Callable[[Tensor], Mapping[str, Tensor]]
"""From a mix [windows, 2, time] to the weighted terms of its distance to the reference."""

PRIOR_WEIGHT = 0.008
"""What moving one control by one width of its prior costs, on the scale of the distance."""

STEPS = 80
"""At most, unless told otherwise; most songs have converged after 50 to 60."""

LEARNING_RATE = 0.12
_FINAL_LEARNING_RATE = 0.1  # of the first
_PATIENCE_STEPS = 12
_LEAST_GAIN = 0.002  # of the objective over the patience; less is converged


@dataclass(frozen=True)
class Refined:
    """What refinement found.

    Attributes:
        settings: physical, batch of one, float64.
        before: the terms of the distance at the start.
        after: the same at the end.
        history: the objective at every step.
        converged: whether it stopped by itself.
        seconds: it took.
    """

    settings: Settings
    before: dict[str, float]
    after: dict[str, float]
    history: tuple[float, ...]
    converged: bool
    seconds: float


def refine(
    excerpts: Excerpts,
    distance: Distance,
    prior: Prior,
    *,
    layout: Layout = DEFAULT,
    steps: int = STEPS,
    seconds: float = math.inf,
    on_step: Callable[[float], None] | None = None,
) -> Refined:
    """The settings that bring the mix of `excerpts` near the reference without leaving what is sane.

    Minimises the distance plus `PRIOR_WEIGHT` / 2 times the squared deviation from the prior, in its widths, by Adam;
    so controls of which the prior is unsure move fast, and those of width 0 not at all. Returns the best step.

    Args:
        excerpts: what to mix.
        distance: to the reference.
        prior: where to start and how far to go.
        layout: the console's controls.
        steps: at most; the learning rate falls over them.
        seconds: at most.
        on_step: told the share of the work that each step was.
    """
    if steps == 0:
        return _unmoved(excerpts, distance, prior, layout)
    began = time.monotonic()
    search = _Search(prior, layout)
    history: list[float] = []
    before: dict[str, float] = {}
    share_told = 0.0
    converged = False
    for step in range(steps):
        terms = distance(excerpts.mixed(search.settings(), layout))
        history.append(search.advance(terms, step / max(1, steps - 1)))
        before = before or _numbers(terms)
        elapsed = time.monotonic() - began
        share = min(1.0, max((step + 1) / steps, elapsed / seconds if seconds else 1.0))
        if on_step:
            on_step(share - share_told)
        share_told = share
        converged = _has_converged(history)
        if converged or elapsed > seconds or not math.isfinite(history[-1]):
            break
    if on_step:
        on_step(1.0 - share_told)
    return Refined(
        search.best, before, search.best_terms or before, tuple(history), converged, time.monotonic() - began
    )


def _unmoved(excerpts: Excerpts, distance: Distance, prior: Prior, layout: Layout) -> Refined:
    settings = layout.from_unit(prior.start)
    with torch.no_grad():
        terms = _numbers(distance(excerpts.mixed(settings, layout)))
    return Refined(settings, terms, terms, (), converged=False, seconds=0.0)


class _Search:
    """Adam on the deviations from the prior, counted in its widths."""

    def __init__(self, prior: Prior, layout: Layout) -> None:
        self._prior = prior
        self._layout = layout
        self._deviations = [
            torch.where(width > 0, (start - mean) / width.clamp_min(1e-12), 0.0).requires_grad_()
            for mean, width, start in zip(prior.mean, prior.width, prior.start, strict=True)
        ]
        self._adam = torch.optim.Adam(self._deviations, lr=LEARNING_RATE, betas=(0.9, 0.97))
        self.best_objective = math.inf
        self.best: Settings = self.settings()
        self.best_terms: dict[str, float] = {}

    def settings(self) -> Settings:
        """Physical settings here."""
        unit = (
            mean + width * deviation
            for mean, width, deviation in zip(self._prior.mean, self._prior.width, self._deviations, strict=True)
        )
        return self._layout.from_unit(Settings(*unit))

    def advance(self, terms: Mapping[str, Tensor], progress: float) -> float:
        """One step down from here, where the distance has these terms; returns the objective here."""
        deviation = sum((part.square().sum() for part in self._deviations), torch.zeros(()))
        objective = sum(terms.values(), torch.zeros(())) + PRIOR_WEIGHT / 2 * deviation
        value, *numbers = torch.stack([objective, *terms.values()]).tolist()  # at once: each waits for its device
        if value < self.best_objective:
            self.best_objective, self.best_terms = value, dict(zip(terms, numbers, strict=True))
            self.best = Settings(*(part.detach() for part in self.settings()))
        self._adam.zero_grad()
        objective.backward()
        falling = _FINAL_LEARNING_RATE + (1 - _FINAL_LEARNING_RATE) * (1 + math.cos(math.pi * progress)) / 2
        self._adam.param_groups[0]["lr"] = LEARNING_RATE * falling
        self._adam.step()
        self._stay_inside()
        return value

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


def _numbers(terms: Mapping[str, Tensor]) -> dict[str, float]:
    return {name: float(term.detach()) for name, term in terms.items()}
