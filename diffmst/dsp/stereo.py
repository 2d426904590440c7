"""Gain, send, pan, balance and width."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from diffmst.arrays import Array, library
from diffmst.dsp.units import db_to_amplitude

if TYPE_CHECKING:
    from torch import Tensor

MONO_DB = -60.0  # a mix whose side is this far under its middle is mono: it says nothing about width
SEND_OFF_DB = -80.0  # a send at or below this level sends nothing


def gain(x: Tensor, sample_rate: int, *, gain_db: Tensor) -> Tensor:
    """The signal times a gain.

    Args:
        x: signal.
        sample_rate: not needed; all effects take it.
        gain_db: gain.

    Shape: x [batch, channels, time]; gain_db [batch]; returns the shape of x.
    """
    return x * db_to_amplitude(gain_db).to(x.dtype)[:, None, None]


def send(x: Tensor, sample_rate: int, *, gain_db: Tensor) -> Tensor:
    """What goes into an effect bus: the signal times a gain, nothing at or below `SEND_OFF_DB`.

    Args:
        x: signal.
        sample_rate: not needed; all effects take it.
        gain_db: level of the send.

    Shape: x [batch, channels, time]; gain_db [batch]; returns the shape of x.
    """
    return x * send_amplitude(gain_db).to(x.dtype)[:, None, None]


def send_amplitude(gain_db: Array) -> Array:
    """Amplitude of a send, exactly 0 at or below `SEND_OFF_DB`. Shape: any.

    >>> import torch
    >>> send_amplitude(torch.tensor([-80.0, 0.0]))
    tensor([0., 1.])
    """
    return library(gain_db).where(gain_db <= SEND_OFF_DB, 0.0, db_to_amplitude(gain_db))


def panner(x: Tensor, sample_rate: int, *, pan: Tensor) -> Tensor:
    """A mono signal panned, or a stereo signal balanced.

    Args:
        x: signal.
        sample_rate: not needed; all effects take it.
        pan: -1 is left, 0 the middle, 1 right.

    Shape: x [batch, 1 or 2, time]; pan [batch]; returns [batch, 2, time].

    Raises:
        ValueError: if x has neither one channel nor two.
    """
    if x.shape[1] not in (1, 2):
        raise ValueError(f"a signal to be panned must have 1 or 2 channels, got {x.shape[1]}")
    gains = pan_gains(pan) if x.shape[1] == 1 else balance_gains(pan)
    return x * gains.to(x.dtype)[..., None]


def pan_gains(pan: Array) -> Array:
    """Gains of a mono signal in left and right: constant power, sine and cosine, -3 dB in the middle.

    Args:
        pan: -1 is left, 0 the middle, 1 right.

    Shape: pan [...]; returns [..., 2].

    >>> import torch
    >>> pan_gains(torch.tensor([-1.0, 0.0])).square()
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    return _relative_gains(pan) / math.sqrt(2)


def balance_gains(pan: Array) -> Array:
    """Gains of the left and the right of a stereo signal: the side turned away from falls, the other stays.

    The falling side follows the pan law, relative to its middle: min(1, sqrt(2) cos) and min(1, sqrt(2) sin). The
    middle is a corner of both, where each takes the mean of its two slopes as gradient, so a search can leave it.

    Args:
        pan: -1 leaves the left alone, 0 changes nothing, 1 leaves the right alone.

    Shape: pan [...]; returns [..., 2].

    >>> import torch
    >>> balance_gains(torch.tensor([-1.0, 0.0]))
    tensor([[1., 0.],
            [1., 1.]])
    """
    xp, gains = library(pan), _relative_gains(pan)
    return xp.minimum(gains, xp.ones_like(gains))


def image(x: Tensor, sample_rate: int, *, width: Tensor) -> Tensor:
    """A stereo signal made narrower or wider: its side (left minus right) times a factor, its middle as it is.

    Args:
        x: signal.
        sample_rate: not needed; all effects take it.
        width: 0 is mono, 1 changes nothing, 2 doubles the side.

    Shape: x [batch, 2, time]; width [batch]; returns the shape of x.

    Raises:
        ValueError: if x does not have two channels.
    """
    if x.shape[1] != 2:
        raise ValueError(f"a signal to be widened must have 2 channels, got {x.shape[1]}")
    return width_gains(width).to(x.dtype) @ x


def width_gains(width: Array) -> Array:
    """Gains from left and right (rows) to left and right (columns) that scale the side.

    Args:
        width: 0 is mono, 1 changes nothing, 2 doubles the side.

    Shape: width [...]; returns [..., 2, 2].

    >>> import torch
    >>> width_gains(torch.tensor([0.0, 1.0])).tolist()
    [[[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]]
    """
    xp, own, other = library(width), (1 + width) / 2, (1 - width) / 2
    return xp.stack([xp.stack([own, other], -1), xp.stack([other, own], -1)], -2)


def pan_of(left: float, right: float, channels: int) -> float:
    """The pan of a mono track, or the balance of a stereo one, whose gains are to each other as these.

    With the angle a = pan pi / 4, a mono track has the gains (cos a - sin a, cos a + sin a) / sqrt 2, so tan a is their
    difference over their sum. Of a stereo track the side turned to is at 1, the other at sqrt 2 cos(|a| + pi / 4).

    Args:
        left: gain, 0 or more.
        right: likewise.
        channels: 1 for `pan_gains`, 2 for `balance_gains`.

    >>> pan_of(1, 1, channels=1), pan_of(0, 0.5, channels=2)
    (0.0, 1.0)
    """
    louder = max(left, right)
    if not louder or left == right:
        return 0.0
    if channels == 1:
        angle = math.atan2(right - left, right + left)
    else:
        angle = math.copysign(math.acos(min(left, right) / louder / math.sqrt(2)) - math.pi / 4, right - left)
    return min(max(4 / math.pi * angle, -1.0), 1.0)


def _relative_gains(pan: Array) -> Array:
    """sqrt(2) cos and sqrt(2) sin of (pan + 1) pi / 4, written so that both are exactly 1 in the middle."""
    xp, angle = library(pan), pan * (math.pi / 4)
    cosine, sine = xp.cos(angle), xp.sin(angle)
    return xp.stack([cosine - sine, cosine + sine], -1)
