"""Vectors made of the channels of a sample, and reductions over lanes, for what measures audio."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from diffmst.dsp.kernels.simd import Vec, llvm_type, reduced, shuffle

_INT32 = ir.IntType(32)


@intrinsic
def stereo(typing_context, left, right):
    """[left, right, left, right] in float64."""
    result = Vec(types.float64, 4)

    def generate(context, builder, sig, args):
        pair = ir.Constant(ir.VectorType(llvm_type(result).element, 2), ir.Undefined)
        for lane, (value, kind) in enumerate(zip(args, sig.args, strict=True)):
            wide = context.cast(builder, value, kind, types.float64)
            pair = builder.insert_element(pair, wide, ir.Constant(_INT32, lane))
        return shuffle(builder, pair, pair, [0, 1, 0, 1])

    return result(left, right), generate


@intrinsic
def halves(typing_context, vec):
    """The lower and the upper half of the lanes."""
    half = Vec(vec.element, vec.lanes // 2)

    def generate(context, builder, sig, args):
        split = [shuffle(builder, args[0], args[0], range(at, at + half.lanes)) for at in (0, half.lanes)]
        return context.make_tuple(builder, sig.return_type, split)

    return types.UniTuple(half, 2)(vec), generate


@intrinsic
def highest(typing_context, vec):
    """The largest of all lanes, which are numbers."""

    def generate(context, builder, sig, args):
        def higher(low, high):
            return builder.select(builder.fcmp_ordered(">", low, high), low, high)

        return reduced(builder, args[0], higher)

    return vec.element(vec), generate


@intrinsic
def ramp(typing_context, like):
    """[0, 1, 2, ...] in a vector of the type of `like`."""

    def generate(context, builder, sig, args):
        return ir.Constant(llvm_type(like), [float(lane) for lane in range(like.lanes)])

    return like(like), generate
