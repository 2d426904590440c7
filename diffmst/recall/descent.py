"""The settings of a mix by descent through the very console, from its levels and pans to every control."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.adam import Adam
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Section, Settings
from diffmst.params import Param

LEARNING_RATE = 0.15
_FINAL_SHARE = 0.05  # of the learning rate, at the last step
_PRIOR_WEIGHT = 3e-4  # of a control that is one reach from where it began: enough for what cannot be heard to stay
_PATIENCE_STEPS = 25
_LEAST_GAIN = 2e-3

Distance = Callable[[Tensor], dict[str, Tensor]]


class _Reach(NamedTuple):
    """How far a control moves in a few steps, as a difference or as a factor."""

    pattern: str
    plus: float = 0.0
    factor: float = 1.0


_LEVELS = (_Reach("fader.gain_db", plus=2.0), _Reach("panner.pan", plus=0.2))
_TONE = (
    _Reach("eq.*.gain_db", plus=2.0),
    _Reach("eq.*.freq_hz", factor=1.3),
    _Reach("eq.*.q", factor=1.3),
)
_DYNAMICS = (
    _Reach("compressor.threshold_db", plus=4.0),
    _Reach("compressor.ratio", factor=1.4),
    _Reach("compressor.attack_ms", factor=1.5),
    _Reach("compressor.release_ms", factor=1.5),
    _Reach("compressor.knee_db", plus=2.0),
)
_SPACE = (
    _Reach("send.gain_db", plus=4.0),
    _Reach("reverb.*.gain_db", plus=2.0),
    _Reach("reverb.*.rt60_s", factor=1.25),
)


@dataclass(frozen=True)
class Stage:
    """A part of the descent.

    Attributes:
        name: for the user.
        reaches: of the controls that move; all others stay.
        steps: at most.
    """

    name: str
    reaches: tuple[_Reach, ...]
    steps: int

    def shortened(self, share: float) -> "Stage":
        """The same with a share of the steps."""
        return replace(self, steps=math.ceil(share * self.steps))


STAGES = (
    Stage("levels and tone", (*_LEVELS, *_TONE), 60),
    Stage("dynamics and space", (*_LEVELS, *_TONE, *_DYNAMICS, *_SPACE), 140),
)
"""One after the other: a compressor that is sought before the levels are right is sought in vain."""


@dataclass(frozen=True)
class Descended:
    """What was found.

    Attributes:
        settings: physical, batch of one, float64.
        history: the distance at every step.
        out_of_time: whether the time ended it before it was done.
    """

    settings: Settings
    history: tuple[float, ...]
    out_of_time: bool = False


def descend(
    excerpts: Excerpts,
    distance: Distance,
    start: Settings,
    layout: Layout,
    *,
    stages: Sequence[Stage] = STAGES,
    seconds: float = math.inf,
    on_step: Callable[[float], None] | None = None,
) -> Descended:
    """The settings whose mix of the excerpts comes nearest, by Adam, stage by stage; the best step counts.

    Args:
        excerpts: of the stems.
        distance: of a mix of them from the wanted one.
        start: physical settings, batch of one.
        layout: the console's controls.
        stages: in order.
        seconds: at most.
        on_step: told the share of the work that each step was.
    """
    ends = time.monotonic() + seconds
    share = 1 / max(1, sum(stage.steps for stage in stages))
    advance = on_step or (lambda share: None)
    history: list[float] = []
    unit, late = layout.to_unit(start), False
    for stage in stages:
        search = _Search(unit, stage, layout)
        for step in range(stage.steps):
            if late := time.monotonic() >= ends:
                break
            history.append(search.advance(excerpts, distance, step / max(1, stage.steps - 1)))
            advance(share)
            if search.converged():
                advance(share * (stage.steps - step - 1))
                break
        unit = search.best
        if late:
            break
    return Descended(layout.from_unit(unit), tuple(history), late)


class _Search:
    """Adam on the distances from the start of a stage, counted in reaches."""

    def __init__(self, start: Settings, stage: Stage, layout: Layout) -> None:
        self._layout, self._start = layout, start
        sections = [section for _, section in layout.sections()]
        self._reach = Settings(
            *(_reaches(section, part, stage.reaches) for section, part in zip(sections, start, strict=True))
        )
        self._moved = [torch.zeros_like(part, requires_grad=True) for part in start]
        self._adam = Adam(self._moved, LEARNING_RATE, _FINAL_SHARE)
        self._history: list[float] = []
        self.best = start

    def advance(self, excerpts: Excerpts, distance: Distance, progress: float) -> float:
        """One step down; returns the objective before it."""
        unit = self._unit()
        terms = distance(excerpts.mixed(self._layout.from_unit(unit), self._layout))
        objective = torch.stack([term.double() for term in terms.values()]).sum()
        held = sum(moved.square().sum() for moved in self._moved)
        value = float(objective.detach())
        if value < min(self._history, default=math.inf):
            self.best = Settings(*(part.detach() for part in unit))
        self._history.append(value)
        self._adam.step(objective + _PRIOR_WEIGHT / 2 * held, progress)
        self._stay_inside()
        return value

    def converged(self) -> bool:
        """Whether nothing much has been gained lately."""
        if len(self._history) <= 2 * _PATIENCE_STEPS:
            return False
        return min(self._history[:-_PATIENCE_STEPS]) - min(self._history) < _LEAST_GAIN

    def _unit(self) -> Settings:
        parts = zip(self._start, self._reach, self._moved, strict=True)
        return Settings(*(start + reach * moved for start, reach, moved in parts))

    @torch.no_grad()
    def _stay_inside(self) -> None:
        for start, reach, moved in zip(self._start, self._reach, self._moved, strict=True):
            width = reach.clamp_min(1e-12)
            moved.copy_(torch.minimum(torch.maximum(moved, -start / width), (1 - start) / width))


def _reaches(section: Section, unit: Tensor, reaches: Sequence[_Reach]) -> Tensor:
    """Unit widths [..., controls], from where each control is."""
    values, widths = section.from_unit(unit), torch.zeros_like(unit)
    for column, (name, param) in enumerate(section.params.items()):
        reach = next((reach for reach in reaches if fnmatch(name, reach.pattern)), None)
        if reach is not None:
            widths[..., column] = _unit_width(param, values[..., column], reach)
    return widths


def _unit_width(param: Param, values: Tensor, reach: _Reach) -> Tensor:
    """As distances in the unit interval, measured into the longer side of the range."""
    up = param.to_unit(values) < 0.5
    moved = torch.where(up, (values + reach.plus) * reach.factor, (values - reach.plus) / reach.factor)
    return (param.to_unit(moved.clamp(param.low, param.high)) - param.to_unit(values)).abs()
