"""How far a mix is from the style of its reference: as the paper measures it, and as refinement does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from diffmst.dsp.loudness import normalize_loudness
from diffmst.losses import STYLE_WEIGHTS, AudioFeatureLoss, StyleLoss

COMPARED_AT_LUFS = -16.0
"""Both are brought to this loudness, as references were in the published training."""

PUBLISHED_SCALES: Mapping[str, float] = MappingProxyType(
    {
        "af_rms": 1e-3,
        "af_crest_factor": 1e-1,
        "af_stereo_width": 1e-2,
        "af_stereo_imbalance": 1e-2,
        "af_bark_spectrum": 1.0,
        "af": 1.0,
    }
)
"""What one is in the paper's table of the AF terms: a figure is to be divided by it."""


def style_figures(mix: Tensor, reference: Tensor, sample_rate: int) -> dict[str, float]:
    """The weighted AF terms and their sum, and the style terms that do not depend on the level; whole songs.

    Shape: mix and reference [1, 2, time], of any lengths.
    """
    mix, reference = (normalize_loudness(song, sample_rate, COMPARED_AT_LUFS) for song in (mix, reference))
    with torch.no_grad():
        audio_features = AudioFeatureLoss(sample_rate)(mix, reference)
        style = StyleLoss(sample_rate, weights=_STYLE_WEIGHTS)(mix, reference)
    figures = {f"af_{name.removesuffix('_db')}": float(term) for name, term in audio_features.items()}
    figures["af"] = sum(figures.values())
    return figures | {f"style_{name}": float(term) for name, term in style.items()}


_STYLE_WEIGHTS = {name: weight for name, weight in STYLE_WEIGHTS.items() if name != "level"}
