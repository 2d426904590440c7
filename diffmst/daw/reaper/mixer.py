"""REAPER's own mixer: faders in linear volume, and pan knobs whose laws a project may choose.

A mono track gets the law of -3 dB with sine taper: at the knob's position p left is cos and right is sin of
(p + 1) pi / 4, which is the pan law of the console. A stereo track gets the law of 0 dB with linear taper: the side
turned away from falls to 1 - |p|, the other stays; the knob stands where the balance of the console makes that of it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from diffmst.dsp import stereo

HIGHEST_FADER_DB = 12.0
"""Where the faders end, unless the user has set them otherwise."""

_MONO_LAW, _STEREO_LAW = math.sqrt(0.5), 1.0  # amplitude in the middle
_SINE, _LINEAR = 0, 2  # tapers


class PanKnob(NamedTuple):
    """A pan knob.

    Attributes:
        position: -1 .. 1.
        law: amplitude of both sides in the middle.
        taper: number of the curve.
    """

    position: float
    law: float
    taper: int


def pan_knob(pan: float, channels: int) -> PanKnob:
    """The knob that does what the panner of the console does.

    Args:
        pan: -1 .. 1, of the console.
        channels: 1 or 2, of what plays on the track.
    """
    if channels == 1:
        return PanKnob(pan, _MONO_LAW, _SINE)
    far = max(0.0, float(stereo.balance_gains(np.asarray(pan)).min()))
    return PanKnob(math.copysign(1 - far, pan) if pan else 0.0, _STEREO_LAW, _LINEAR)


def panned(position: float, channels: int) -> float:
    """The pan of the console for a position of the knob; the inverse of `pan_knob`.

    >>> round(panned(pan_knob(-0.25, 2).position, 2), 12)
    -0.25
    """
    position = min(max(position, -1.0), 1.0)
    if channels == 1:
        return position
    return stereo.pan_of(min(1.0, 1 - position), min(1.0, 1 + position), channels)


def send_volume(gain_db: float) -> float:
    """Linear volume of a send, 0 where it is off."""
    return float(stereo.send_amplitude(np.asarray(gain_db, np.float64)))
