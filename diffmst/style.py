"""Style features: how a mix sounds, apart from what is played, in more than long-time means.

Several windows of a mix give one set of features: statistics over all their frames. All but the loudness are blind to
level. They are smooth enough to descend on: quantiles are means over a share of the frames, and every logarithm has a
floor relative to the mix, so silence and mono are ordinary values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.dsp.bands import band_weights, erb_edges_hz
from diffmst.dsp.framing import frame_size
from diffmst.dsp.loudness import ABSOLUTE_GATE_LUFS, GATING_BLOCK_S, gated_loudness, k_weighting_sos
from diffmst.dsp.measure import Measure, Measured, measure, peak_index
from diffmst.dsp.spectrum import BandPower, Frames

FRAME_S = 2_048 / 44_100
SEGMENT_S = 1.0  # in which peaks are compared with the level around them

# Dynamics are observed in groups of the 24 bands: up to 130 Hz, 390 Hz, 1.0 kHz, 2.7 kHz, 6.4 kHz, 20 kHz.
GROUP_EDGES = (0, 2, 5, 9, 14, 19, 24)

# Levels are compared in eighths of the frames, by loudness. The two quietest are left out: how silent the gaps between
# notes are belongs to the song.
_EIGHTHS = 8
_EIGHTHS_LEFT_OUT = 2
_TENTHS = 10

_FRAME_GATE = 1e-3  # frames 30 dB under the mean say nothing about a mix
_SILENCE = 1e-12  # power of what counts as no sound at all

# Floors, as shares of a power.
_TONE_FLOOR = 1e-7  # of the loudness: -70 dB
_WIDTH_FLOOR = 1e-3  # of the band: at -30 dB, the side is as good as absent
_BALANCE_FLOOR = 0.03  # of the band: at -15 dB, one ear is as good as silent
_LEVEL_FLOOR = 10**-2.5  # of the mean of the group: -25 dB
_PANNING_KNEE = 0.01  # distance from the common balance under which it hardly counts


@dataclass(frozen=True)
class StyleFeatures:
    """How one mix sounds, in 24 bands that are equally wide to the ear or in six groups of them.

    In `bands+` and `groups+` one more entry follows: all together, K-weighted.

    Attributes:
        loudness_lufs: integrated loudness over all windows, to about 0.2 LU, from -70, scalar.
        tone_db: level relative to the loudness, from -70 dB, [bands].
        width_db: side over mid, within +-30 dB, [bands+].
        panning: how far sounds are from the common balance, 0 (all in one place) to 1 (each on one side), [bands+].
        balance_db: right over left, within +-15 dB, [bands+].
        levels_db: level of the frames in ascending eighths, relative to the mean of the group, [groups+, 6].
        transients_db: the steepest tenth of the rises and of the falls between frames, [groups+, 2].
        crest_db: peak over level within a second, and the same with the 4-norm in place of the peak, [2].
    """

    loudness_lufs: Tensor
    tone_db: Tensor
    width_db: Tensor
    panning: Tensor
    balance_db: Tensor
    levels_db: Tensor
    transients_db: Tensor
    crest_db: Tensor

    def detach(self) -> StyleFeatures:
        """The same values without gradient."""
        return self._map(Tensor.detach)

    def _map(self, function: Callable[[Tensor], Tensor]) -> StyleFeatures:
        return StyleFeatures(*(function(getattr(self, field.name)) for field in fields(self)))


def style_features(x: Tensor, sample_rate: int, gain: Tensor | float = 1.0) -> StyleFeatures:
    """The style features of one mix, heard in several windows, differentiable.

    Compare mixes of the same sample rate: frames last a power of two of samples, about 46 ms.

    Args:
        x: the windows of one mix.
        sample_rate: Hz.
        gain: what the mix is multiplied by: the features of `gain * x`, at no cost.

    Shape: x [windows, 2, time]; gain [].
    """
    if x.ndim != 3 or x.shape[1] != 2 or 0 in x.shape:
        raise ValueError(f"style features need stereo windows, [windows, 2, time], got {list(x.shape)}")
    return style_of(measure(x, *style_measures(sample_rate, x)), sample_rate, gain)


def style_measures(sample_rate: int, like: Tensor) -> tuple[Measure, ...]:
    """What the style features of windows such as these are made of, for who measures more than that: see `style_of`."""
    size = frame_size(sample_rate, FRAME_S)
    weights = _weights(sample_rate, size, like.dtype, like.device)
    return BandPower(Frames(size, size // 2, mid_side=True), weights), _Segments(sample_rate)


def style_of(values: Sequence[Sequence[Tensor]], sample_rate: int, gain: Tensor | float = 1.0) -> StyleFeatures:
    """The style features from the values of `style_measures`; see `style_features`."""
    (power,), (peak, mean_square, mean_power) = values
    square = torch.as_tensor(gain, dtype=power.dtype, device=power.device).square()
    frames = _Power(*(power * (square / 2)).unbind(1))
    heard = _heard(frames.loudness.detach()[..., 0])
    mean = _Power(*(_mean_of(part, heard) for part in frames))
    level_db = _group_levels_db(frames, mean)
    return StyleFeatures(
        loudness_lufs=_loudness_lufs(frames.loudness[..., 0], sample_rate),
        tone_db=_to_db(mean.total[:-1] / mean.loudness.clamp(min=_SILENCE) + _TONE_FLOOR),
        width_db=_ratio_db(mean.side, mean.mid, _WIDTH_FLOOR * mean.audible),
        panning=_panning(frames, mean, heard),
        balance_db=_ratio_db(mean.total / 2 - mean.cross, mean.total / 2 + mean.cross, _BALANCE_FLOOR * mean.audible),
        levels_db=_sorted_shares(level_db, heard, _EIGHTHS)[:, _EIGHTHS_LEFT_OUT:],
        transients_db=_sorted_shares(level_db.diff(dim=1), heard[:, 1:], _TENTHS)[:, :: _TENTHS - 1].flip(-1),
        crest_db=_crest_db(square * peak, square.square() * mean_square, square * mean_power),
    )


class _Power(NamedTuple):
    """Power of orthonormal mid and side in each band and, last, K-weighted in all; [..., bands+]."""

    mid: Tensor
    side: Tensor
    cross: Tensor  # real part of mid times side conjugated: half the difference of left and right

    @property
    def total(self) -> Tensor:
        return self.mid + self.side

    @property
    def loudness(self) -> Tensor:
        return self.total[..., -1:]

    @property
    def audible(self) -> Tensor:
        """The total, never zero."""
        return self.total + _TONE_FLOOR * self.loudness.clamp(min=_SILENCE)


def _to_db(power: Tensor) -> Tensor:
    return 10 * torch.log10(power)


def _ratio_db(one: Tensor, other: Tensor, floor: Tensor) -> Tensor:
    return _to_db(one + floor) - _to_db(other + floor)


@cache
def _weights(sample_rate: int, size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Weights of the bins in each band and, in the last column, in the loudness; [bins, bands+]."""
    bands = band_weights(erb_edges_hz(), sample_rate, size)
    sections = k_weighting_sos(sample_rate)
    numerator, denominator = np.fft.rfft(sections[:, :3], size), np.fft.rfft(sections[:, 3:], size)
    k_weighting = torch.from_numpy(np.square(np.abs(numerator / denominator)).prod(0))
    return torch.cat([bands, k_weighting[:, None]], dim=1).to(device, dtype)


def _loudness_lufs(loudness: Tensor, sample_rate: int) -> Tensor:
    """Gated loudness from the K-weighted power of overlapping frames, [windows, frames]."""
    size = frame_size(sample_rate, FRAME_S)
    # Parseval: a frame holds 2 / size of its one-sided power, of a signal weighted by the square of a Hann window,
    # whose mean is 3 / 8.
    mean_square = loudness * 2 / (3 / 8 * size**2)
    block = min(round(GATING_BLOCK_S * sample_rate / (size // 2)), loudness.shape[1])
    return gated_loudness(mean_square.unfold(1, block, 1).mean(-1).flatten()).clamp(min=ABSOLUTE_GATE_LUFS)


def _heard(loudness: Tensor) -> Tensor:
    """Which frames count: those not far quieter than the mean, or all of silence."""
    heard = loudness > _FRAME_GATE * loudness.mean()
    return heard | ~heard.any()


def _mean_of(values: Tensor, heard: Tensor) -> Tensor:
    """Mean over the frames that count; [windows, frames, ...] and [windows, frames] to [...]."""
    return (values * heard[..., None]).sum((0, 1)) / heard.sum()


def _panning(frames: _Power, mean: _Power, heard: Tensor) -> Tensor:
    """Mean distance of the frames' imbalance, (left - right) / (left + right), from the common one, by power."""
    common = 2 * mean.cross / mean.audible
    total = frames.total
    imbalance = 2 * frames.cross / (total + _TONE_FLOOR * mean.audible)
    # A rounded absolute value: no corner at the centre, where most of a mix is.
    distance = ((imbalance - common).square() + _PANNING_KNEE**2).sqrt() - _PANNING_KNEE
    return _mean_of(total * distance, heard) / mean.audible


def _group_levels_db(frames: _Power, mean: _Power) -> Tensor:
    """Level of each frame relative to the mean of the group; [windows, frames, groups+]."""
    frame_level, mean_level = group_power(frames.total), group_power(mean.audible)
    return _to_db(frame_level / mean_level + _LEVEL_FLOOR)


def group_power(power: Tensor) -> Tensor:
    """Power in groups of bands and in all; [..., bands+] -> [..., groups+]."""
    return power @ _group_sums(power.dtype, power.device)


@cache
def _group_sums(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Which bands each group sums up, and last the entry of all together; [bands+, groups+]."""
    sums = torch.zeros(GROUP_EDGES[-1] + 1, len(GROUP_EDGES), dtype=dtype)
    for group, (low, high) in enumerate(pairwise(GROUP_EDGES)):
        sums[low:high, group] = 1
    sums[-1, -1] = 1
    return sums.to(device)


def _sorted_shares(values: Tensor, heard: Tensor, shares: int) -> Tensor:
    """Means of equal shares of the values that count in ascending order: quantiles to which all of them contribute.

    Shares may have one value in common; all are 0 where no value counts.

    Shape: values [windows, frames, groups]; heard [windows, frames]; returns [groups, shares].
    """
    # What does not count goes to the end, so that nothing waits for how much that is.
    ascending = values.masked_fill(~heard[..., None], torch.inf).flatten(0, 1).sort(0).values
    count, rank = heard.sum(), torch.arange(len(ascending), device=values.device)
    share = torch.arange(shares, device=values.device)[:, None]
    first, last = share * count // shares, ((share + 1) * count + shares - 1) // shares
    inside = ((rank >= first) & (rank < last)).to(values.dtype)
    ascending = ascending.masked_fill((rank >= count)[:, None], 0.0)
    return (inside @ ascending / (last - first).clamp(min=1)).T


@dataclass(frozen=True)
class _Segments:
    """Peak, mean square and mean of the power in segments of about a second.

    Of both channels together: the balance between them is no matter of dynamics.

    Shape: of the values, [items, segments] each.
    """

    sample_rate: int

    def measured(self, x: Tensor) -> Measured:
        """See `Measure`."""
        items = [(power.amax(-1), (power * power).mean(-1), power.mean(-1)) for power in map(self._power, x)]
        return Measured(tuple(torch.stack(values) for values in zip(*items, strict=True)))

    def add_gradient(self, x: Tensor, kept: Tensor | None, gradients: Sequence[Tensor], dx: Tensor) -> None:
        """See `Measure`."""
        for item, of_peak, of_square, of_mean, item_dx in zip(x, *gradients, dx, strict=True):
            power = self._power(item)
            length, peak = power.shape[-1], peak_index(power)
            of_power = power.mul_(of_square[:, None] * 2 / length).add_(of_mean[:, None] / length)
            of_power.scatter_add_(-1, peak, of_peak[:, None])
            heard = slice(of_power.numel())
            item_dx[:, heard].addcmul_(item[:, heard], of_power.flatten())

    def _power(self, x: Tensor) -> Tensor:
        """Of one item, [segments, time]."""
        count = max(1, int(x.shape[-1] / (SEGMENT_S * self.sample_rate)))
        left, right = x[:, : x.shape[-1] // count * count]
        return (left * left).addcmul_(right, right).mul_(0.5).unflatten(-1, (count, -1))


def _crest_db(peak: Tensor, mean_square: Tensor, mean: Tensor) -> Tensor:
    """Mean over the segments of peak, and of 4-norm, over the root mean square; [windows, segments] -> [2]."""
    four_norm = (mean_square + _SILENCE**2).sqrt()
    heard = _heard(mean.detach())
    floor = _FRAME_GATE * _mean_of(mean.detach()[..., None], heard) + _SILENCE
    ratios_db = _ratio_db(torch.stack([peak, four_norm], -1), mean[..., None], floor)
    return _mean_of(ratios_db, heard)
