"""Distances between mixes: the losses of Diff-MST, and a distance between styles.

Each loss returns its weighted terms by name; their sum is the loss. What a loss needs of the reference can be computed
once: give features in place of audio.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import auraloss
import torch
from torch import Tensor
from torch.nn.functional import huber_loss, mse_loss, pad

from diffmst.dsp.loudness import gain_to_loudness, integrated_loudness
from diffmst.features import AudioFeatures, audio_features
from diffmst.style import StyleFeatures, group_power, style_features

# As published.
AUDIO_FEATURE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "rms": 0.1,
        "crest_factor_db": 0.001,
        "stereo_width": 1.0,
        "stereo_imbalance": 1.0,
        "bark_spectrum": 0.1,
    }
)
STFT_WINDOWS = (512, 2_048, 8_192)

STYLE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"level": 1.0, "tone": 1.0, "dynamics": 1.0, "width": 1.0, "balance": 1.0}
)


class AudioFeatureLoss:
    """The audio-feature (AF) loss: five weighted mean squared errors, which need no common content.

    Args:
        sample_rate: of the mixes, Hz.
        loudness_lufs: compare the mixes at this loudness, each item by a gain of its own; None compares them as they
            are, as published.
        weights: of the terms, by the names of the features.

    Reference: Vanka et al., "Diff-MST: differentiable mixing style transfer", ISMIR 2024.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        loudness_lufs: float | None = None,
        weights: Mapping[str, float] = AUDIO_FEATURE_WEIGHTS,
    ) -> None:
        self.sample_rate = sample_rate
        self.loudness_lufs = loudness_lufs
        self.weights = _checked(weights, AUDIO_FEATURE_WEIGHTS)

    def features(self, x: Tensor, gain: Tensor | float = 1.0) -> AudioFeatures:
        """What the loss compares, of mixes [batch, 2, time] times a gain, unless they are brought to a loudness anyway.

        `.mean()` of it takes windows of one mix together.
        """
        if self.loudness_lufs is None:
            return audio_features(x, self.sample_rate, gain)
        gain = gain_to_loudness(integrated_loudness(x, self.sample_rate), self.loudness_lufs)
        return audio_features(x, self.sample_rate, gain)

    def __call__(self, mix: Tensor | AudioFeatures, target: Tensor | AudioFeatures) -> dict[str, Tensor]:
        """The weighted terms, meaned over the batch; the target has the batch of the mix, or one item."""
        mix = mix if isinstance(mix, AudioFeatures) else self.features(mix)
        target = target if isinstance(target, AudioFeatures) else self.features(target)
        return {
            name: weight * mse_loss(*torch.broadcast_tensors(getattr(mix, name), getattr(target, name)))
            for name, weight in self.weights.items()
        }


class MultiResolutionSTFTLoss:
    """The MRSTFT loss: L1 distances of linear and of log magnitudes, meaned over three resolutions.

    Both signals must hold the same content. Magnitudes are floored at 1e-4.

    Reference: Steinmetz, Reiss, "auraloss: audio focused loss functions in PyTorch", DMRN+15, 2020.
    """

    def __init__(self) -> None:
        hops = [size // 2 for size in STFT_WINDOWS]
        self._distance: Any = auraloss.freq.MultiResolutionSTFTLoss(
            fft_sizes=list(STFT_WINDOWS),
            hop_sizes=hops,
            win_lengths=list(STFT_WINDOWS),
            w_sc=0.0,
            w_log_mag=1.0,
            w_lin_mag=1.0,
            output="full",
        )

    def __call__(self, mix: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The terms `linear` and `log`, of mixes of one shape [batch, channels, time]."""
        if mix.shape != target.shape:
            raise ValueError(f"mix and target must have one shape, got {list(mix.shape)} and {list(target.shape)}")
        if mix.shape[-1] <= max(STFT_WINDOWS) // 2:
            raise ValueError(f"MRSTFT needs more than {max(STFT_WINDOWS) // 2} samples, got {mix.shape[-1]}")
        _, _, log, linear, _ = self._distance(mix, target)
        return {"linear": torch.stack(linear).mean(), "log": torch.stack(log).mean()}


@dataclass(frozen=True)
class _Measure:
    """One feature's share in a term of the style loss.

    Attributes:
        tolerance: difference up to which the error grows with its square, and past it in proportion: about what two
            halves of one song differ by.
        typical: error between different songs, by which the measure is divided.
        over: what the first axis of the feature runs over, if it does, for the attention it gets.
    """

    feature: str
    tolerance: float
    typical: float
    over: Literal["bands", "groups"] | None = None


# The errors between different songs are means over all pairs of 19 finished mixes (hip-hop, folk, jazz, game,
# orchestra), between one half of each and the other half of the others.
_STYLE_MEASURES = {
    "level": (_Measure("loudness_lufs", tolerance=1.0, typical=4.4),),
    "tone": (_Measure("tone_db", tolerance=1.5, typical=3.8),),
    "dynamics": (
        _Measure("levels_db", tolerance=1.0, typical=2.8, over="groups"),
        _Measure("transients_db", tolerance=0.5, typical=5.5, over="groups"),
        _Measure("crest_db", tolerance=0.5, typical=3.1),
    ),
    "width": (
        _Measure("width_db", tolerance=1.0, typical=7.0, over="bands"),
        _Measure("panning", tolerance=0.03, typical=2.8, over="bands"),
    ),
    "balance": (_Measure("balance_db", tolerance=0.5, typical=2.0, over="bands"),),
}

# A band this far under the loudness of the reference is hardly heard: half the weight, and less below.
_FAINT_DB = -50.0
_FAINT_SLOPE_DB = 5.0


class StyleLoss:
    """How far one mix is from the style of another: about 1 in each term for a mix of quite another kind, 0 for itself.

    `level` alone depends on the level; `tone` is the spectrum, `dynamics` the levels over time, transients and crest,
    `width` the side and the spread of sounds, `balance` left against right. Errors grow in proportion once they are
    past what one song varies by, so no odd band rules, and bands hardly heard in the reference hardly count.

    Args:
        sample_rate: of both mixes, Hz.
        weights: of the terms.
    """

    def __init__(self, sample_rate: int, *, weights: Mapping[str, float] = STYLE_WEIGHTS) -> None:
        self.sample_rate = sample_rate
        self.weights = _checked(weights, STYLE_WEIGHTS)

    def features(self, x: Tensor, gain: Tensor | float = 1.0) -> StyleFeatures:
        """What the loss compares, of one mix heard in [windows, 2, time], times a gain."""
        return style_features(x, self.sample_rate, gain)

    def __call__(self, mix: Tensor | StyleFeatures, reference: Tensor | StyleFeatures) -> dict[str, Tensor]:
        """The weighted terms; mix and reference may have any numbers of windows."""
        mix = mix if isinstance(mix, StyleFeatures) else self.features(mix)
        reference = reference if isinstance(reference, StyleFeatures) else self.features(reference)
        attention = _attention(reference)
        return {name: weight * _style_term(name, mix, reference, attention) for name, weight in self.weights.items()}


def _style_term(name: str, mix: StyleFeatures, reference: StyleFeatures, attention: Mapping[str, Tensor]) -> Tensor:
    errors = []
    for measure in _STYLE_MEASURES[name]:
        one, other = (getattr(features, measure.feature) / measure.tolerance for features in (mix, reference))
        error = huber_loss(one, other, reduction="none")
        if measure.over:
            error = torch.tensordot(attention[measure.over], error, dims=1)
        errors.append(error.mean() / measure.typical)
    return torch.stack(errors).mean()


def _attention(reference: StyleFeatures) -> dict[str, Tensor]:
    """Weights of sum 1: half for the entry of all together, half for the bands or groups, by what is heard of them."""
    power = 10 ** (pad(reference.tone_db.detach(), (0, 1)) / 10)  # all together: 0 dB
    return {"bands": _share_attention(power), "groups": _share_attention(group_power(power))}


def _share_attention(power: Tensor) -> Tensor:
    heard = torch.sigmoid((10 * torch.log10(power[:-1]) - _FAINT_DB) / _FAINT_SLOPE_DB)
    return pad(heard / heard.sum(), (0, 1), value=1.0) / 2


def _checked(weights: Mapping[str, float], known: Mapping[str, float]) -> Mapping[str, float]:
    unknown = weights.keys() - known.keys()
    if unknown:
        raise ValueError(f"weights must be among {', '.join(known)}, got {', '.join(sorted(unknown))}")
    return weights
