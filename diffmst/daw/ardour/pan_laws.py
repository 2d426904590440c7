"""Ardour's pan laws, and ours said by them.

Ardour pans by a position from 0 (left) to 1 (right). Its law for mono differs from sine and cosine by up to 1 dB, so a
position that gives the right ratio of left and right comes with a correction of the fader; its balance of stereo is
linear in the side that falls, and says ours by position alone.
"""

from __future__ import annotations

import math

import numpy as np

from diffmst.dsp.stereo import balance_gains, pan_gains, pan_of

_MIDDLE_DB = -3.0
_BEND = 2 - 4 * 10 ** (_MIDDLE_DB / 20)  # of the law, so that both sides are at `_MIDDLE_DB` in the middle


def mono_gains(position: float) -> tuple[float, float]:
    """What Ardour's panner makes of a mono signal: factors of left and right.

    >>> mono_gains(0.0)
    (1.0, 0.0)
    """
    return _side(1 - position), _side(position)


def stereo_gains(position: float) -> tuple[float, float]:
    """What Ardour's balance makes of a stereo signal: factors of left and right."""
    return min(1.0, 2 - 2 * position), min(1.0, 2 * position)


def to_position(pan: float, channels: int) -> tuple[float, float]:
    """Ardour's position for our pan, and by how much the fader corrects its level.

    Args:
        pan: -1 left, 0 middle, 1 right.
        channels: 1 or 2.

    Returns:
        The position, 0 to 1, and the correction in dB.
    """
    if channels == 2:
        left, right = balance_gains(np.array(pan)).tolist()
        return (1 - left / 2 if left < right else right / 2), 0.0
    left, right = np.abs(pan_gains(np.array(pan))).tolist()  # abs: rounding may leave -0
    position = _position_of_ratio(left, right)
    return position, 20 * math.log10(math.hypot(left, right) / math.hypot(*mono_gains(position)))


def from_position(position: float, channels: int) -> tuple[float, float]:
    """Our pan for Ardour's position, and the correction of the fader that belongs to it; undoes `to_position`."""
    left, right = (stereo_gains if channels == 2 else mono_gains)(position)
    correction_db = 0.0 if channels == 2 else -20 * math.log10(math.hypot(left, right))
    return pan_of(left, right, channels), correction_db


def _side(share: float) -> float:
    return share * (_BEND * share + 1 - _BEND)


def _position_of_ratio(left: float, right: float) -> float:
    """Where Ardour's law has the ratio of left and right.

    With b the bend, right / left = p (b p + 1 - b) / ((1 - p) (1 - b p)) is a quadratic equation in p,

        b (left - right) p^2 + ((1 - b) left + (1 + b) right) p - right = 0,

    whose root in [0, 1] is written so that it stays exact where the first coefficient is zero, in the middle.
    """
    square, linear = _BEND * (left - right), (1 - _BEND) * left + (1 + _BEND) * right
    return 2 * right / (linear + math.sqrt(linear**2 + 4 * square * right))
