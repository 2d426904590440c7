"""grafx, its differentiable equalizer and compressor with their defaults where there is a choice.

It differs in that its equalizer is a finite response of 4000 taps, sampled from the frequency response; in that the
level of a stereo signal is the mean energy of its channels, with a floor of -50 dB; and in that its smoother starts
above unity gain.
"""

from __future__ import annotations

import math
import sys
import warnings
from functools import cache
from importlib.util import find_spec
from types import ModuleType

import torch
from torch import Tensor

from bench.contenders.composition import Controls
from diffmst.dsp.stereo import pan_gains

if find_spec("torchaudio") is None:
    # grafx imports it for another of its filters, and PyPI has no build of it for torch without CUDA.
    for _name in ("torchaudio", "torchaudio.functional"):
        sys.modules[_name] = ModuleType(_name)
    sys.modules["torchaudio"].__version__ = "2.4.0"  # type: ignore[attr-defined]
    sys.modules["torchaudio.functional"].lfilter = None  # type: ignore[attr-defined]

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from grafx.processors.dynamics import Compressor
    from grafx.processors.eq import ParametricEqualizer

_NEPER_PER_DB = math.log(10) / 20
_ENERGY_PER_DB = math.log(10) / 10
_THRESHOLD_SHIFT = 6.0  # it subtracts this from its threshold


def gain(x: Tensor, gain_db: Tensor) -> Tensor:
    """Its gain is a product with the exponential of a logarithm, as here."""
    return x * torch.exp(_NEPER_PER_DB * gain_db)[:, None, None]


def equalizer(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """Six biquads as a finite response."""
    position = 2 * controls["freq_hz"] / sample_rate
    raw = (torch.logit(position), -torch.log(controls["q"]), _NEPER_PER_DB / 2 * controls["gain_db"])
    return _equalizer(x.device, x.dtype)(x, *(control[:, None] for control in raw))


def compressor(x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
    """It gives amplitudes the gain of energies, twice the dB: a ratio of 2 / (1 + 1 / ratio) makes up for it."""
    times_ms = torch.stack([controls["attack_ms"], controls["release_ms"]], -1)
    coefficients = -torch.expm1(-1000 / (times_ms * sample_rate))
    y = _compressor()(
        x,
        log_threshold=(_ENERGY_PER_DB * controls["threshold_db"] + _THRESHOLD_SHIFT)[:, None],
        log_ratio=torch.log(2 / (1 + 1 / controls["ratio"]) - 1)[:, None],
        log_knee=torch.log(_ENERGY_PER_DB * controls["knee_db"])[:, None],
        z_alpha_post=torch.logit(coefficients),
    )
    return gain(y, controls["makeup_db"])


def panned_sum(x: Tensor, pan: Tensor) -> Tensor:
    """See `Effects.panned_sum`."""
    return (pan_gains(pan).T @ x[:, 0])[None]


@cache
def _equalizer(device: torch.device, dtype: torch.dtype) -> ParametricEqualizer:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return ParametricEqualizer(num_filters=6, flashfftconv=False).to(device)
    finally:
        torch.set_default_dtype(before)


@cache
def _compressor() -> Compressor:
    return Compressor(energy_smoother=None, gain_smoother="ballistics", gain_smooth_in_log=True, flashfftconv=False)
