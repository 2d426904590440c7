"""What a model file says of itself: architecture, configuration, controls and training, as versioned JSON."""

import math
import platform
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from diffmst import __version__
from diffmst.errors import UserError
from diffmst.layout import Layout
from diffmst.params import Scale

VERSION: Final = 2
"""Of a model file. Raise it with any change that an older reader would misread, and add the step to `migrations`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _if_finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


Figure = Annotated[float | None, Field(allow_inf_nan=True), AfterValidator(_if_finite)]
"""Null where it could not be measured, or is no number."""


def _software() -> dict[str, str]:
    return {"diffmst": __version__, "torch": torch.__version__, "python": platform.python_version()}


class DataSource(_Part):
    """Songs of one origin that were trained on."""

    name: str
    licence: str = Field(description="Of the songs, by its SPDX name where it has one.")
    songs: int = Field(ge=0)
    hours: float | None = Field(default=None, ge=0, description="Of songs, not of tracks.")
    url: str = ""
    citation: str = Field(default="", description="As its authors ask for.")


class TrainingRecord(_Part):
    """How the weights came about, and what they may be used for."""

    licence: str = Field(description="Of the weights, by its SPDX name where it has one.")
    data: tuple[DataSource, ...] = ()
    methods: dict[str, float] = Field(default_factory=dict, description="Share of the examples of each method.")
    steps: int = Field(default=0, ge=0, description="Of the optimiser.")
    examples: int = Field(default=0, ge=0, description="Heard in all of them.")
    seconds: float = Field(default=0.0, ge=0, description="That it took.")
    hardware: str = Field(default="", description="That it took them on.")
    command: str = Field(default="", description="That does it again.")
    figures: dict[str, Figure] = Field(default_factory=dict, description="By name and unit, on unseen songs.")
    weaknesses: tuple[str, ...] = Field(default=(), description="Where it fails, a sentence each.")
    software: dict[str, str] = Field(default_factory=_software, description="Versions, by name.")


class Control(_Part):
    """One column of a section, as it was when the weights learnt it."""

    name: str
    low: float
    high: float
    scale: Scale

    def __str__(self) -> str:
        return f"{self.name} ({self.low:g} .. {self.high:g}, {self.scale})"


class ModelRecord(_Part):
    """All that a model file holds beside the weights."""

    format: Literal["diffmst.model"] = "diffmst.model"
    version: Literal[2] = Field(default=VERSION, description="Of this record.")
    architecture: str
    config: dict[str, Any] = Field(description="Of the architecture.")
    inputs: dict[str, tuple[str, ...]] = Field(description="What stands in the columns of its inputs.")
    controls: dict[str, tuple[Control, ...]] = Field(description="Of every section of the console, in column order.")
    weights: int = Field(ge=0, description="How many were learnt.")
    training: TrainingRecord

    def check(self, inputs: Mapping[str, tuple[str, ...]], layout: Layout, source: str) -> None:
        """Makes sure that the weights fit today's inputs and console: a position means nothing on another range.

        Raises:
            UserError: they do not.
        """
        try:
            for name, columns in inputs.items():
                _check_columns(name, self.inputs.get(name, ()), columns)
            for name, controls in controls_of(layout).items():
                _check_columns(f"{name} controls", self.controls.get(name, ()), controls)
        except ValueError as error:
            used = self.training.software.get("diffmst", "that it was learnt with")
            raise UserError(f"{source}: {error}; use diffmst {used}") from None


def _check_columns(name: str, then: Sequence[object], now: Sequence[object]) -> None:
    """Raises ValueError unless both are the same, with the first that differs."""
    for column, (one, other) in enumerate(zip(then, now, strict=False)):
        if one != other:
            raise ValueError(f"number {column + 1} of the {name} it has learnt is {one}, today it is {other}")
    if len(then) != len(now):
        raise ValueError(f"it has learnt {len(then)} {name}, today there are {len(now)}")


def controls_of(layout: Layout) -> dict[str, tuple[Control, ...]]:
    """The controls of every section, in column order."""
    return {
        section_name: tuple(
            Control(name=name, low=_rounded(param.low), high=_rounded(param.high), scale=param.scale)
            for name, param in section.params.items()
        )
        for section_name, section in layout.sections()
    }


def _rounded(value: float) -> float:
    """To 9 digits: the last ones of a range that is computed differ between machines."""
    return float(f"{value:.9g}")
