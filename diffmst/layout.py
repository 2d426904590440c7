"""The console's controls as vectors: which column is which control, derived from the declared effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple

import numpy as np

from diffmst import effects
from diffmst.arrays import Array, Kind, as_numpy, library
from diffmst.effects import Effect
from diffmst.params import Param, Range, Scale

if TYPE_CHECKING:
    from torch import Tensor

LayoutName = Literal["default", "paper"]


class Settings(NamedTuple, Generic[Kind]):
    """Every setting of a console, in physical units or, where a name says so, in the unit interval; of either library.

    Attributes:
        tracks: [batch, tracks, controls of a track].
        fx: [batch, controls of the FX bus].
        master: [batch, controls of the master bus].
    """

    tracks: Kind
    fx: Kind
    master: Kind

    def arrays(self) -> Settings[np.ndarray]:
        """The same settings in numpy, to render with."""
        return Settings(*map(as_numpy, self))

    def tensors(self) -> Settings[Tensor]:
        """The same settings as tensors, to differentiate by."""
        import torch

        return Settings(*map(torch.as_tensor, self))


@dataclass(frozen=True)
class Section:
    """A chain of effects (a track, the FX bus, the master) and the columns of its controls."""

    effects: tuple[Effect, ...]

    @cached_property
    def params(self) -> dict[str, Param]:
        """Every control by its dotted name, `eq.low_shelf.gain_db`, in column order."""
        return {f"{effect.name}.{param.name}": param for effect in self.effects for param in effect.params}

    def __len__(self) -> int:
        return len(self.params)

    def column(self, control: str) -> int:
        """Where the values of a control stand, by its dotted name."""
        return list(self.params).index(control)

    @cached_property
    def _columns(self) -> dict[str, dict[str, int | slice]]:
        """Per effect and keyword the column of the control, or the columns of its bands."""
        columns: dict[str, dict[str, int | list[int]]] = {effect.name: {} for effect in self.effects}
        for column, (name, param) in enumerate(self.params.items()):
            keywords = columns[name.partition(".")[0]]
            if "." not in param.name:
                keywords[param.keyword] = column
                continue
            bands = keywords.setdefault(param.keyword, [])
            assert isinstance(bands, list), f"{name} is declared both with and without bands"
            bands.append(column)
        return {
            effect: {keyword: at if isinstance(at, int) else _as_slice(at) for keyword, at in keywords.items()}
            for effect, keywords in columns.items()
        }

    def controls(self, values: Array, effect: str) -> dict[str, Array]:
        """The keyword arguments of one effect; empty when the section lacks it.

        Shape: values [..., controls]; returns [...] per control, [..., bands] per control with bands.
        """
        return {keyword: values[..., columns] for keyword, columns in self._columns.get(effect, {}).items()}

    def defaults(self) -> np.ndarray:
        """Physical values of untouched controls, [controls], float64."""
        return np.array([param.default for param in self.params.values()], np.float64)

    @cached_property
    def _ranges(self) -> list[tuple[list[int], Range]]:
        """The controls by scale: their columns, and their ranges."""
        columns: dict[Scale, list[int]] = {}
        for column, param in enumerate(self.params.values()):
            columns.setdefault(param.scale, []).append(column)
        lows, highs = np.array([(param.low, param.high) for param in self.params.values()], np.float64).T
        return [(found, Range(scale, lows[found], highs[found])) for scale, found in columns.items()]

    @cached_property
    def _order(self) -> list[int]:
        """Where each column is when they are sorted by scale."""
        by_scale = [column for columns, _ in self._ranges for column in columns]
        return sorted(range(len(by_scale)), key=by_scale.__getitem__)

    def from_unit(self, u: Array) -> Array:
        """Physical values of positions in [0, 1]; [..., controls] both."""
        parts = [range_.from_unit(u[..., columns]) for columns, range_ in self._ranges]
        return library(u).concat(parts, -1)[..., self._order]

    def to_unit(self, values: Array) -> Array:
        """Positions in [0, 1] of physical values; [..., controls] both."""
        parts = [range_.to_unit(values[..., columns]) for columns, range_ in self._ranges]
        return library(values).concat(parts, -1)[..., self._order]

    def vector(self, values: Mapping[str, float]) -> np.ndarray:
        """Settings by dotted name as a vector [controls], float64; what is left out is at its default."""
        if unknown := values.keys() - self.params.keys():
            raise ValueError(f"there is no control {min(unknown)!r}")
        column = [values.get(name, param.default) for name, param in self.params.items()]
        return np.array(column, np.float64)

    def moved(self, values: Tensor, control: str, change: Tensor | float) -> Tensor:
        """Physical values with one control changed by so much, in its unit, within its range.

        Shape: values [..., controls], change [...] or a number; returns the shape of values.
        """
        column, param = self.column(control), self.params[control]
        values = values.clone()
        values[..., column] = (values[..., column] + change).clamp(param.low, param.high)
        return values

    def named(self, values: Tensor | np.ndarray) -> dict[str, float]:
        """A vector [controls] as settings by dotted name."""
        return dict(zip(self.params, values.tolist(), strict=True))


def _as_slice(columns: list[int]) -> slice:
    """Equidistant columns as a slice, of which the gradient is much cheaper than that of a list."""
    step = columns[1] - columns[0]
    assert columns == list(range(columns[0], columns[-1] + 1, step)), "bands are declared in another order each"
    return slice(columns[0], columns[-1] + 1, step)


@dataclass(frozen=True)
class Layout:
    """The controls of a whole console.

    `default` is made for use: log scales for frequency, time, ratio and Q, bands that overlap, every effect neutral
    when untouched. `paper` holds the 27 / 25 / 26 controls of Diff-MST in its published linear ranges.
    """

    name: LayoutName
    track: Section
    fx: Section
    master: Section

    def sections(self) -> Iterator[tuple[str, Section]]:
        """The name and section of track, fx and master."""
        yield from (("track", self.track), ("fx", self.fx), ("master", self.master))

    def from_unit(self, unit: Settings[Array]) -> Settings[Array]:
        """Physical settings of positions in [0, 1]."""
        return Settings(*(s.from_unit(u) for (_, s), u in zip(self.sections(), unit, strict=True)))

    def to_unit(self, settings: Settings[Array]) -> Settings[Array]:
        """Positions in [0, 1] of physical settings."""
        return Settings(*(s.to_unit(v) for (_, s), v in zip(self.sections(), settings, strict=True)))

    def defaults(self, tracks: int) -> Settings[Tensor]:
        """Settings of an untouched console with this many tracks, tensors of float64, batch of one."""
        track, fx, master = (section.defaults()[None] for _, section in self.sections())
        return Settings(np.tile(track[:, None], (1, tracks, 1)), fx, master).tensors()


DEFAULT = Layout(
    "default", Section(effects.DEFAULT_TRACK), Section(effects.DEFAULT_FX), Section(effects.DEFAULT_MASTER)
)
PAPER = Layout("paper", Section(effects.PAPER_TRACK), Section(effects.PAPER_FX), Section(effects.PAPER_MASTER))
LAYOUTS: dict[LayoutName, Layout] = {layout.name: layout for layout in (DEFAULT, PAPER)}
