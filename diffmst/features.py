"""The audio features of Diff-MST: level, crest, stereo image and Bark spectrum of a stereo mix."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.spectrum import bark_triangles, frame_size, frame_spectra, map_rows

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
        rms: linear amplitude, [batch, channels].
        crest_factor_db: peak over RMS, [batch, channels].
        stereo_width: energy of L - R over that of L + R, [batch].
        stereo_imbalance: (E_R - E_L) / (E_R + E_L), [batch].
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

    Reference: Vanka et al., "Diff-MST: differentiable mixing style transfer", ISMIR 2024, section 3.3.
    """
    if x.ndim != 3 or x.shape[1] != 2 or x.shape[2] == 0:
        raise ValueError(f"audio features need stereo, [batch, 2, time], got {list(x.shape)}")
    return AudioFeatures(
        rms=rms(x),
        crest_factor_db=crest_factor_db(x),
        stereo_width=stereo_width(x),
        stereo_imbalance=stereo_imbalance(x),
        bark_spectrum=bark_spectrum(x, sample_rate),
    )


def rms(x: Tensor) -> Tensor:
    """Root mean square, linear; silence reads 1e-4 (-80 dB). Shape: x [..., time]; returns [...]."""
    return x.square().mean(-1).clamp(min=_SILENCE_POWER).sqrt()


def crest_factor_db(x: Tensor) -> Tensor:
    """Peak over RMS in dB; 0 for silence. Shape: x [..., time]; returns [...]."""
    peak = x.abs().amax(-1).clamp(min=_SILENCE_POWER**0.5)
    return 20 * torch.log10(peak / rms(x))


def stereo_width(x: Tensor) -> Tensor:
    """Energy of L - R over that of L + R: 0 for mono, 1 for one side alone. Shape: x [batch, 2, time]; [batch]."""
    mid, side = (x[:, 0] + x[:, 1]), (x[:, 0] - x[:, 1])
    return side.square().mean(-1) / mid.square().mean(-1).clamp(min=_SILENCE_POWER)


def stereo_imbalance(x: Tensor) -> Tensor:
    """(E_R - E_L) / (E_R + E_L): -1 for left alone, 1 for right alone. Shape: x [batch, 2, time]; returns [batch]."""
    left, right = x.square().mean(-1).unbind(1)
    return (right - left) / (right + left).clamp(min=_SILENCE_POWER)


def bark_spectrum(x: Tensor, sample_rate: int) -> Tensor:
    """Logarithm of the mean magnitude spectrum in 24 Bark bands, of L + R and L - R.

    Shape: x [batch, 2, time]; returns [batch, 2, bands].
    """
    size = frame_size(sample_rate, SPECTRUM_FRAME_S)
    mid_side = torch.stack([x[:, 0] + x[:, 1], x[:, 0] - x[:, 1]], dim=1)
    # Frames are centred on their hops, the first on the first sample: both ends are mirrored by half a frame.
    mirrored = pad(pad(mid_side, (0, max(0, size // 2 + 1 - x.shape[-1]))), (size // 2, size // 2), mode="reflect")
    hop = size // SPECTRUM_OVERLAP
    magnitude = map_rows(lambda row: frame_spectra(row, size, hop).abs().mean(0), mirrored.flatten(0, 1))
    bands = magnitude @ bark_triangles(sample_rate, size).to(x)
    return torch.log(bands + _LOG_OFFSET).unflatten(0, x.shape[:2])
