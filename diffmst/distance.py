"""How far a mix is from a reference: what refinement descends on."""

from torch import Tensor

from diffmst.dsp.loudness import pooled_loudness
from diffmst.dsp.stereo import MONO_DB
from diffmst.dsp.units import db_to_amplitude
from diffmst.losses import AUDIO_FEATURE_WEIGHTS, STYLE_WEIGHTS, AudioFeatureLoss, StyleLoss

STYLE_WEIGHT = 0.2
"""Of the style terms, each about 1 between unlike songs, against the audio features, which sum to 0.3 there."""

_LEVEL_BLIND = {name: weight for name, weight in STYLE_WEIGHTS.items() if name != "level"}


class ReferenceDistance:
    """Distance of mixes to one reference, in the audio features of Diff-MST and in style, at equal loudness.

    The features of the reference are computed once. With a mono reference, mixes are compared by their mono sum. The
    terms of the style are named `tone`, `dynamics`, `width` and `balance`, those of the audio features `af.rms`,
    `af.crest_factor_db` and so on.

    Args:
        reference: windows of a finished mix, [windows, 2, time].
        sample_rate: of the reference and of the mixes, Hz.
    """

    def __init__(self, reference: Tensor, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._audio_features = AudioFeatureLoss(sample_rate, weights=AUDIO_FEATURE_WEIGHTS)
        self._style = StyleLoss(
            sample_rate, weights={name: STYLE_WEIGHT * weight for name, weight in _LEVEL_BLIND.items()}
        )
        self.mono = is_mono(reference)
        self._loudness_lufs = pooled_loudness(reference, sample_rate).detach()
        self._target_audio_features = self._audio_features.features(reference).mean().detach()
        self._target_style = self._style.features(reference).detach()

    def __call__(self, mix: Tensor) -> dict[str, Tensor]:
        """The weighted terms of windows of a mix, [windows, 2, time], of any loudness."""
        if self.mono:
            mix = mix.mean(1, keepdim=True).expand_as(mix)
        loudness_lufs = pooled_loudness(mix, self.sample_rate)
        if loudness_lufs.isfinite():
            mix = mix * db_to_amplitude(self._loudness_lufs - loudness_lufs)
        style = self._style(mix, self._target_style)
        audio_features = self._audio_features(self._audio_features.features(mix).mean(), self._target_audio_features)
        return style | {f"af.{name}": term for name, term in audio_features.items()}


def is_mono(x: Tensor) -> bool:
    """Whether left and right of [..., 2, time] are the same but for noise."""
    left, right = x.unbind(-2)
    side, mid = (left - right).square().sum(), (left + right).square().sum()
    return bool(side <= 10 ** (MONO_DB / 10) * mid)
