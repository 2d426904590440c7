"""What is made of spectra, and its adjoint, in plain torch, for any dtype and device.

The adjoints replace spectra X by half of the gradients to them, dL/dRe X + i dL/dIm X.
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_MAGNITUDE = 1e-20  # a direction is the quotient by at least this, and so zero at zero


def add_magnitudes(spectra: Tensor, sums: Tensor) -> None:
    """Add the magnitudes of all frames to the sums.

    Shape: spectra [items, rows, frames, bins]; sums [items, rows, bins].
    """
    sums += _magnitude(spectra).sum(-2)


def to_directions(spectra: Tensor, factors: Tensor) -> None:
    """Replace X by X / |X|, of which the gradient of |X| is made, times a factor for every bin.

    Shape: spectra [items, rows, frames, bins]; factors [items, rows, bins].
    """
    spectra.mul_(factors[..., None, :] / _magnitude(spectra).clamp(min=SMALLEST_MAGNITUDE))


def _magnitude(spectra: Tensor) -> Tensor:
    # Faster than abs(), whose care for overflow audio does not need.
    return (spectra.real.square() + spectra.imag.square()).sqrt()


def bands_of(weights: Tensor) -> Tensor:
    """Weights [bins, bands] as the functions below take them."""
    return weights


def band_power(spectra: Tensor, weights: Tensor) -> Tensor:
    """Power of two signals in bands, and the real part of X_0 conj(X_1), in every frame.

    Shape: spectra [items, 2, frames, bins]; returns [items, 3, frames, bands].
    """
    one, other = spectra.unbind(1)
    products = ((one, one), (other, other), (one, other))
    return torch.stack([(a.real * b.real + a.imag * b.imag) @ weights for a, b in products], 1)


def to_band_gradients(spectra: Tensor, gradient: Tensor, weights: Tensor) -> None:
    """Replace X_0 and X_1 by half of the gradients of A |X_0|^2 + B |X_1|^2 + C Re(X_0 conj X_1).

    These are A X_0 + C / 2 X_1 and B X_1 + C / 2 X_0.

    Shape: spectra [items, 2, frames, bins]; gradient [items, 3, frames, bands].
    """
    one, other = spectra.unbind(1)
    of_one, of_other, of_both = (gradient @ weights.T).unbind(1)
    halves = of_one * one + of_both / 2 * other, of_other * other + of_both / 2 * one
    one.copy_(halves[0])
    other.copy_(halves[1])
