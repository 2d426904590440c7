from collections import namedtuple

import numba
import numpy as np
import pytest

from diffmst.dsp.kernels.host import LANES, WIDTH
from diffmst.dsp.kernels.simd import (
    absolute,
    copysign,
    fma,
    load,
    maximum,
    minimum,
    pointers,
    select,
    splat,
    store,
    swap_pairs,
    total,
)
from diffmst.dsp.kernels.simd_math import exp2, log2_parts
from diffmst.dsp.kernels.simd_square import load_many, store_many, transpose

LOG2_TOLERANCE = 5e-8  # half a digit of float32 at the largest fraction, 1/2, and the fit
EXP2_TOLERANCE = 1.2e-7  # one digit of float32, relative


Operands = namedtuple("Operands", "a b out")
Powers = namedtuple("Powers", "x whole fraction power")
Squares = namedtuple("Squares", "source target")


@numba.njit
def _arithmetic(operands):
    a, b, out = pointers(operands)
    x, y = load(a, 0, 8), load(b, 0, 8)
    store(out, 0, x + y)
    store(out, 8, x - y)
    store(out, 16, x * y)
    store(out, 24, x / y)
    store(out, 32, fma(x, y, splat(1, x)))
    store(out, 40, maximum(x, y))
    store(out, 48, minimum(x, y))
    store(out, 56, copysign(absolute(y), x))
    store(out, 64, select(x < y, x, select(x == y, splat(0.0, x), y)))
    store(out, 72, swap_pairs(x))
    out[80] = total(x)


@numba.njit
def _logarithm_and_power(powers, count):
    x, whole, fraction, power = pointers(powers)
    for i in range(0, count, WIDTH):
        whole_part, fraction_part = log2_parts(load(x, i, WIDTH))
        store(whole, i, whole_part)
        store(fraction, i, fraction_part)
        store(power, i, exp2(load(x, i, WIDTH)))


@numba.njit
def _transpose(squares, stride):
    source, target = pointers(squares)
    store_many(target, 0, LANES, transpose(load_many(source, 0, stride, LANES)))


def _evaluate(x):
    """Logarithm in two parts and power of two of float32 values."""
    padded = np.resize(x.astype(np.float32), -(-x.size // WIDTH) * WIDTH)
    powers = Powers(padded, *(np.empty_like(padded) for _ in range(3)))
    _logarithm_and_power(powers, padded.size)
    return [values[: x.size].astype(np.float64) for values in powers]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operations_act_lane_by_lane(dtype):
    a = np.array([1, -2, 3, -4, 5.5, 0, 7, -8], dtype)
    b = np.array([2, -3, 3, 0.5, -1, 9, 7, 8], dtype)
    out = np.empty(81, dtype)
    _arithmetic(Operands(a, b, out))
    expected = [a + b, a - b, a * b, a / b, a * b + 1, np.maximum(a, b), np.minimum(a, b), np.copysign(b, a)]
    chosen = np.where(a < b, a, np.where(a == b, 0, b))
    swapped = a.reshape(4, 2)[:, ::-1].ravel()
    np.testing.assert_array_equal(out[:80].reshape(10, 8), [*expected, chosen, swapped])
    assert out[80] == a.sum()


def test_maximum_and_minimum_pass_over_what_is_not_a_number():
    a, b, out = np.full(8, np.nan), np.arange(8.0) + 1, np.empty(81)
    _arithmetic(Operands(a, b, out))
    np.testing.assert_array_equal(out[40:56], [*b, *b])


def test_memory_need_not_be_aligned_and_keeps_its_type():
    memory = np.arange(9, dtype=np.float32)
    out = np.empty(81)
    _arithmetic(Operands(memory[1:], memory[:8], out.astype(np.float32)))
    _arithmetic(Operands(memory[1:].astype(np.float64), memory[:8].astype(np.float64), out))
    np.testing.assert_array_equal(out[:8], memory[1:] + memory[:8])


@pytest.mark.parametrize("target", [np.float32, np.float64])
def test_transpose_exchanges_rows_and_columns(target):
    rows = np.arange(LANES * (LANES + 3), dtype=np.float32).reshape(LANES, LANES + 3)
    out = np.empty(LANES * LANES, target)
    _transpose(Squares(rows.ravel(), out), LANES + 3)
    np.testing.assert_array_equal(out.reshape(LANES, LANES), rows[:, :LANES].T)


def test_logarithm_is_exact_to_the_last_digit():
    x = np.concatenate([np.geomspace(1.2e-38, 1e38, 5000), np.linspace(0.7, 1.5, 5000)]).astype(np.float32)
    _, whole, fraction, _ = _evaluate(x)
    np.testing.assert_array_equal(whole, np.rint(whole))
    assert np.abs(fraction).max() <= 0.5 + LOG2_TOLERANCE
    np.testing.assert_allclose(whole + fraction, np.log2(x.astype(np.float64)), rtol=0, atol=LOG2_TOLERANCE)


def test_power_of_two_is_exact_to_the_last_digit():
    x = np.linspace(-125, 125, 20_001, dtype=np.float32)
    *_, power = _evaluate(x)
    np.testing.assert_allclose(power, 2 ** x.astype(np.float64), rtol=EXP2_TOLERANCE, atol=0)


def test_power_of_two_is_limited_to_normal_numbers():
    *_, power = _evaluate(np.array([-np.inf, -1000.0, 1000.0, np.inf]))
    np.testing.assert_array_equal(power, [2.0**-126, 2.0**-126, 2.0**126, 2.0**126])
