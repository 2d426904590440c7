"""Distances to the very mix that is wanted, where there is one: both hold the same music, sample by sample."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffmst.dsp.loudness import normalize_loudness
from diffmst.evaluation.metrics.style_distance import COMPARED_AT_LUFS
from diffmst.losses import MultiResolutionSTFTLoss

BEST_SI_SDR_DB = 100.0
"""More is rounding."""


def paired_figures(mix: Tensor, wanted: Tensor, sample_rate: int) -> dict[str, float]:
    """MRSTFT at equal loudness, and SI-SDR; both mixes begin with the stems, and the longer is cut.

    Shape: both [1, 2, time], each longer than half a window of 8192 samples.
    """
    shared = min(mix.shape[-1], wanted.shape[-1])
    mix, wanted = mix[..., :shared], wanted[..., :shared]
    at_equal_loudness = (normalize_loudness(song, sample_rate, COMPARED_AT_LUFS) for song in (mix, wanted))
    with torch.no_grad():
        terms = MultiResolutionSTFTLoss()(*at_equal_loudness)
    return {"mrstft": float(sum(terms.values())), "si_sdr_db": si_sdr_db(mix, wanted)}


def si_sdr_db(estimate: Tensor, target: Tensor) -> float:
    """Scale-invariant signal-to-distortion ratio, of all channels as one vector, within `BEST_SI_SDR_DB` either way.

    With the target s and the estimate e, the share of the target is a s with a = <e, s> / <s, s>, and the ratio that of
    |a s|^2 and |a s - e|^2. What a filter does to the target, a delay of one sample too, counts as distortion.

    Shape: both alike.

    Reference: Le Roux, Wisdom, Erdogan, Hershey, "SDR: half-baked or well done?", ICASSP 2019.

    >>> target = torch.tensor([1.0, 0.0, 1.0, 0.0])
    >>> round(si_sdr_db(3 * (target + torch.tensor([0.0, 0.1, 0.0, -0.1])), target), 2)
    20.0
    """
    e, s = estimate.double().flatten(), target.double().flatten()
    # |a s|^2 = <e, s>^2 / <s, s>, and as a s and e - a s are at right angles, |a s - e|^2 = <e, e> - |a s|^2.
    wanted = float(e @ s) ** 2 / max(float(s @ s), _NOTHING)
    rest = max(float(e @ e) - wanted, 0.0)
    ratio_db = 10 * math.log10(max(wanted, _NOTHING) / max(rest, _NOTHING))
    return min(max(ratio_db, -BEST_SI_SDR_DB), BEST_SI_SDR_DB)


_NOTHING = 1e-30
