"""dasp-pytorch, composed as Diff-MST composes it.

It differs in that its compressor smooths with the attack time alone, in that a stereo signal's level is that of the sum
of its channels, and in its pan law.
"""

from __future__ import annotations

import math

from dasp_pytorch import functional
from torch import Tensor

from bench.contenders.composition import Controls

_BANDS = ("low_shelf", "band0", "band1", "band2", "band3", "high_shelf")
_BAND_CONTROLS = {"gain_db": "gain_db", "cutoff_freq": "freq_hz", "q_factor": "q"}
_TO_RISE_TIME = math.log(9)  # its times are from 10 to 90 %, ours to 63 %


def gain(x: Tensor, gain_db: Tensor) -> Tensor:
    """See `Effects.gain`."""
    return functional.gain(x, 0, gain_db)


def equalizer(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """Six biquads by sampling their frequency response."""
    bands: dict[str, Tensor] = {}
    for band, name in enumerate(_BANDS):
        bands |= {f"{name}_{its}": controls[ours][:, band] for its, ours in _BAND_CONTROLS.items()}
    return functional.parametric_eq(x, sample_rate, **bands)


def compressor(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """Its smoother takes no heed of the release time."""
    times_ms = {name: controls[name] * _TO_RISE_TIME for name in ("attack_ms", "release_ms")}
    return functional.compressor(x, sample_rate, **{**controls, **times_ms})


def panned_sum(x: Tensor, pan: Tensor) -> Tensor:
    """See `Effects.panned_sum`."""
    return functional.stereo_panner(x.transpose(0, 1), 0, (pan[None] + 1) / 2).sum(2)
