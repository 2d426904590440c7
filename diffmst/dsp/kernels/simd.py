"""A vector type for numba: `Vec`, a fixed number of float32 or float64 lanes, lowered to an LLVM vector.

Nothing here waits for the auto-vectoriser: a `Vec` is `<lanes x float>` in the generated code, and LLVM splits it
into the registers of the machine, whatever they are (AVX-512, AVX2, NEON, plain SSE2). Inside compiled functions

    x = load(pointer, index, 8)      # eight neighbouring elements
    y = fma(x, splat(0.5, x), x)     # 0.5 * x + x in every lane
    store(pointer, index, y)         # converted to the type the pointer points to

and `+`, `-`, `*`, `<`, `>`, `<=`, `>=`, `==` act lane by lane. The number of lanes in `load` must be a constant.
Memory is addressed by pointers, which `pointers` takes from arrays: numba counts references to arrays, atomically,
wherever one is handed on. Indices count elements and are not checked; the caller keeps the arrays alive.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

_ELEMENTS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.boolean: ir.IntType(1)}
_INT32 = ir.IntType(32)


class Vec(types.Type):
    """The numba type of a vector.

    Attributes:
        element: type of one lane: float32, float64, or boolean for the result of a comparison.
        lanes: number of lanes.
    """

    def __init__(self, element: types.Type, lanes: int):
        self.element, self.lanes = element, lanes
        super().__init__(name=f"Vec({element}, {lanes})")


@register_model(Vec)
class _VecModel(models.PrimitiveModel):
    def __init__(self, manager, vec):
        super().__init__(manager, vec, llvm_type(vec))


def llvm_type(vec: Vec) -> ir.VectorType:
    """The LLVM type of a vector."""
    return ir.VectorType(_ELEMENTS[vec.element], vec.lanes)


def shuffle(builder, a, b, lanes):
    """The numbered lanes of `a` followed by `b`."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INT32, len(lanes)), list(lanes)))


def convert(builder, value, target: ir.VectorType):
    """Float vector to the element type of `target`."""
    if value.type.element == target.element:
        return value
    return builder.fpext(value, target) if target.element == ir.DoubleType() else builder.fptrunc(value, target)


def vector_pointer(builder, pointer, index, vector: ir.VectorType):
    """Pointer to the vector that begins at an element."""
    return builder.bitcast(builder.gep(pointer, [index]), ir.PointerType(vector))


def _call(builder, name: str, vec: Vec, args):
    """An LLVM intrinsic whose operands and result are all of one vector type."""
    vector = llvm_type(vec)
    bits = 32 if vec.element is types.float32 else 64
    function_type = ir.FunctionType(vector, [vector] * len(args))
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.v{vec.lanes}f{bits}")
    return builder.call(function, args)


# --- memory ---------------------------------------------------------------------------------------------------------


@intrinsic
def pointers(typing_context, record):
    """A named tuple with every array in it replaced by the pointer to its first element."""
    fields = [types.CPointer(t.dtype) if isinstance(t, types.Array) else t for t in record.types]
    result = types.BaseTuple.from_types(fields, record.instance_class)

    def generate(context, builder, sig, args):
        values = [
            context.make_array(t)(context, builder, value).data if isinstance(t, types.Array) else value
            for t, value in zip(record.types, cgutils.unpack_tuple(builder, args[0]), strict=True)
        ]
        return context.make_tuple(builder, sig.return_type, values)

    return result(record), generate


@intrinsic(prefer_literal=True)
def load(typing_context, pointer, index, lanes):
    """`lanes` neighbouring elements."""
    vec = Vec(pointer.dtype, lanes.literal_value)

    def generate(context, builder, sig, args):
        value = builder.load(vector_pointer(builder, args[0], args[1], llvm_type(vec)))
        value.align = pointer.dtype.bitwidth // 8
        return value

    return vec(pointer, types.intp, lanes), generate


@intrinsic
def store(typing_context, pointer, index, vec):
    """Write a vector to neighbouring elements, in the type of the pointer."""
    target = Vec(pointer.dtype, vec.lanes)

    def generate(context, builder, sig, args):
        value = convert(builder, args[2], llvm_type(target))
        written = builder.store(value, vector_pointer(builder, args[0], args[1], value.type))
        written.align = pointer.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(pointer, types.intp, vec), generate


@intrinsic
def shifted(typing_context, pointer, index):
    """The pointer to an element further on."""
    return pointer(pointer, types.intp), lambda context, builder, sig, args: builder.gep(args[0], [args[1]])


@intrinsic
def prefetch(typing_context, pointer, index):
    """Ask for the cache line of an element that will be read soon. Any index will do."""

    def generate(context, builder, sig, args):
        address = builder.bitcast(builder.gep(args[0], [args[1]]), ir.PointerType(ir.IntType(8)))
        function_type = ir.FunctionType(ir.VoidType(), [address.type, _INT32, _INT32, _INT32])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
        read, keep_in_all_levels, data = (ir.Constant(_INT32, n) for n in (0, 3, 1))
        builder.call(function, [address, read, keep_in_all_levels, data])
        return context.get_dummy_value()

    return types.void(pointer, types.intp), generate


# --- between types and lanes ----------------------------------------------------------------------------------------


@intrinsic
def splat(typing_context, value, like):
    """The scalar in every lane of a vector of the type of `like`."""

    def generate(context, builder, sig, args):
        scalar = context.cast(builder, args[0], sig.args[0], like.element)
        single = builder.insert_element(ir.Constant(llvm_type(like), ir.Undefined), scalar, ir.Constant(_INT32, 0))
        return shuffle(builder, single, single, [0] * like.lanes)

    return like(value, like), generate


@intrinsic
def widen(typing_context, vec):
    """The vector in float64."""
    result = Vec(types.float64, vec.lanes)
    return result(vec), lambda context, builder, sig, args: convert(builder, args[0], llvm_type(result))


@intrinsic
def swap_pairs(typing_context, vec):
    """Lanes 0 and 1 exchanged, 2 and 3 exchanged, and so on."""

    def generate(context, builder, sig, args):
        return shuffle(builder, args[0], args[0], [lane ^ 1 for lane in range(vec.lanes)])

    return vec(vec), generate


def reduced(builder, value, combine):
    """One number of all lanes: halves combined, and their halves, and so on."""
    lanes = value.type.count
    while lanes > 1:
        lanes //= 2
        value = combine(*(shuffle(builder, value, value, range(at, at + lanes)) for at in (0, lanes)))
    return builder.extract_element(value, ir.Constant(_INT32, 0))


@intrinsic
def total(typing_context, vec):
    """Sum of all lanes, halves first."""
    return vec.element(vec), lambda context, builder, sig, args: reduced(builder, args[0], builder.fadd)


# --- arithmetic -----------------------------------------------------------------------------------------------------


class _SameVectors(AbstractTemplate):
    """Typing of an operator between two vectors of one type."""

    comparison = False

    def generic(self, args, kws):
        if len(args) == 2 and isinstance(args[0], Vec) and args[0] == args[1]:
            result = Vec(types.boolean, args[0].lanes) if self.comparison else args[0]
            return signature(result, *args)
        return None


class _ComparedVectors(_SameVectors):
    comparison = True


def _register_operators() -> None:
    arithmetic = {operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv"}
    for function, method in arithmetic.items():
        infer_global(function)(_SameVectors)
        lower_builtin(function, Vec, Vec)(
            lambda context, builder, sig, args, method=method: getattr(builder, method)(*args)
        )
    comparisons = {operator.lt: "<", operator.gt: ">", operator.le: "<=", operator.ge: ">=", operator.eq: "=="}
    for function, symbol in comparisons.items():
        infer_global(function)(_ComparedVectors)
        lower_builtin(function, Vec, Vec)(
            lambda context, builder, sig, args, symbol=symbol: builder.fcmp_ordered(symbol, *args)
        )


_register_operators()


@intrinsic
def fma(typing_context, a, b, c):
    """A * b + c, in one rounding where the machine can."""
    return a(a, b, c), lambda context, builder, sig, args: _call(builder, "fmuladd", a, args)


@intrinsic
def maximum(typing_context, a, b):
    """The larger in every lane; `b` where `a` is not a number."""

    def generate(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return a(a, b), generate


@intrinsic
def minimum(typing_context, a, b):
    """The smaller in every lane; `b` where `a` is not a number."""

    def generate(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered("<", *args), *args)

    return a(a, b), generate


@intrinsic
def absolute(typing_context, a):
    """Magnitude of every lane."""
    return a(a), lambda context, builder, sig, args: _call(builder, "fabs", a, args)


@intrinsic
def square_root(typing_context, a):
    """Square root of every lane."""
    return a(a), lambda context, builder, sig, args: _call(builder, "sqrt", a, args)


@intrinsic
def copysign(typing_context, a, b):
    """Magnitude of `a` with the sign of `b`."""
    return a(a, b), lambda context, builder, sig, args: _call(builder, "copysign", a, args)


@intrinsic
def floor(typing_context, a):
    """Largest integer not above each lane."""
    return a(a), lambda context, builder, sig, args: _call(builder, "floor", a, args)


@intrinsic
def select(typing_context, mask, a, b):
    """`a` where the mask is true, else `b`."""
    return a(mask, a, b), lambda context, builder, sig, args: builder.select(*args)
