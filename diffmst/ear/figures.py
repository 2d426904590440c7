"""What a window of a stem sounds like, in figures that say more of the instrument than of how it was made.

Where its power lies and how it moves; what rises together; how fast it flutters; what its onsets look like and how
regular they are; whether there are lines in its spectrum, and whether they last.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, max_pool1d, pad

from diffmst.dsp.band_powers import BANDS

_NEPERS = 1.5 * math.log(10)  # natural logarithm of the power, of one unit of level (15 dB)

_FINE, _GROUPS = 16, 8  # groups of bands
_QUANTILES = (0.1, 0.5, 0.9)
_SMOOTHED_FRAMES = (1, 8, 32)
_REPETITION_FRAMES = (2, 40)  # 46 ms to 0.9 s
_MODULATION_FRAMES = 256
_MODULATION_EDGES = (1, 3, 6, 10, 16, 24, 36, 56, 90, 128)  # of one part in 256 of 43 Hz: 0.17 to 21 Hz
_ONSETS, _BEFORE, _AFTER, _APART = 6, 4, 16, 9  # their number, and frames around them
_LEAST_SPREAD = 1e-2  # so that the gradient of none is finite
_STRENGTHS = (0.1, 0.3, 0.6, 1.0, 1.5)  # of onsets
_LASTING_FRAMES = 4  # 93 ms

LEAST_FRAMES = 2 * (_BEFORE + _AFTER)
"""Frames that a window needs to be told in figures: nearly a second."""

_PAIRS = _GROUPS * (_GROUPS - 1) // 2
_PROFILE = (_BEFORE + _AFTER) // 2 * (_GROUPS + 1)
FIGURES = (
    4 * BANDS
    + _FINE * len(_QUANTILES)
    + 2 * _PAIRS
    + (_GROUPS + 1) * (len(_MODULATION_EDGES) - 1)
    + _REPETITION_FRAMES[1] - _REPETITION_FRAMES[0]
    + _PROFILE + _ONSETS + len(_STRENGTHS)
    + (BANDS - 2) + (BANDS - 2) // 2
    + len(_SMOOTHED_FRAMES) + 2
)  # fmt: skip
"""Number of figures of a window."""


def window_figures(levels: Tensor) -> Tensor:
    """Figures of windows, each of about unit size.

    Args:
        levels: as `sound.levels_of` gives them.

    Shape: levels [windows, frames, bands], at least `LEAST_FRAMES`; returns [windows, FIGURES].
    """
    whole = (_NEPERS * levels).logsumexp(-1) / _NEPERS
    groups = _grouped(levels, _GROUPS)
    both = torch.cat([groups, whole[..., None]], -1)
    return torch.cat(
        [
            *_spectrum(levels),
            _grouped(levels[:, ::2], _FINE).quantile(levels.new_tensor(_QUANTILES), dim=1).transpose(0, 1).flatten(1),
            _correlations(groups, least=0.1),
            _correlations(groups.diff(dim=1), least=0.05),
            _modulation(both),
            _repetition(levels),
            *_onsets(whole, both),
            *_lines(levels),
            *_flutter(whole),
            *_flatness(levels, whole),
        ],
        -1,
    )


def _grouped(levels: Tensor, groups: int) -> Tensor:
    """Mean levels of groups of bands; [windows, frames, bands] to [windows, frames, groups]."""
    return levels.unflatten(-1, (groups, -1)).mean(-1)


def _spectrum(levels: Tensor) -> list[Tensor]:
    """Of every band: mean level, near the peaks, spread, and how much it rises; [windows, bands] each."""
    high = ((4 * levels).logsumexp(1) - math.log(levels.shape[1])) / 4
    rise = (levels[:, 2:] - levels[:, :-2]).relu().square().mean(1)
    mean = levels.mean(1)
    spread = (levels.square().mean(1) - mean.square() + _LEAST_SPREAD**2).clamp_min(_LEAST_SPREAD**2).sqrt()
    return [mean, high, spread, rise]


def _correlations(series: Tensor, least: float) -> Tensor:
    """Correlation of every two of the series; a spread less than `least` counts as none. [windows, pairs]."""
    centred = series - series.mean(1, keepdim=True)
    scaled = centred / (centred.square().mean(1, keepdim=True).sqrt() + least)
    products = torch.einsum("nti,ntj->nij", scaled, scaled) / series.shape[1]
    one, other = torch.triu_indices(series.shape[-1], series.shape[-1], 1)
    return products[:, one, other]


def _modulation(series: Tensor) -> Tensor:
    """How much levels move at every rate, as a level; [windows, series and bands of modulation]."""
    frames = series.shape[1]
    centred = (series - series.mean(1, keepdim=True)) * torch.hann_window(frames, device=series.device)[:, None]
    size = max(_MODULATION_FRAMES, frames)
    power = torch.fft.rfft(centred, size, dim=1).abs().square() / frames
    edges = [edge * size // _MODULATION_FRAMES for edge in _MODULATION_EDGES]
    bands = [power[:, low:high].sum(1) * (_MODULATION_FRAMES / size) for low, high in pairwise(edges)]
    return (torch.log10(torch.stack(bands, 1) + 1e-3) / 2).flatten(1)


def _repetition(levels: Tensor) -> Tensor:
    """Autocorrelation of the onsets at lags of 46 ms to 0.9 s, [windows, lags]."""
    onsets = (levels[:, 2:] - levels[:, :-2]).relu().mean(-1)
    onsets = onsets - onsets.mean(-1, keepdim=True)
    size = 2 * levels.shape[1]
    correlation = torch.fft.irfft(torch.fft.rfft(onsets, size).abs().square(), size)
    first, last = _REPETITION_FRAMES
    return correlation[:, first:last] / (correlation[:, :1] + 1e-3)


def _onsets(whole: Tensor, series: Tensor) -> list[Tensor]:
    """The mean course of levels about the strongest onsets, the strengths of these, and how many of each strength."""
    frames = whole.shape[1]
    rise = pad((whole[:, 2:] - whole[:, :-2]).relu(), (1, 1))
    peaks = torch.where(rise == max_pool1d(rise[:, None], _APART, 1, _APART // 2)[:, 0], rise, 0.0)
    inside = torch.arange(frames, device=whole.device)
    peaks = peaks * ((inside > _BEFORE) & (inside < frames - _AFTER))
    strength, place = peaks.topk(_ONSETS, 1)
    around = place[..., None] + torch.arange(-_BEFORE, _AFTER, 2, device=whole.device)
    around = around.clamp(0, frames - 1)  # where there are too few onsets, places without one make up the number
    picked = series.gather(1, around.flatten(1)[..., None].expand(-1, -1, series.shape[-1]))
    picked = picked.unflatten(1, (_ONSETS, -1))
    share = strength / (strength.sum(1, keepdim=True) + 0.05)
    profile = (picked * share[:, :, None, None]).sum(1).flatten(1)
    counts = [(peaks > least).to(whole).mean(1, keepdim=True) * 10 for least in _STRENGTHS]
    return [profile, strength, *counts]


def _lines(levels: Tensor) -> list[Tensor]:
    """How far each band stands out of its neighbours, and how far it goes on doing so."""
    peaks = (levels[:, :, 1:-1] - torch.maximum(levels[:, :, :-2], levels[:, :, 2:])).relu()
    lasting = torch.minimum(peaks[:, _LASTING_FRAMES:], peaks[:, :-_LASTING_FRAMES]).mean(1)
    return [peaks.mean(1), lasting.unflatten(-1, (-1, 2)).mean(-1)]


def _flutter(whole: Tensor) -> list[Tensor]:
    """Spread of the level, smoothed over a frame, a beat and a phrase."""
    return [
        avg_pool1d(whole[:, None], min(frames, whole.shape[1] // 2), 1)[:, 0].std(-1, keepdim=True)
        for frames in _SMOOTHED_FRAMES
    ]


def _flatness(levels: Tensor, whole: Tensor) -> list[Tensor]:
    """Mean level of the bands against that of the whole: its mean and its spread."""
    flatness = levels.mean(-1) - whole
    return [flatness.mean(1, keepdim=True), flatness.std(1, keepdim=True)]
