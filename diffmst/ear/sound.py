"""What the ear hears of stems: levels in bands over time, and how wide they are. Not how loud: faders tell nothing."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.dsp.band_powers import BANDS, CROSS, LEFT, RIGHT
from diffmst.models.hearing_bands import track_powers
from diffmst.strips import Channels

SIDES = BANDS + 1
"""Figures of the stereo image of a window: the side in every band, and how far off the middle the whole is."""

_SILENCE = 1e-9  # power of a frame under which there is nothing but dither, 90 dB under full scale
_SOUNDING = 1e-4  # power, against the loudest frame of a stem, from which on a frame counts: 40 dB under it
_ACTIVE = 10**-2.5  # power of a frame against the mean of those that count, from which on a stem sounds: 25 dB under it
_FLOOR = 10**-5.5  # what lies 55 dB under that mean is not heard: noise floors and coders tell nothing
_MIDDLE_DB, _SCALE_DB = -25.0, 15.0  # of the levels, so that they are of about unit size
_SIDE_FLOOR = 1e-4  # a side 40 dB under the whole is not heard


class StemSounds(NamedTuple):
    """Windows of the stems of one song, the same for all stems.

    Attributes:
        powers: mean square in frames and bands, meaned over the channels, [tracks, windows, frames, bands].
        sides: figures of the stereo image, [tracks, windows, SIDES].
    """

    powers: Tensor
    sides: Tensor


class Levels(NamedTuple):
    """Stems as the network is given them, whatever their loudness.

    Attributes:
        levels: of frames and bands against the mean of the stem, of about unit size, [tracks, windows, frames, bands].
        active: share of the frames in which the stem sounds, [tracks, windows].
        sides: as in `StemSounds`.
    """

    levels: Tensor
    active: Tensor
    sides: Tensor


def stem_sounds(windows: Tensor, channels: Channels, sample_rate: int) -> StemSounds:
    """What is heard of stems.

    Args:
        windows: of all stems.
        channels: rows of each stem.
        sample_rate: Hz.

    Shape: windows [windows, rows, time].
    """
    powers = track_powers(windows.transpose(0, 1), channels, sample_rate)
    return StemSounds((powers[:, :, LEFT] + powers[:, :, RIGHT]) / 2, _sides(powers.mean(-2)))


def levels_of(sounds: StemSounds) -> Levels:
    """Levels against the mean power of the frames in which a stem sounds; a silent stem is at the floor throughout."""
    power = sounds.powers.sum(-1)
    counts = power > (_SOUNDING * power.amax((1, 2), keepdim=True)).clamp_min(_SILENCE)
    mean = (power * counts).sum((1, 2), keepdim=True) / counts.sum((1, 2), keepdim=True).clamp_min(1)
    mean = torch.where(mean > 0, mean, 1.0)
    levels_db = 10 * torch.log10(sounds.powers / mean[..., None] + _FLOOR)
    active = (power > (_ACTIVE * mean).clamp_min(_SILENCE)).to(power).mean(-1)
    return Levels((levels_db - _MIDDLE_DB) / _SCALE_DB, active, sounds.sides)


def _sides(powers: Tensor) -> Tensor:
    """Of mean powers [..., 3, bands]: the side in each band, 0 to 1 over 40 dB, and the imbalance of the whole, 0 to 1.

    The side is nothing where there is no more than one channel; which side is the louder does not tell a role.
    """
    left, right, cross = powers[..., LEFT, :], powers[..., RIGHT, :], powers[..., CROSS, :]
    total = left + right
    side = (total / 2 - cross).clamp_min(0) / torch.where(total > 0, total, 1.0)
    sums = [part.sum(-1, keepdim=True) for part in (left, right)]
    imbalance = (sums[0] - sums[1]).abs() / (sums[0] + sums[1]).clamp_min(torch.finfo(powers.dtype).tiny)
    return torch.cat([1 + torch.log10(side + _SIDE_FLOOR) / 4, imbalance], -1)
