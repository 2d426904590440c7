"""Audio as the bytes of a WAV file, compiled by numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from diffmst.dsp.kernels.host import WIDTH, kernel, part
from diffmst.dsp.kernels.simd import (
    fma,
    load,
    maximum,
    minimum,
    pointers,
    select,
    shifted,
    shuffle,
    splat,
    total,
    vector_pointer,
)

TILE = 4096  # values at a time
SPARE_BYTES = 4 * WIDTH  # after the data, that may be overwritten
_BYTE = ir.IntType(8)


class Samples(NamedTuple):
    """Audio, and room for its bytes.

    Attributes:
        audio: float32, flat [channels, time].
        channels: of the audio.
        time: samples.
        width: bytes of a value: 2 or 3 for integers, 4 for float32.
        interleaved: scratch, float32 [TILE + WIDTH].
        data: uint8 [time * channels * width + SPARE_BYTES].
    """

    audio: np.ndarray
    channels: int
    time: int
    width: int
    interleaved: np.ndarray
    data: np.ndarray


@intrinsic
def _nearest(typing_context, vec):
    """The nearest integer of every lane, the even one of two."""

    def generate(context, builder, sig, args):
        kind = ir.FunctionType(args[0].type, [args[0].type])
        name = f"llvm.rint.v{vec.lanes}f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return vec(vec), generate


@intrinsic(prefer_literal=True)
def _store_bytes(typing_context, pointer, index, vec, width):
    """Write the low `width` bytes of every lane, rounded to an integer, or all four of the float."""
    lanes, literal = vec.lanes, width.literal_value

    def generate(context, builder, sig, args):
        value = args[2]
        if literal < 4:
            value = builder.fptosi(value, ir.VectorType(ir.IntType(32), lanes))
        every = builder.bitcast(value, ir.VectorType(_BYTE, 4 * lanes))
        kept = shuffle(builder, every, every, [4 * lane + byte for lane in range(lanes) for byte in range(literal)])
        written = builder.store(kept, vector_pointer(builder, args[0], args[1], kept.type))
        written.align = 1
        return context.get_dummy_value()

    return types.void(pointer, types.intp, vec, width), generate


@kernel
def encode(samples):
    """Write the interleaved bytes, little endian.

    Returns:
        How many values exceeded full scale and were clipped, and whether all were finite.
    """
    audio = pointers(samples)
    clipped, finite = 0, True
    step = TILE // audio.channels
    for start in range(0, audio.time, step):
        count = min(step, audio.time - start)
        _interleave(audio, start, count)
        data = shifted(audio.data, start * audio.channels * audio.width)
        over, is_finite = _convert(audio.interleaved, count * audio.channels, audio.width, data)
        clipped += over
        finite = finite and is_finite
    return clipped, finite


@part
def _interleave(samples, start, count):
    for channel in range(samples.channels):
        source = channel * samples.time + start
        for n in range(count):
            samples.interleaved[n * samples.channels + channel] = samples.audio[source + n]


@part
def _convert(values, count, width, data):
    """Write the bytes of values; returns how many were clipped, and whether all were finite."""
    zero = splat(0.0, load(values, 0, WIDTH))
    one, scale = splat(1.0, zero), splat(2.0 ** (8 * width - 1), zero)
    clipped, check = zero, zero
    for i in range(count, count + WIDTH):
        values[i] = 0
    for i in range(0, count, WIDTH):
        x = load(values, i, WIDTH)
        check = fma(x, zero, check)  # what is not finite, times zero, is not a number
        if width == 4:
            _store_bytes(data, i * 4, x, 4)
        else:
            steps = _nearest(x * scale)
            kept = minimum(maximum(steps, zero - scale), scale - one)
            clipped = clipped + select(kept == steps, zero, one)
            if width == 3:
                _store_bytes(data, i * 3, kept, 3)
            else:
                _store_bytes(data, i * 2, kept, 2)
    return int(total(clipped)), total(check) == 0
