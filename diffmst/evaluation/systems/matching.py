"""Systems that do what `diffmst mix` does, or a part of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from diffmst.descent import Distance
from diffmst.distance import BARK_TIMES, DISTANCE_WEIGHTS
from diffmst.evaluation.systems.console_system import ConsoleSystem, listen_to
from diffmst.evaluation.systems.identity import content_of
from diffmst.layout import LAYOUTS, LayoutName, Settings
from diffmst.listening import Heard
from diffmst.match import Options, output_of
from diffmst.mix_parts import RenderSettings
from diffmst.models.checkpoint import load_model
from diffmst.models.prediction import MixModel
from diffmst.predict import predicted_prior
from diffmst.prior import Prior
from diffmst.refine import STEPS
from diffmst.shared_distance import distance_to
from diffmst.solving import solve
from diffmst.task import Task

_AUDIO_FEATURES = {name: 1.0 for name in DISTANCE_WEIGHTS if name.startswith("af.")}
_STYLE = {name: 1.0 for name in DISTANCE_WEIGHTS if name not in _AUDIO_FEATURES}
_PUBLISHED = _AUDIO_FEATURES | {"af.bark_spectrum": 1 / BARK_TIMES}

LOSSES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {"style+audio-features": _STYLE | _AUDIO_FEATURES, "style": _STYLE, "audio-features": _PUBLISHED}
)
"""What refinement may descend on, as factors of the usual weights of its terms: what `diffmst mix` does, and its parts.

The audio features are those of the published loss, at the loudness of the reference.
"""


def _factors(loss: object) -> object:
    """The factors of a loss by its name; those that are given already, if there are such terms."""
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(f"should be one of {', '.join(LOSSES)}, or factors by term")
        return LOSSES[loss]
    if isinstance(loss, Mapping):
        if unknown := [name for name in loss if name not in DISTANCE_WEIGHTS]:
            raise ValueError(f"there is no term {unknown[0]!r}; known are {', '.join(DISTANCE_WEIGHTS)}")
        if not any(loss.values()):
            raise ValueError("leaves no term")
    return loss


def _usual() -> dict[str, float]:
    return dict(LOSSES["style+audio-features"])


Factors = Annotated[dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]], BeforeValidator(_factors)]
"""Of the usual weights, by term; a term that is not named is left out."""

Steps = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Refine(ConsoleSystem):
    """By gradient towards the reference, near what is sane: `diffmst mix`.

    Attributes:
        layout: the console's controls.
        names: whether the names of stems tell their roles.
        steps: of refinement, at most.
        seconds: of refinement, at most.
        loss: what it descends on, as factors of the usual weights by term; see `LOSSES`.
    """

    kind: ClassVar[str] = "refine"
    listens: ClassVar[bool] = True
    layout: LayoutName = "default"
    names: bool = True
    steps: Steps = STEPS
    seconds: Seconds = math.inf
    loss: Factors = field(default_factory=_usual)

    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """See `ConsoleSystem`."""
        _, task = listen_to(heard, LAYOUTS[self.layout], names=self.names)
        distance = distance_of(task, self.loss)
        found = solve(task, distance=distance, output=_output(heard), steps=self.steps, seconds=self.seconds)
        return task, found.settings


@dataclass(frozen=True)
class Model(ConsoleSystem):
    """What a model predicts: `diffmst mix --model --no-refine`.

    Attributes:
        model: its file.
        names: whether the names of stems tell their roles.
    """

    kind: ClassVar[str] = "model"
    listens: ClassVar[bool] = True
    model: Path
    names: bool = True

    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """See `ConsoleSystem`."""
        task, prior = _predicted(self.model, heard, names=self.names)
        return task, solve(task, prior, output=_output(heard), steps=0).settings

    def warm_up(self) -> None:
        """See `ConsoleSystem`."""
        super().warm_up()
        network(self.model)


@dataclass(frozen=True)
class ModelRefine(ConsoleSystem):
    """What a model predicts, refined towards the reference: `diffmst mix --model`.

    Attributes:
        model: its file.
        names: whether the names of stems tell their roles.
        steps: of refinement, at most.
        seconds: of refinement, at most.
        loss: what it descends on, as factors of the usual weights by term; see `LOSSES`.
    """

    kind: ClassVar[str] = "model+refine"
    listens: ClassVar[bool] = True
    model: Path
    names: bool = True
    steps: Steps = STEPS
    seconds: Seconds = math.inf
    loss: Factors = field(default_factory=_usual)

    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """See `ConsoleSystem`."""
        task, prior = _predicted(self.model, heard, names=self.names)
        distance = distance_of(task, self.loss)
        found = solve(task, prior, distance=distance, output=_output(heard), steps=self.steps, seconds=self.seconds)
        return task, found.settings

    def warm_up(self) -> None:
        """See `ConsoleSystem`."""
        super().warm_up()
        network(self.model)


def _output(heard: Heard) -> RenderSettings:
    """As `rendered` writes the mix, but for the sample format."""
    return output_of(heard, Options())


def distance_of(task: Task, loss: Mapping[str, float]) -> Distance:
    """What refinement descends on for a task, by factors of the usual weights."""
    weights = {name: factor * DISTANCE_WEIGHTS[name] for name, factor in loss.items()}
    return distance_to(task.references, task.excerpts.sample_rate, weights)


def network(path: Path) -> MixModel:
    """The model in a file, read again only after it has changed.

    Raises:
        UserError: it cannot be used; see `checkpoint.load_model`.
    """
    return _network(path, content_of(path))


@lru_cache(maxsize=2)
def _network(path: Path, _content: str) -> MixModel:
    return load_model(path)


def _predicted(model: Path, heard: Heard, *, names: bool) -> tuple[Task, Prior]:
    """What there is to solve, and what a model believes of it."""
    heard, task = listen_to(heard, network(model).layout, names=names)
    return task, task.ties.share_prior(predicted_prior(network(model), heard, task))
