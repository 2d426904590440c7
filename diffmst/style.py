"""Style features: how a mix sounds, apart from what is played, in more than long-time means.

Several windows of a mix give one set of features: statistics over all their frames. All but the loudness are blind to
level. They are smooth enough to descend on: quantiles are means over a share of the frames, and every logarithm has a
floor relative to the mix, so silence and mono are ordinary values.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool1d

from diffmst.dsp.bands import band_weights, erb_edges_hz
from diffmst.dsp.loudness import ABSOLUTE_GATE_LUFS, GATING_BLOCK_S, gated_loudness, k_weighting_sos
from diffmst.dsp.spectrum import band_power, frame_size, map_items

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

    def detach(self) -> "StyleFeatures":
        """The same values without gradient."""
        return self._map(Tensor.detach)

    def _map(self, function: Callable[[Tensor], Tensor]) -> "StyleFeatures":
        return StyleFeatures(*(function(getattr(self, field.name)) for field in fields(self)))


def style_features(x: Tensor, sample_rate: int) -> StyleFeatures:
    """The style features of one mix, heard in several windows, differentiable.

    Compare mixes of the same sample rate: frames last a power of two of samples, about 46 ms.

    Shape: x [windows, 2, time], the windows of one mix.
    """
    if x.ndim != 3 or x.shape[1] != 2 or 0 in x.shape:
        raise ValueError(f"style features need stereo windows, [windows, 2, time], got {list(x.shape)}")
    frames = _frame_power(x, sample_rate)
    heard = _heard(frames.loudness.detach()[..., 0])
    mean = _Power(*(part[heard].mean(0) for part in frames))
    level_db = _group_levels_db(frames, mean)
    return StyleFeatures(
        loudness_lufs=_loudness_lufs(frames.loudness[..., 0], sample_rate),
        tone_db=_to_db(mean.total[:-1] / mean.loudness.clamp(min=_SILENCE) + _TONE_FLOOR),
        width_db=_ratio_db(mean.side, mean.mid, _WIDTH_FLOOR * mean.audible),
        panning=_panning(frames, mean, heard),
        balance_db=_ratio_db(mean.total / 2 - mean.cross, mean.total / 2 + mean.cross, _BALANCE_FLOOR * mean.audible),
        levels_db=_sorted_shares(level_db[heard], _EIGHTHS)[:, _EIGHTHS_LEFT_OUT:],
        transients_db=_transients_db(level_db, heard),
        crest_db=_crest_db(x, sample_rate),
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
def _weights(sample_rate: int, size: int) -> Tensor:
    """Weights of the bins in each band and, in the last column, in the loudness; [bins, bands+]."""
    bands = band_weights(erb_edges_hz(), sample_rate, size)
    sections = k_weighting_sos(sample_rate)
    numerator, denominator = np.fft.rfft(sections[:, :3], size), np.fft.rfft(sections[:, 3:], size)
    k_weighting = torch.from_numpy(np.square(np.abs(numerator / denominator)).prod(0))
    return torch.cat([bands, k_weighting[:, None]], dim=1)


def _frame_power(x: Tensor, sample_rate: int) -> _Power:
    """Power of each frame; [windows, 2, time] -> [windows, frames, bands+]."""
    size = frame_size(sample_rate, FRAME_S)
    weights = _weights(sample_rate, size).to(x)
    mid_side = torch.stack([x[:, 0] + x[:, 1], x[:, 0] - x[:, 1]], dim=1) * 0.5**0.5
    return _Power(*map_items(lambda window: band_power(window, size, size // 2, weights), mid_side).unbind(1))


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
    return heard if heard.any() else torch.ones_like(heard)


def _panning(frames: _Power, mean: _Power, heard: Tensor) -> Tensor:
    """Mean distance of the frames' imbalance, (left - right) / (left + right), from the common one, by power."""
    common = 2 * mean.cross / mean.audible
    total = frames.total[heard]
    imbalance = 2 * frames.cross[heard] / (total + _TONE_FLOOR * mean.audible)
    # A rounded absolute value: no corner at the centre, where most of a mix is.
    distance = ((imbalance - common).square() + _PANNING_KNEE**2).sqrt() - _PANNING_KNEE
    return (total * distance).mean(0) / mean.audible


def _group_levels_db(frames: _Power, mean: _Power) -> Tensor:
    """Level of each frame relative to the mean of the group; [windows, frames, groups+]."""
    frame_level, mean_level = group_power(frames.total), group_power(mean.audible)
    return _to_db(frame_level / mean_level + _LEVEL_FLOOR)


def group_power(power: Tensor) -> Tensor:
    """Power in groups of bands and in all; [..., bands+] -> [..., groups+]."""
    return torch.stack([*(power[..., low:high].sum(-1) for low, high in pairwise(GROUP_EDGES)), power[..., -1]], dim=-1)


def _sorted_shares(values: Tensor, shares: int) -> Tensor:
    """Means of equal shares of the values in ascending order: quantiles to which every value contributes.

    Shape: values [count, groups]; returns [groups, shares].
    """
    return adaptive_avg_pool1d(values.sort(0).values.T, shares)


def _transients_db(level_db: Tensor, heard: Tensor) -> Tensor:
    """The steepest tenth of the changes from frame to frame, upwards and downwards; -> [groups, 2]."""
    change = level_db.diff(dim=1)[heard[:, 1:]]
    if len(change) == 0:
        return level_db.new_zeros(level_db.shape[-1], 2)
    return _sorted_shares(change, _TENTHS)[:, [-1, 0]]


def _crest_db(x: Tensor, sample_rate: int) -> Tensor:
    """Mean over the segments of peak, and of 4-norm, over the root mean square; [windows, 2, time] -> [2]."""
    count = max(1, int(x.shape[-1] / (SEGMENT_S * sample_rate)))
    length = x.shape[-1] // count

    def segment_power(window: Tensor) -> Tensor:
        # Of both channels together: the balance between them is no matter of dynamics.
        power = window[:, : count * length].square().mean(0).unflatten(-1, (count, length))
        four_norm = (power.square().mean(-1) + _SILENCE**2).sqrt()
        return torch.stack([power.max(-1).values, four_norm, power.mean(-1)])

    peak, four_norm, mean = map_items(segment_power, x).unbind(1)
    heard = _heard(mean.detach())
    floor = _FRAME_GATE * mean.detach()[heard].mean() + _SILENCE
    return _ratio_db(torch.stack([peak, four_norm]), mean, floor)[:, heard].mean(1)
