"""diffmst, as its users call it."""

from __future__ import annotations

from torch import Tensor

from bench.contenders.composition import Controls
from diffmst import console
from diffmst.dsp import dynamics, filters
from diffmst.layout import Settings


def equalizer(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """See `Effects.equalizer`."""
    return filters.equalizer(x, sample_rate, **controls)


def compressor(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """See `Effects.compressor`."""
    return dynamics.compressor(x, sample_rate, **controls)


def mix(x: Tensor, sample_rate: int, settings: Settings) -> Tensor:
    """The mix [1, 2, time] of mono tracks [1, tracks, time]."""
    return console.mix(x, sample_rate, settings, (1,) * x.shape[1], fx=False)
