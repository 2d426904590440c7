"""The audio features of Diff-MST: level, crest, stereo image and Bark spectrum of a stereo mix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache

import torch
from torch import Tensor

from diffmst.dsp.bands import bark_triangles
from diffmst.dsp.framing import frame_size
from diffmst.dsp.measure import Measure, Measured, measure, peak_index
from diffmst.dsp.spectrum import Frames, MeanMagnitude

# 32,768 samples at 44.1 kHz, as published; the power of two of about this duration at other rates.
SPECTRUM_FRAME_S = 32_768 / 44_100
SPECTRUM_OVERLAP = 4

# Mean square under which a signal counts as silence (-80 dBFS), and what is added to a magnitude before its logarithm.
_SILENCE_POWER = 1e-8
_LOG_OFFSET = 1e-8


@dataclass(frozen=True)
class AudioFeatures:
    """The audio features of mixes, one item per mix or window.

    Attributes:
        rms: linear amplitude, at least 1e-4, [batch, channels].
        crest_factor_db: peak over RMS, 0 for silence, [batch, channels].
        stereo_width: energy of L - R over that of L + R, 0 for mono, 1 for one side alone, [batch].
        stereo_imbalance: (E_R - E_L) / (E_R + E_L), -1 for left alone, 1 for right alone, [batch].
        bark_spectrum: natural logarithm of the magnitude in 24 Bark bands of L + R and L - R, [batch, 2, bands].
    """

    rms: Tensor
    crest_factor_db: Tensor
    stereo_width: Tensor
    stereo_imbalance: Tensor
    bark_spectrum: Tensor

    def mean(self) -> AudioFeatures:
        """The mean over the batch, kept as a batch of one: several windows of a mix taken together."""
        return self._map(lambda feature: feature.mean(0, keepdim=True))

    def detach(self) -> AudioFeatures:
        """The same values without gradient."""
        return self._map(Tensor.detach)

    def _map(self, function: Callable[[Tensor], Tensor]) -> AudioFeatures:
        return AudioFeatures(*(function(getattr(self, field.name)) for field in fields(self)))


def audio_features(x: Tensor, sample_rate: int, gain: Tensor | float = 1.0) -> AudioFeatures:
    """The audio features of stereo mixes, differentiable, finite for silence and for mono.

    Args:
        x: the mixes.
        sample_rate: Hz.
        gain: what they are multiplied by: the features of `gain * x`, at no cost.

    Shape: x [batch, 2, time]; gain [] or [batch].

    Reference: Vanka et al., "Diff-MST: differentiable mixing style transfer", ISMIR 2024.
    """
    if x.ndim != 3 or x.shape[1] != 2 or x.shape[2] == 0:
        raise ValueError(f"audio features need stereo, [batch, 2, time], got {list(x.shape)}")
    return features_of(measure(x, *feature_measures(sample_rate)), sample_rate, gain)


def feature_measures(sample_rate: int) -> tuple[Measure, ...]:
    """What the audio features are made of, for who measures more than these: see `features_of`."""
    return _Levels(), MeanMagnitude(_frames(sample_rate))


def features_of(values: Sequence[Sequence[Tensor]], sample_rate: int, gain: Tensor | float = 1.0) -> AudioFeatures:
    """The audio features from the values of `feature_measures`; see `audio_features`."""
    levels, (magnitude,) = values
    gain = torch.as_tensor(gain, dtype=magnitude.dtype, device=magnitude.device)[..., None]
    power, mid_side_power = (level * gain.square() for level in levels[:2])
    (mid, side), (left, right) = mid_side_power.unbind(1), power.unbind(1)
    rms = power.clamp(min=_SILENCE_POWER).sqrt()
    weights = bark_weights(sample_rate, magnitude.dtype, magnitude.device).expand(len(magnitude), -1, -1)
    bands = torch.bmm(magnitude, weights) * gain[..., None]  # not matmul, with which items mix in the last digit
    return AudioFeatures(
        rms=rms,
        crest_factor_db=20 * torch.log10((levels[2] * gain).clamp(min=_SILENCE_POWER**0.5) / rms),
        stereo_width=side / mid.clamp(min=_SILENCE_POWER),
        stereo_imbalance=(right - left) / (right + left).clamp(min=_SILENCE_POWER),
        bark_spectrum=torch.log(bands + _LOG_OFFSET),
    )


def _frames(sample_rate: int) -> Frames:
    size = frame_size(sample_rate, SPECTRUM_FRAME_S)
    return Frames(size, size // SPECTRUM_OVERLAP, centered=True, mid_side=True)


@cache
def bark_weights(sample_rate: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Weights of the bins of the mean magnitude spectra, as `feature_measures` have them, in 24 Bark bands.

    Shape: returns [bins, bands].
    """
    return bark_triangles(sample_rate, _frames(sample_rate).size).to(device, dtype)


class _Levels:
    """Mean squares of left and right, mean squares of sum and difference, and peaks of left and right.

    Shape: of the values, [items, 2] each.
    """

    def measured(self, x: Tensor) -> Measured:
        """See `Measure`."""
        items = [self._of_item(item) for item in x]
        return Measured(tuple(torch.stack(values) for values in zip(*items, strict=True)))

    def add_gradient(self, x: Tensor, kept: Tensor | None, gradients: Sequence[Tensor], dx: Tensor) -> None:
        """See `Measure`."""
        of_power, of_mid_side, of_peak = gradients
        mid, side = of_mid_side.unbind(-1)
        # P_L l^2 + P_R r^2 + M (l + r)^2 + S (l - r)^2 has the gradient 2 A (l, r), with
        # A = [[P_L + M + S, M - S], [M - S, P_R + M + S]].
        own, other = of_power + (mid + side)[:, None], mid - side
        matrix = torch.diag_embed(own) + torch.diag_embed(other[:, None].expand_as(own)).flip(-1)
        dx.baddbmm_(matrix, x, alpha=2 / x.shape[-1])
        for item, of_peaks, item_dx in zip(x, of_peak, dx, strict=True):
            index = peak_index(item.abs())
            item_dx.scatter_add_(-1, index, of_peaks[:, None] * item.gather(-1, index).sign())

    @staticmethod
    def _of_item(x: Tensor) -> tuple[Tensor, ...]:
        left, right = x
        mid_side_power = torch.stack([_power(left + right), _power(left - right)])
        return _power(x), mid_side_power, x.abs().amax(-1)


def _power(x: Tensor) -> Tensor:
    return (x * x).mean(-1)
