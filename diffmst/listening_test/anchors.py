"""Anchors: the reference with its treble cut off, which everybody should hear to be worse."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, kaiserord, oaconvolve

Anchor = Literal["low", "mid"]

CUTOFF_HZ: dict[Anchor, float] = {"low": 3500.0, "mid": 7000.0}
NAMES: dict[Anchor, str] = {"low": "anchor 3.5 kHz", "mid": "anchor 7 kHz"}

# The standard asks for a pass band within 0.1 dB up to the cut-off, 25 dB of attenuation 500 Hz above it and 50 dB
# 1 kHz above it. Kaiser's design has one ripple for both bands: 60 dB is 0.009 dB in the pass band.
_TRANSITION_HZ = 500.0
_ATTENUATION_DB = 60.0


def low_passed(audio: NDArray[np.float32], sample_rate: int, anchor: Anchor) -> NDArray[np.float32]:
    """The sound without what lies above the anchor's cut-off, not delayed.

    Shape: audio [channels, time]; returns the same.

    Reference: ITU-R BS.1534-3, section 5.1, for the low anchor; the mid anchor has the same slope.
    """
    taps = _taps(sample_rate, CUTOFF_HZ[anchor])
    return oaconvolve(audio, taps[None], mode="same", axes=-1).astype(np.float32)


@cache
def _taps(sample_rate: int, cutoff_hz: float) -> NDArray[np.float64]:
    if sample_rate / 2 < cutoff_hz + _TRANSITION_HZ:
        raise ValueError(f"sample_rate must be at least {2 * (cutoff_hz + _TRANSITION_HZ):g} Hz, got {sample_rate}")
    length, beta = kaiserord(_ATTENUATION_DB, 2 * _TRANSITION_HZ / sample_rate)
    return firwin(length | 1, cutoff_hz + _TRANSITION_HZ / 2, window=("kaiser", beta), fs=sample_rate)
