"""Sums and peaks of two channels in one pass over float32 audio, compiled by numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.kernels.host import WIDTH, kernel, part
from diffmst.dsp.kernels.simd import absolute, fma, load, maximum, pointers, splat, total, widen
from diffmst.dsp.kernels.simd_audio import highest


class Levels(NamedTuple):
    """What there is to add up of a block of two channels.

    Attributes:
        peaks: the largest magnitude of each.
        sums: over the samples of each.
        squares: sums of the squares of each.
        product: sum of the products of both.
        apart: the largest magnitude of their difference.
    """

    peaks: tuple[float, float]
    sums: tuple[float, float]
    squares: tuple[float, float]
    product: float
    apart: float


class Rows(NamedTuple):
    """Two channels, float32 [time], which may be one."""

    left: np.ndarray
    right: np.ndarray
    time: int


def levels_of(left: np.ndarray, right: np.ndarray) -> Levels:
    """Levels of two channels, or of one given twice; added up in float64, always in one order.

    Shape: left and right [time] float32, contiguous.
    """
    return Levels(*measure(Rows(left, right, len(left))))


@kernel
def measure(rows):
    """`Levels`, as a plain tuple."""
    data = pointers(rows)
    whole = data.time - data.time % WIDTH
    (left_peak, right_peak, apart), (left_sum, right_sum, left_square, right_square, product) = _measure(data, whole)
    for n in range(whole, data.time):
        x, y = data.left[n], data.right[n]
        left_peak, right_peak, apart = max(left_peak, abs(x)), max(right_peak, abs(y)), max(apart, abs(x - y))
        x, y = np.float64(x), np.float64(y)
        left_sum, right_sum = left_sum + x, right_sum + y
        left_square, right_square, product = left_square + x * x, right_square + y * y, product + x * y
    return (left_peak, right_peak), (left_sum, right_sum), (left_square, right_square), product, apart


@part
def _measure(data, time):
    """Peaks of both channels and of their difference; sums of both, of their squares, and of their products."""
    none = splat(0.0, load(data.left, 0, WIDTH))
    left_peak, right_peak, apart = none, none, none
    nothing = widen(none)
    left_sum, right_sum, left_square, right_square, product = nothing, nothing, nothing, nothing, nothing
    for n in range(0, time, WIDTH):
        x, y = load(data.left, n, WIDTH), load(data.right, n, WIDTH)
        left_peak, right_peak = maximum(left_peak, absolute(x)), maximum(right_peak, absolute(y))
        apart = maximum(apart, absolute(x - y))
        x, y = widen(x), widen(y)
        left_sum, right_sum = left_sum + x, right_sum + y
        left_square, right_square, product = fma(x, x, left_square), fma(y, y, right_square), fma(x, y, product)
    peaks = highest(left_peak), highest(right_peak), highest(apart)
    return peaks, (total(left_sum), total(right_sum), total(left_square), total(right_square), total(product))
