"""Conversions between decibels and amplitudes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

FLOOR_DB = -140.0  # level given to silence: below the noise of 24-bit audio


def db_to_amplitude(db: Tensor) -> Tensor:
    """Amplitude of a level in dB; the gradient is finite everywhere.

    >>> db_to_amplitude(torch.tensor([0.0, 20.0]))
    tensor([ 1., 10.])
    """
    return torch.exp(db * (math.log(10) / 20))


def amplitude_to_db(amplitude: Tensor) -> Tensor:
    """Level in dB of an amplitude of either sign, at least `FLOOR_DB`, where the gradient is zero.

    >>> amplitude_to_db(torch.tensor([1.0, -0.1, 0.0]))
    tensor([   0.,  -20., -140.])
    """
    return 20 * torch.log10(amplitude.abs().clamp_min(10 ** (FLOOR_DB / 20)))
