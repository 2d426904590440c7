"""Complex numbers in memory, real and imaginary parts by turns, as vectors of the ones and of the others."""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic

from diffmst.dsp.kernels.host import WIDTH, part
from diffmst.dsp.kernels.simd import load, shuffle, store


@part
def load_complex(numbers, at):
    """Real and imaginary parts of WIDTH neighbouring numbers, of which the first is number `at`."""
    return _apart(load(numbers, 2 * at, WIDTH), load(numbers, 2 * at + WIDTH, WIDTH))


@part
def store_complex(numbers, at, real, imaginary):
    """Write WIDTH neighbouring numbers."""
    first, second = _together(real, imaginary)
    store(numbers, 2 * at, first)
    store(numbers, 2 * at + WIDTH, second)


@intrinsic
def _apart(typing_context, a, b):
    """Of the lanes of `a` followed by `b`, those of even and those of odd number."""

    def generate(context, builder, sig, args):
        halves = [shuffle(builder, args[0], args[1], range(first, 2 * a.lanes, 2)) for first in (0, 1)]
        return context.make_tuple(builder, sig.return_type, halves)

    return types.UniTuple(a, 2)(a, b), generate


@intrinsic
def _together(typing_context, a, b):
    """The inverse of `_apart`: lanes of `a` and of `b` by turns."""

    def generate(context, builder, sig, args):
        order = [lane // 2 + lane % 2 * a.lanes for lane in range(2 * a.lanes)]
        halves = [shuffle(builder, args[0], args[1], half) for half in (order[: a.lanes], order[a.lanes :])]
        return context.make_tuple(builder, sig.return_type, halves)

    return types.UniTuple(a, 2)(a, b), generate
