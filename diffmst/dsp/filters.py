"""Parametric equalizer: RBJ biquads with float64 coefficients.

Reference: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from diffmst.arrays import Array, double, library, like
from diffmst.dsp import recurrence

if TYPE_CHECKING:
    from torch import Tensor

BANDS = 6  # low shelf, four peaking filters, high shelf
HIGHEST_FREQUENCY = 0.48  # of the sample rate: above it a band is held there, since the formulae end at one half

BandFormula = Callable[[Any, Any, Any], tuple[Any, ...]]


def equalizer(x: Tensor, sample_rate: int, *, gain_db: Tensor, freq_hz: Tensor, q: Tensor) -> Tensor:
    """Six-band parametric equalizer: low shelf, four peaking bands, high shelf.

    Args:
        x: signal.
        sample_rate: samples per second.
        gain_db: gain of every band at its frequency (peaking), below it (low shelf) or above it (high shelf).
        freq_hz: centre of a peaking band, middle of the slope of a shelf; held at 0.48 * sample_rate if higher.
        q: quality factor; a shelf with q above 0.71 overshoots.

    Shape: x [batch, channels, time]; each control [batch, 6]; returns the shape of x.

    >>> import torch
    >>> x = torch.ones(1, 2, 64)
    >>> flat = equalizer(x, 44_100, gain_db=torch.zeros(1, 6), freq_hz=torch.full((1, 6), 1e3), q=torch.ones(1, 6))
    >>> torch.allclose(flat, x)
    True
    """
    coefficients = equalizer_coefficients(sample_rate, gain_db, freq_hz, q)
    rows = coefficients.unsqueeze(1).expand(-1, x.shape[1], -1, -1)
    return recurrence.equalize(x, rows)[0]


def equalizer_coefficients(sample_rate: int, gain_db: Array, freq_hz: Array, q: Array) -> Array:
    """Coefficients of the six biquads of `equalizer`, in float64.

    Args:
        sample_rate: samples per second.
        gain_db: gain of every band.
        freq_hz: frequency of every band.
        q: quality factor of every band.

    Shape: each control [..., 6]; returns [..., 6, 5]: b0, b1, b2, a1, a2, with a0 = 1.

    Raises:
        ValueError: if a control does not have six bands.
    """
    for name, control in (("gain_db", gain_db), ("freq_hz", freq_hz), ("q", q)):
        if control.shape[-1] != BANDS:
            raise ValueError(f"{name} must have {BANDS} bands, got {control.shape[-1]}")
    shelves, peaks = slice(None, None, BANDS - 1), slice(1, BANDS - 1)
    outer = _coefficients(
        _low_and_high_shelf, sample_rate, gain_db[..., shelves], freq_hz[..., shelves], q[..., shelves]
    )
    inner = _coefficients(_peaking, sample_rate, gain_db[..., peaks], freq_hz[..., peaks], q[..., peaks])
    return library(gain_db).concat([outer[..., :1, :], inner, outer[..., 1:, :]], -2)


def low_shelf_coefficients(sample_rate: int, gain_db: Array, freq_hz: Array, q: Array) -> Array:
    """Low shelf: `gain_db` below `freq_hz`. Shape: controls [...]; returns [..., 5] float64."""
    return _coefficients(_low_shelf, sample_rate, gain_db, freq_hz, q)


def peaking_coefficients(sample_rate: int, gain_db: Array, freq_hz: Array, q: Array) -> Array:
    """Peaking filter: `gain_db` at `freq_hz`. Shape: controls [...]; returns [..., 5] float64."""
    return _coefficients(_peaking, sample_rate, gain_db, freq_hz, q)


def high_shelf_coefficients(sample_rate: int, gain_db: Array, freq_hz: Array, q: Array) -> Array:
    """High shelf: `gain_db` above `freq_hz`. Shape: controls [...]; returns [..., 5] float64."""
    return _coefficients(_high_shelf, sample_rate, gain_db, freq_hz, q)


def frequency_response_db(coefficients: Array, sample_rate: int, frequencies_hz: Array) -> Array:
    """Magnitude of a cascade of biquads, in dB.

    Args:
        coefficients: b0, b1, b2, a1, a2 of every stage.
        sample_rate: samples per second.
        frequencies_hz: where to evaluate it.

    Shape: coefficients [..., stages, 5]; frequencies_hz [points]; returns [..., points].

    >>> import torch
    >>> one = torch.tensor([1000.0])
    >>> bell = peaking_coefficients(44_100, torch.tensor([6.0]), one, torch.tensor([1.0]))
    >>> frequency_response_db(bell, 44_100, one)
    tensor([6.0000], dtype=torch.float64)
    """
    xp = library(coefficients)
    b0, b1, b2, a1, a2 = xp.moveaxis(double(coefficients)[..., None, :], -1, 0)
    # |c0 + c1 z^-1 + c2 z^-2|^2 by s = sin^2(w / 2), which keeps its digits at low frequencies where cos w does not:
    # (c0 + c1 + c2)^2 - 4 s (c0 c1 + 4 c0 c2 + c1 c2) + 16 s^2 c0 c2.
    s = xp.sin(math.pi * double(frequencies_hz) / sample_rate) ** 2

    def power(c0: Array | float, c1: Array, c2: Array) -> Array:
        return (c0 + c1 + c2) ** 2 - 4 * s * (c0 * c1 + 4 * c0 * c2 + c1 * c2) + 16 * s**2 * c0 * c2

    return 10 * xp.log10(power(b0, b1, b2) / power(1.0, a1, a2)).sum(-2)


def _coefficients(formula: BandFormula, sample_rate: int, gain_db: Array, freq_hz: Array, q: Array) -> Array:
    """Evaluate a cookbook formula of A, cos w and alpha, and divide by a0."""
    xp = library(freq_hz)
    omega = 2 * math.pi / sample_rate * xp.clip(double(freq_hz), None, HIGHEST_FREQUENCY * sample_rate)
    amplitude = 10 ** (double(gain_db) / 40)
    alpha = xp.sin(omega) / (2 * double(q))
    b0, b1, b2, a0, a1, a2 = formula(amplitude, xp.cos(omega), alpha)
    return xp.stack([b0, b1, b2, a1, a2], -1) / a0[..., None]


def _peaking(amplitude: Array, cosine: Array, alpha: Array) -> tuple[Array, ...]:
    """b0, b1, b2, a0, a1, a2."""
    boost, cut = alpha * amplitude, alpha / amplitude
    return 1 + boost, -2 * cosine, 1 - boost, 1 + cut, -2 * cosine, 1 - cut


def _low_shelf(amplitude: Array, cosine: Array, alpha: Array) -> tuple[Array, ...]:
    """b0, b1, b2, a0, a1, a2."""
    up, down, slope = amplitude + 1, amplitude - 1, 2 * library(amplitude).sqrt(amplitude) * alpha
    up_cosine, down_cosine = up * cosine, down * cosine
    above, below = up - down_cosine, up + down_cosine
    return (
        amplitude * (above + slope),
        2 * amplitude * (down - up_cosine),
        amplitude * (above - slope),
        below + slope,
        -2 * (down + up_cosine),
        below - slope,
    )


def _high_shelf(amplitude: Array, cosine: Array, alpha: Array) -> tuple[Array, ...]:
    """b0, b1, b2, a0, a1, a2: the low shelf mirrored at a quarter of the sample rate, where z becomes -z."""
    b0, b1, b2, a0, a1, a2 = _low_shelf(amplitude, -cosine, alpha)
    return b0, -b1, b2, a0, -a1, a2


def _low_and_high_shelf(amplitude: Array, cosine: Array, alpha: Array) -> tuple[Array, ...]:
    """Both at once, [..., 2]."""
    side = like(np.array([1.0, -1.0]), cosine)
    b0, b1, b2, a0, a1, a2 = _low_shelf(amplitude, side * cosine, alpha)
    return b0, side * b1, b2, a0, side * a1, a2
