"""How far a mix is from a reference: what refinement descends on."""

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from diffmst.dsp.hop_energies import HopEnergies
from diffmst.dsp.loudness import block_energies, gain_to_loudness, gated_loudness, pooled_loudness
from diffmst.dsp.measure import measure
from diffmst.dsp.stereo import MONO_DB
from diffmst.features import feature_measures, features_of
from diffmst.losses import AUDIO_FEATURE_WEIGHTS, STYLE_WEIGHTS, AudioFeatureLoss, StyleLoss
from diffmst.style import style_measures, style_of

STYLE_WEIGHT = 0.1
"""Of the style terms, each about 1 between unlike songs, against the audio features, which sum to about 0.5 there."""

BARK_TIMES = 2.0
"""Times its published weight that the Bark spectrum counts for: real references are met better, known mixes as well."""

_AF = "af."

DISTANCE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {name: STYLE_WEIGHT * weight for name, weight in STYLE_WEIGHTS.items() if name != "level"}
    | {f"{_AF}{name}": weight for name, weight in AUDIO_FEATURE_WEIGHTS.items()}
    | {f"{_AF}bark_spectrum": BARK_TIMES * AUDIO_FEATURE_WEIGHTS["bark_spectrum"]}
)
"""Of the terms of the distance, by their names."""


class ReferenceDistance:
    """Distance of mixes to one reference, in the audio features of Diff-MST and in style, at equal loudness.

    The features of the reference are computed once. With a mono reference, mixes are compared by their mono sum. The
    terms of the style are named `tone`, `dynamics`, `width` and `balance`, those of the audio features `af.rms`,
    `af.crest_factor_db` and so on.

    Args:
        reference: windows of a finished mix, [windows, 2, time].
        sample_rate: of the reference and of the mixes, Hz.
        weights: of the terms, by their names; those that are not named are left out.
    """

    def __init__(self, reference: Tensor, sample_rate: int, weights: Mapping[str, float] = DISTANCE_WEIGHTS) -> None:
        self.sample_rate = sample_rate
        of_features = {name.removeprefix(_AF): weight for name, weight in weights.items() if name.startswith(_AF)}
        of_style = {name: weight for name, weight in weights.items() if not name.startswith(_AF)}
        self._audio_features = AudioFeatureLoss(sample_rate, weights=of_features)
        self._style = StyleLoss(sample_rate, weights=of_style)
        self.mono = is_mono(reference)
        self._loudness_lufs = pooled_loudness(reference, sample_rate).detach()
        self._target_audio_features = self._audio_features.features(reference).mean().detach()
        self._target_style = self._style.features(reference).detach()

    def __call__(self, mix: Tensor) -> dict[str, Tensor]:
        """The weighted terms of windows of a mix, [windows, 2, time], of any loudness."""
        if self.mono:
            mix = mix.mean(1, keepdim=True).expand_as(mix)
        energies, af, style = self._measured(mix)
        gain = gain_to_loudness(gated_loudness(block_energies(energies).flatten()), self._loudness_lufs)
        style_terms = self._style(style_of(style, self.sample_rate, gain), self._target_style)
        features = features_of(af, self.sample_rate, gain).mean()
        af_terms = self._audio_features(features, self._target_audio_features)
        return style_terms | {f"{_AF}{name}": term for name, term in af_terms.items()}

    def _measured(self, mix: Tensor) -> tuple[Tensor, list[tuple[Tensor, ...]], list[tuple[Tensor, ...]]]:
        """Everything at once, so that all gradients to the mix meet in one tensor."""
        of_features, of_style = feature_measures(self.sample_rate), style_measures(self.sample_rate, mix)
        (energies,), *values = measure(mix, HopEnergies(self.sample_rate), *of_features, *of_style)
        return energies, values[: len(of_features)], values[len(of_features) :]


def is_mono(x: Tensor) -> bool:
    """Whether left and right of [..., 2, time] are the same but for noise."""
    left, right = x.unbind(-2)
    side, mid = (left - right).square().sum(), (left + right).square().sum()
    return bool(side <= 10 ** (MONO_DB / 10) * mid)


def is_warm() -> bool:
    """Whether the compiled kernels that distances are measured with are ready."""
    from diffmst.dsp.kernels import cpu_energy, cpu_frames, host
    from diffmst.dsp.kernels.cpu_spectra import scale_directions, spread_bands, sum_bands, sum_magnitudes

    of_audio = cpu_energy.filter_hops, cpu_frames.cut_frames, cpu_frames.add_frames
    return all(map(host.is_compiled, (*of_audio, sum_magnitudes, scale_directions, sum_bands, spread_bands)))


def warm_up() -> None:
    """Compiles them, or loads them from disk, by a moment of silence: a few seconds, once per machine."""
    silence = torch.zeros(1, 2, 1024)
    with torch.enable_grad():
        terms = ReferenceDistance(silence, 44_100)(silence.clone().requires_grad_())
        torch.stack(list(terms.values())).sum().backward()
