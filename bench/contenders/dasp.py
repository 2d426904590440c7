"""dasp-pytorch, composed as Diff-MST composes it.

It differs in that its compressor smooths with the attack time alone, in that a stereo signal's level is that of the sum
of its channels, and in its pan law.
"""

from __future__ import annotations

import math

from dasp_pytorch import functional
from torch import Tensor

_BANDS = ("low_shelf", "band0", "band1", "band2", "band3", "high_shelf")
_TO_RISE_TIME = math.log(9)  # its times are from 10 to 90 %, ours to 63 %


def gain(x: Tensor, gain_db: Tensor) -> Tensor:
    """See `Effects.gain`."""
    return functional.gain(x, 0, gain_db)


def equalizer(x: Tensor, sample_rate: int, *, gain_db: Tensor, freq_hz: Tensor, q: Tensor) -> Tensor:
    """Six biquads by sampling their frequency response."""
    controls = {}
    for band, name in enumerate(_BANDS):
        controls[f"{name}_gain_db"] = gain_db[:, band]
        controls[f"{name}_cutoff_freq"] = freq_hz[:, band]
        controls[f"{name}_q_factor"] = q[:, band]
    return functional.parametric_eq(x, sample_rate, **controls)


def compressor(
    x: Tensor,
    sample_rate: int,
    *,
    threshold_db: Tensor,
    ratio: Tensor,
    attack_ms: Tensor,
    release_ms: Tensor,
    knee_db: Tensor,
    makeup_db: Tensor,
) -> Tensor:
    """Its smoother takes no heed of the release time."""
    times_ms = (attack_ms * _TO_RISE_TIME, release_ms * _TO_RISE_TIME)
    return functional.compressor(x, sample_rate, threshold_db, ratio, *times_ms, knee_db, makeup_db)


def panned_sum(x: Tensor, pan: Tensor) -> Tensor:
    """See `Effects.panned_sum`."""
    return functional.stereo_panner(x.transpose(0, 1), 0, (pan[None] + 1) / 2).sum(2)
