"""diffmst, as its users call it."""

from __future__ import annotations

from torch import Tensor

from diffmst import console
from diffmst.dsp.dynamics import compressor
from diffmst.dsp.filters import equalizer
from diffmst.layout import Settings

__all__ = ["compressor", "equalizer", "mix"]


def mix(x: Tensor, sample_rate: int, settings: Settings) -> Tensor:
    """The mix [1, 2, time] of mono tracks [1, tracks, time]."""
    return console.mix(x, sample_rate, settings, (1,) * x.shape[1], fx=False)
