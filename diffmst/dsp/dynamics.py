"""Feed-forward compressor, linked over the channels of a track.

Reference: Giannoulis, Massberg, Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffmst.arrays import Array, double, library
from diffmst.dsp import recurrence

if TYPE_CHECKING:
    from torch import Tensor


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
    """Compressor: the level above the threshold rises 1 / ratio as fast at the output as at the input.

    The louder channel sets the gain of both, so the stereo image does not move.

    Args:
        x: signal.
        sample_rate: samples per second.
        threshold_db: peak level above which the gain falls, dBFS.
        ratio: input over output, in dB above the threshold; at least 1.
        attack_ms: time in which the gain moves by 63 % when it falls; above 0.
        release_ms: the same when it rises; above 0.
        knee_db: total width of the quadratic transition around the threshold; 0 is a sharp corner.
        makeup_db: gain added to the output.

    Shape: x [batch, 1 or 2, time]; each control [batch]; returns the shape of x.

    >>> import torch
    >>> loud = torch.ones(1, 1, 44_100)
    >>> settings = dict(threshold_db=-20.0, ratio=4.0, attack_ms=1.0, release_ms=50.0, knee_db=0.0, makeup_db=0.0)
    >>> y = compressor(loud, 44_100, **{name: torch.tensor([value]) for name, value in settings.items()})
    >>> round(20 * y[0, 0, -1].log10().item(), 3)  # 20 dB over the threshold come out as 5
    -15.0
    """
    dynamics = compressor_dynamics(sample_rate, threshold_db, ratio, attack_ms, release_ms, knee_db, makeup_db)
    channels = x.shape[1]
    return recurrence.compress(x, dynamics.unsqueeze(1).expand(-1, channels, -1), (channels,))[0]


def compressor_dynamics(
    sample_rate: int,
    threshold_db: Array,
    ratio: Array,
    attack_ms: Array,
    release_ms: Array,
    knee_db: Array,
    makeup_db: Array,
) -> Array:
    """The controls of `compressor` as `recurrence.compress` takes them, in float64.

    Args:
        sample_rate: samples per second.
        threshold_db: see `compressor`, as are the others.
        ratio: becomes the slope of the gain above the threshold, 1 / ratio - 1.
        attack_ms: becomes a one-pole coefficient, exp(-1000 / (attack_ms * sample_rate)).
        release_ms: likewise.
        knee_db: kept.
        makeup_db: kept.

    Shape: each control [...]; returns [..., 6]: threshold_db, slope, knee_db, attack, release, makeup_db.
    """
    xp, slope = library(ratio), 1 / double(ratio) - 1
    attack, release = (xp.exp(-1000 / (double(time_ms) * sample_rate)) for time_ms in (attack_ms, release_ms))
    controls = double(threshold_db), slope, double(knee_db), attack, release, double(makeup_db)
    return xp.stack(controls, -1)


def static_curve_db(
    level_db: Tensor, *, threshold_db: Tensor, ratio: Tensor, knee_db: Tensor, makeup_db: Tensor
) -> Tensor:
    """Output level of the compressor once it has settled on a steady input level.

    Args:
        level_db: input level, dBFS.
        threshold_db: see `compressor`, as are the others.
        ratio: input over output above the threshold.
        knee_db: total width of the transition.
        makeup_db: gain added to the output.

    Shape: all broadcast together.

    >>> import torch
    >>> hard = dict(threshold_db=-20.0, ratio=2.0, knee_db=0.0, makeup_db=3.0)
    >>> static_curve_db(torch.tensor([-30.0, -10.0]), **{name: torch.tensor(value) for name, value in hard.items()})
    tensor([-27., -12.])
    """
    from diffmst.dsp.kernels.scan_dynamics import soft_knee  # when first used: it comes with torch

    return level_db + (1 / ratio - 1) * soft_knee(level_db - threshold_db, knee_db) + makeup_db
