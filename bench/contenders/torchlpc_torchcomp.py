"""The console of diffmst, exactly, composed of the recursions of torchlpc and torchcomp and of plain torch.

No released software does this: it is what one would write with these two. The coefficients are those of diffmst.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad
from torchcomp import compressor_core
from torchlpc import sample_wise_lpc

from bench.contenders.composition import Controls
from diffmst.dsp.dynamics import compressor_dynamics
from diffmst.dsp.filters import equalizer_coefficients
from diffmst.dsp.kernels.reference import LEVEL_FLOOR
from diffmst.dsp.stereo import pan_gains
from diffmst.dsp.units import db_to_amplitude


def gain(x: Tensor, gain_db: Tensor) -> Tensor:
    """See `Effects.gain`."""
    return x * db_to_amplitude(gain_db)[:, None, None]


def equalizer(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """Six biquads, poles first, then zeros: the fastest of three ways tried."""
    stages = equalizer_coefficients(sample_rate, **controls).to(x.dtype).unbind(1)
    batch, channels, time = x.shape
    y = x.reshape(batch * channels, time)
    for stage in stages:
        rows = stage.repeat_interleave(channels, 0)[:, None]
        u = sample_wise_lpc(y, rows[..., 3:].expand(-1, time, -1))
        y = conv1d(pad(u, (2, 0))[None], rows[..., :3].flip(-1), groups=len(rows))[0]
    return y.reshape(x.shape)


def compressor(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """Gain computer in torch, smoother of torchcomp; channels are linked by the loudest."""
    dynamics = compressor_dynamics(sample_rate, **controls)
    threshold, slope, knee, attack, release, makeup = dynamics.to(x.dtype)[..., None].unbind(1)
    over_db = 20 * torch.log10(x.abs().amax(1).clamp_min(LEVEL_FLOOR)) - threshold
    inside_db = torch.minimum((over_db + knee / 2).clamp_min(0), knee)
    target_db = slope * (inside_db**2 / (2 * knee) + (over_db - knee / 2).clamp_min(0))
    start_db = torch.zeros_like(target_db[:, 0])
    smooth_db = compressor_core(target_db, start_db, 1 - attack[:, 0], 1 - release[:, 0])
    return x * db_to_amplitude(smooth_db + makeup)[:, None]


def panned_sum(x: Tensor, pan: Tensor) -> Tensor:
    """See `Effects.panned_sum`."""
    return (pan_gains(pan).T @ x[:, 0])[None]
