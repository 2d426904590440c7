"""One control of an effect: its name, unit and range, and the map between the unit interval and physical values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from diffmst.arrays import Array, detached, library, like

Scale = Literal["linear", "log", "amplitude", "rate"]


def _log(x: Array) -> Array:
    return library(x).log(x)


def _exp(x: Array) -> Array:
    return library(x).exp(x)


class _Warp(NamedTuple):
    """A control of this scale moves evenly in `forward(value)`; `inverse` undoes it."""

    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]


_NEPER_PER_DB = math.log(10) / 20
_WARPS: dict[Scale, _Warp] = {
    "linear": _Warp(lambda value: value, lambda warped: warped),
    "log": _Warp(_log, _exp),
    "amplitude": _Warp(lambda db: _exp(_NEPER_PER_DB * db), lambda factor: _log(factor) / _NEPER_PER_DB),
    "rate": _Warp(lambda value: 1 / value, lambda warped: 1 / warped),
}
_POSITIVE_SCALES: tuple[Scale, ...] = ("log", "rate")


class Range(NamedTuple):
    """The ranges of one or several controls of one scale, and the map from [0, 1] onto them.

    Attributes:
        scale: see `Param`.
        low: value at 0, [] or [controls].
        high: value at 1, likewise.
    """

    scale: Scale
    low: np.ndarray
    high: np.ndarray

    def from_unit(self, u: Array) -> Array:
        """Physical values at positions in [0, 1], [..., controls]; finite gradient on the closed interval."""
        low, high = like(self.low, u), like(self.high, u)
        warp = _WARPS[self.scale]
        start, end = warp.forward(low), warp.forward(high)
        value: Array = warp.inverse(start + (end - start) * u)
        # Rounding may leave the range by a hair; a plain clip would take the gradient along.
        return value + detached(library(u).clip(value, low, high) - value)

    def to_unit(self, value: Array) -> Array:
        """Positions in [0, 1] of physical values; the inverse of `from_unit`."""
        forward = _WARPS[self.scale].forward
        start, end = forward(like(self.low, value)), forward(like(self.high, value))
        return (forward(value) - start) / (end - start)


@dataclass(frozen=True)
class Param:
    """One control of an effect: its physical range, and the map from [0, 1] onto it.

    Attributes:
        name: keyword of the DSP function; with a dot, `low_shelf.gain_db`, one band of that keyword.
        low: value at 0.
        high: value at 1.
        default: value of an untouched control.
        unit: as printed behind a value: dB, Hz, ms, s, or nothing for a ratio.
        scale: what the control moves evenly in: the value (linear), its logarithm (log), the amplitude that the
            value in dB stands for (amplitude), or its reciprocal (rate, for times).
        about: what turning it does, in a few words.

    Raises:
        ValueError: an empty range, a default outside it, or a log or rate range that touches zero.
    """

    name: str
    low: float
    high: float
    default: float
    unit: str = ""
    scale: Scale = "linear"
    about: str = ""

    def __post_init__(self) -> None:
        if self.scale not in get_args(Scale):
            raise ValueError(f"scale of {self.name} must be one of {get_args(Scale)}, got {self.scale!r}")
        if not self.low < self.high:
            raise ValueError(f"range of {self.name} must have low < high, got {self.low} .. {self.high}")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"default of {self.name} must lie in {self.low} .. {self.high}, got {self.default}")
        if self.scale in _POSITIVE_SCALES and self.low <= 0:
            raise ValueError(f"{self.scale} range of {self.name} must be above 0, got {self.low} .. {self.high}")

    @property
    def keyword(self) -> str:
        """The keyword argument of the DSP function that this control, or band of a control, feeds."""
        return self.name.rpartition(".")[2]

    @property
    def range(self) -> Range:
        """Scale, low and high."""
        return Range(self.scale, np.asarray(self.low, np.float64), np.asarray(self.high, np.float64))

    def from_unit(self, u: Array) -> Array:
        """Physical value at position `u` in [0, 1]; any shape; finite gradient on the closed interval.

        >>> import torch
        >>> Param("freq_hz", 20, 20_000, 1000, "Hz", "log").from_unit(torch.tensor([0.0, 1 / 3])).round()
        tensor([ 20., 200.])
        """
        return self.range.from_unit(u)

    def to_unit(self, value: Array) -> Array:
        """Position in [0, 1] of a physical value; the inverse of `from_unit`.

        >>> import torch
        >>> Param("ratio", 1, 16, 1, scale="log").to_unit(torch.tensor([1.0, 4.0, 16.0]))
        tensor([0.0000, 0.5000, 1.0000])
        """
        return self.range.to_unit(value)
