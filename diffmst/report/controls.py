"""The controls of a mix as the report prints them, read off the layout: one control more there is one more here."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from diffmst.effects import Effect
from diffmst.layout import Section
from diffmst.params import Param
from diffmst.report.words import label, setting

NOTICEABLE = 0.005
"""A control counts as moved when it is further than this share of its way from its default."""

_MOST_KNOBS = 3  # an effect with no more controls than this is drawn as knobs


@dataclass(frozen=True)
class Control:
    """One control where it stands.

    Attributes:
        param: its declaration.
        value: physical value.
        position: the same in [0, 1].
        default_position: of the untouched control.
    """

    param: Param
    value: float
    position: float
    default_position: float

    @property
    def travel(self) -> float:
        """How far it is from its default, as a share of its whole way."""
        return abs(self.position - self.default_position)

    @property
    def moved(self) -> bool:
        """Whether it is noticeably away from its default."""
        return self.travel > NOTICEABLE

    @property
    def label(self) -> str:
        """What it is called, without its band."""
        return label(self.param.keyword)

    @property
    def text(self) -> str:
        """Its value with unit."""
        return setting(self.param, self.value)

    @property
    def bare_text(self) -> str:
        """Its value without unit, for a table that prints the unit once."""
        return setting(self.param, self.value, unit=False)


@dataclass(frozen=True)
class Unit:
    """One effect of one strip with its controls."""

    effect: Effect
    controls: tuple[Control, ...]

    @property
    def title(self) -> str:
        """Of the effect."""
        return label(self.effect.name)

    @property
    def singles(self) -> tuple[Control, ...]:
        """The controls that belong to no band."""
        return tuple(control for control in self.controls if "." not in control.param.name)

    @cached_property
    def bands(self) -> dict[str, tuple[Control, ...]]:
        """The controls of each band, by its name."""
        bands: dict[str, tuple[Control, ...]] = {}
        for control in self.controls:
            band, dot, _ = control.param.name.rpartition(".")
            if dot:
                bands[band] = (*bands.get(band, ()), control)
        return bands

    @property
    def small(self) -> bool:
        """Whether it has so few controls that each is a knob."""
        return len(self.controls) <= _MOST_KNOBS


def read_units(section: Section, values: np.ndarray) -> list[tuple[Unit, ...]]:
    """The effects of every row of settings, [rows, controls], with their controls."""
    positions = section.to_unit(values).tolist()
    defaults = section.to_unit(section.defaults()).tolist()
    params = section.params.values()
    return [
        tuple(_grouped(section, map(Control, params, row, row_positions, defaults)))
        for row, row_positions in zip(values.tolist(), positions, strict=True)
    ]


def _grouped(section: Section, controls: Iterator[Control]) -> Iterator[Unit]:
    """One flat row of controls, effect by effect."""
    for effect in section.effects:
        yield Unit(effect, tuple(next(controls) for _ in effect.params))
