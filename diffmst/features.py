"""The audio features of Diff-MST: level, crest, stereo image and Bark spectrum of a stereo mix."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.bands import bark_triangles
from diffmst.dsp.spectrum import frame_size, mean_magnitude

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

    def mean(self) -> "AudioFeatures":
        """The mean over the batch, kept as a batch of one: several windows of a mix taken together."""
        return self._map(lambda feature: feature.mean(0, keepdim=True))

    def detach(self) -> "AudioFeatures":
        """The same values without gradient."""
        return self._map(Tensor.detach)

    def _map(self, function: Callable[[Tensor], Tensor]) -> "AudioFeatures":
        return AudioFeatures(*(function(getattr(self, field.name)) for field in fields(self)))


def audio_features(x: Tensor, sample_rate: int) -> AudioFeatures:
    """The audio features of stereo mixes, differentiable, finite for silence and for mono.

    Shape: x [batch, 2, time].

    Reference: Vanka et al., "Diff-MST: differentiable mixing style transfer", ISMIR 2024.
    """
    if x.ndim != 3 or x.shape[1] != 2 or x.shape[2] == 0:
        raise ValueError(f"audio features need stereo, [batch, 2, time], got {list(x.shape)}")
    # One item at a time stays in the processor's cache: two to three times as fast as all at once.
    items = [_features_of_batch(item, sample_rate) for item in x.split(1)]
    return AudioFeatures(*(torch.cat([getattr(item, field.name) for item in items]) for field in fields(AudioFeatures)))


def _features_of_batch(x: Tensor, sample_rate: int) -> AudioFeatures:
    mid_side = torch.stack([x[:, 0] + x[:, 1], x[:, 0] - x[:, 1]], dim=1)
    power, (mid, side) = _power(x), _power(mid_side).unbind(1)
    left, right = power.unbind(1)
    rms = power.clamp(min=_SILENCE_POWER).sqrt()
    # The gradient of a peak reaches one sample: gathering it is cheaper than a maximum that looks for ties.
    peak = x.gather(-1, x.detach().abs().argmax(-1, keepdim=True))[..., 0].abs()
    return AudioFeatures(
        rms=rms,
        crest_factor_db=20 * torch.log10(peak.clamp(min=_SILENCE_POWER**0.5) / rms),
        stereo_width=side / mid.clamp(min=_SILENCE_POWER),
        stereo_imbalance=(right - left) / (right + left).clamp(min=_SILENCE_POWER),
        bark_spectrum=_bark_spectrum(mid_side, sample_rate),
    )


def _power(x: Tensor) -> Tensor:
    return x.square().mean(-1)


def _bark_spectrum(mid_side: Tensor, sample_rate: int) -> Tensor:
    """Logarithm of the mean magnitude spectrum in Bark bands; [batch, 2, time] -> [batch, 2, bands]."""
    size = frame_size(sample_rate, SPECTRUM_FRAME_S)
    rows = mid_side.flatten(0, 1)
    if rows.shape[-1] <= size // 2:
        rows = pad(rows, (0, size // 2 + 1 - rows.shape[-1]))
    # Frames are centred on their hops, the first on the first sample: both ends are mirrored by half a frame.
    mirrored = pad(rows, (size // 2, size // 2), mode="reflect")
    magnitude = mean_magnitude(mirrored, size, size // SPECTRUM_OVERLAP)
    bands = magnitude @ bark_triangles(sample_rate, size).to(rows)
    return torch.log(bands + _LOG_OFFSET).unflatten(0, mid_side.shape[:2])
