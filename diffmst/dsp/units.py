"""Conversions between decibels and amplitudes."""

from __future__ import annotations

import math

from diffmst.arrays import Array, library

FLOOR_DB = -140.0  # level given to silence: below the noise of 24-bit audio


def db_to_amplitude(db: Array) -> Array:
    """Amplitude of a level in dB; the gradient is finite everywhere.

    >>> import torch
    >>> db_to_amplitude(torch.tensor([0.0, 20.0]))
    tensor([ 1., 10.])
    """
    return library(db).exp(db * (math.log(10) / 20))


def amplitude_to_db(amplitude: Array) -> Array:
    """Level in dB of an amplitude of either sign, at least `FLOOR_DB`, where the gradient is zero.

    >>> import torch
    >>> amplitude_to_db(torch.tensor([1.0, -0.1, 0.0]))
    tensor([   0.,  -20., -140.])
    """
    xp = library(amplitude)
    return 20 * xp.log10(xp.clip(abs(amplitude), 10 ** (FLOOR_DB / 20), None))
