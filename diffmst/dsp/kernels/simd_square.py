"""Squares of n vectors of n lanes, as tuples: loaded, transposed in registers, stored."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from diffmst.dsp.kernels.simd import Vec, convert, llvm_type, shuffle, vector_pointer


@intrinsic(prefer_literal=True)
def load_many(typing_context, pointer, index, stride, lanes):
    """`lanes` vectors of `lanes` elements, `stride` elements apart, as a tuple."""
    vec = Vec(pointer.dtype, lanes.literal_value)
    result = types.UniTuple(vec, vec.lanes)

    def generate(context, builder, sig, args):
        values = []
        for row in range(vec.lanes):
            offset = builder.add(args[1], builder.mul(args[2], ir.Constant(args[2].type, row)))
            value = builder.load(vector_pointer(builder, args[0], offset, llvm_type(vec)))
            value.align = pointer.dtype.bitwidth // 8
            values.append(value)
        return context.make_tuple(builder, sig.return_type, values)

    return result(pointer, types.intp, types.intp, lanes), generate


@intrinsic
def store_many(typing_context, pointer, index, stride, vectors):
    """Write a tuple of vectors, `stride` elements apart, in the type of the pointer."""
    target = Vec(pointer.dtype, vectors.dtype.lanes)

    def generate(context, builder, sig, args):
        for row, vector in enumerate(cgutils.unpack_tuple(builder, args[3])):
            offset = builder.add(args[1], builder.mul(args[2], ir.Constant(args[2].type, row)))
            value = convert(builder, vector, llvm_type(target))
            written = builder.store(value, vector_pointer(builder, args[0], offset, value.type))
            written.align = pointer.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(pointer, types.intp, types.intp, vectors), generate


@intrinsic
def transpose(typing_context, vectors):
    """The square of n vectors of n lanes, transposed in registers.

    Step d = 1, 2, 4, ... exchanges the off-diagonal d x d squares of every 2d x 2d square: log2(n) shuffles a vector.
    """
    lanes = vectors.dtype.lanes

    def generate(context, builder, sig, args):
        rows = list(cgutils.unpack_tuple(builder, args[0]))
        step = 1
        while step < lanes:
            even = [j if not j & step else lanes + j - step for j in range(lanes)]
            odd = [j + step if not j & step else lanes + j for j in range(lanes)]
            for i in range(lanes):
                if not i & step:
                    upper, lower = rows[i], rows[i + step]
                    rows[i] = shuffle(builder, upper, lower, even)
                    rows[i + step] = shuffle(builder, upper, lower, odd)
            step *= 2
        return context.make_tuple(builder, sig.return_type, rows)

    return vectors(vectors), generate
