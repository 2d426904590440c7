"""Base-2 logarithm and exponential of float32 vectors, to about the last digit of float32."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from diffmst.dsp.kernels.host import part
from diffmst.dsp.kernels.simd import floor, fma, maximum, minimum, splat

LOG2_TO_DB = 6.020599913279624  # 20 log10(2)
DB_TO_LOG2 = 0.16609640474436813

_MANTISSA_BITS = 23  # of a float32
_ROOT_HALF_BITS = 0x3F3504F3  # the float32 sqrt(1/2), as an integer
_LOG2_E = 1.4426950408889634
_LARGEST_EXPONENT = 126.0


@intrinsic
def _split(typing_context, a):
    """(m, e) with a = m * 2**e, m in [sqrt(1/2), sqrt(2)) and e integral, for normal positive float32."""

    def generate(context, builder, sig, args):
        integers = ir.VectorType(ir.IntType(32), a.lanes)
        bits = builder.bitcast(args[0], integers)
        shift = ir.Constant(integers, [_MANTISSA_BITS] * a.lanes)
        exponent = builder.ashr(builder.sub(bits, ir.Constant(integers, [_ROOT_HALF_BITS] * a.lanes)), shift)
        mantissa = builder.bitcast(builder.sub(bits, builder.shl(exponent, shift)), args[0].type)
        return context.make_tuple(builder, sig.return_type, [mantissa, builder.sitofp(exponent, args[0].type)])

    return types.UniTuple(a, 2)(a), generate


@intrinsic
def _scale(typing_context, a, exponent):
    """A * 2**exponent for integral exponents, as long as the result is a normal float32."""

    def generate(context, builder, sig, args):
        integers = ir.VectorType(ir.IntType(32), a.lanes)
        shift = ir.Constant(integers, [_MANTISSA_BITS] * a.lanes)
        shifted = builder.shl(builder.fptosi(args[1], integers), shift)
        return builder.bitcast(builder.add(builder.bitcast(args[0], integers), shifted), args[0].type)

    return a(a, exponent), generate


@part
def log2_parts(x):
    """(whole, fraction), log2(x) = whole + fraction, fraction in [-1/2, 1/2], for normal positive float32.

    With f = m - 1: ln(1 + f) = f - f^2 / 2 + f^3 p(f); p is a Chebyshev fit that leaves an error of 1.3e-8.
    """
    mantissa, whole = _split(x)
    f = mantissa - splat(1.0, x)
    square = f * f
    p = splat(-0.0790274366736412, x)
    p = fma(p, f, splat(0.12622319161891937, x))
    p = fma(p, f, splat(-0.12998183071613312, x))
    p = fma(p, f, splat(0.14214496314525604, x))
    p = fma(p, f, splat(-0.166412815451622, x))
    p = fma(p, f, splat(0.20001044869422913, x))
    p = fma(p, f, splat(-0.25000306963920593, x))
    p = fma(p, f, splat(0.3333333134651184, x))
    natural = f + square * fma(p, f, splat(-0.5, x))
    return whole, natural * splat(_LOG2_E, x)


@part
def exp2(x):
    """2**x, the exponent limited to [-126, 126].

    With k the integer next to x and f = x - k: 2**f = 1 + f q(f); q is a Chebyshev fit that leaves an error of 4e-9.
    """
    x = minimum(maximum(x, splat(-_LARGEST_EXPONENT, x)), splat(_LARGEST_EXPONENT, x))
    whole = floor(x + splat(0.5, x))
    f = x - whole
    q = splat(0.00015453163359779865, x)
    q = fma(q, f, splat(0.0013390863314270973, x))
    q = fma(q, f, splat(0.009618083015084267, x))
    q = fma(q, f, splat(0.055503569543361664, x))
    q = fma(q, f, splat(0.24022650718688965, x))
    q = fma(q, f, splat(0.6931471824645996, x))
    return _scale(fma(q, f, splat(1.0, x)), whole)
