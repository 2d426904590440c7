"""Biquad cascades on tiles of samples, forward and adjoint, all lanes at once, in float64.

A tile holds BLOCK samples of LANES rows, sample by sample: element `n * LANES + lane`. The signals between the
stages of a cascade lie in consecutive tiles, TILE_STRIDE apart: tile 0 is the input, tile k the output of stage k - 1.
"""

from __future__ import annotations

from diffmst.dsp.kernels.host import BLOCK, LANES, part
from diffmst.dsp.kernels.simd import absolute, fma, load, select, splat, store

FUSED = 3  # stages that run in one loop, so that each hides the latency of the others
FUSED_ADJOINT = 2  # the same for the adjoint, of which two fill the registers
STAGES_MULTIPLE = FUSED * FUSED_ADJOINT  # a cascade has a multiple of both
TILE = BLOCK * LANES
TILE_STRIDE = TILE + 17 * 8  # off the powers of two, where loads would wait for stores of the neighbouring tile
SMALLEST_STATE = 1e-30  # below it a state is nothing but the way to denormals, which are slow


@part
def _forward_coefficients(coefficients, stage):
    """(b0, b1 - a1 b0, b2 - a2 b0, -a1, -a2): the state then depends on the input and the state alone."""
    at = stage * 5 * LANES
    b0 = load(coefficients, at, LANES)
    b1 = load(coefficients, at + LANES, LANES)
    b2 = load(coefficients, at + 2 * LANES, LANES)
    zero = splat(0.0, b0)
    a1 = zero - load(coefficients, at + 3 * LANES, LANES)
    a2 = zero - load(coefficients, at + 4 * LANES, LANES)
    return b0, fma(a1, b0, b1), fma(a2, b0, b2), a1, a2


@part
def _load_state(state, stage):
    return load(state, stage * 2 * LANES, LANES), load(state, (stage * 2 + 1) * LANES, LANES)


@part
def _store_state(state, stage, values):
    store(state, stage * 2 * LANES, flush(values[0]))
    store(state, (stage * 2 + 1) * LANES, flush(values[1]))


@part
def flush(state):
    """The state, with what is too small to hear set to zero."""
    return select(absolute(state) < splat(SMALLEST_STATE, state), splat(0.0, state), state)


@part
def _step(coefficients, state, x):
    """One sample of a biquad in transposed direct form II.

    y = b0 x + z1;  z1' = b1 x - a1 y + z2 = (b1 - a1 b0) x - a1 z1 + z2;  z2' = b2 x - a2 y = (b2 - a2 b0) x - a2 z1
    """
    b0, c1, c2, a1, a2 = coefficients
    z1, z2 = state
    return fma(b0, x, z1), (fma(a1, z1, fma(c1, x, z2)), fma(a2, z1, c2 * x))


@part
def cascade(stages, coefficients, state, tiles, stride, count):
    """Filter `count` samples of tile 0; the output of every stage is left in the tile after it.

    Args:
        stages: number of stages, a multiple of STAGES_MULTIPLE.
        coefficients: b0, b1, b2, a1, a2 of every stage.
        state: z1, z2 of every stage; replaced by those after the last sample.
        tiles: the signals between the stages.
        stride: elements from tile to tile: TILE_STRIDE, or 0 to keep the output of the last stage alone, in tile 0.
        count: samples of the tile that exist.

    Shape: coefficients flat [stages, 5, LANES]; state flat [stages, 2, LANES].
    """
    for stage in range(0, stages, FUSED):
        first, second, third = (
            _forward_coefficients(coefficients, stage),
            _forward_coefficients(coefficients, stage + 1),
            _forward_coefficients(coefficients, stage + 2),
        )
        z_first, z_second, z_third = (
            _load_state(state, stage),
            _load_state(state, stage + 1),
            _load_state(state, stage + 2),
        )
        for n in range(count):
            at = stage * stride + n * LANES
            x, z_first = _step(first, z_first, load(tiles, at, LANES))
            store(tiles, at + stride, x)
            x, z_second = _step(second, z_second, x)
            store(tiles, at + 2 * stride, x)
            x, z_third = _step(third, z_third, x)
            store(tiles, at + 3 * stride, x)
        _store_state(state, stage, z_first)
        _store_state(state, stage + 1, z_second)
        _store_state(state, stage + 2, z_third)


@part
def cascade_adjoint(stages, coefficients, state, tiles, gradient, sums, count):
    """Turn the gradient to the output of a cascade into that to its input, and add up those to the coefficients.

    Args:
        stages: number of stages.
        coefficients: as in `cascade`.
        state: of the adjoint filters, which run backwards in time; replaced by those before the first sample.
        tiles: the signals between the stages, as `cascade` left them.
        gradient: one tile, replaced.
        sums: gradients to the coefficients, added to.
        count: as in `cascade`.

    Shape: sums flat [stages, 5, LANES]; the others as in `cascade`.
    """
    for ahead in range(0, stages, FUSED_ADJOINT):
        _two_stages_adjoint(stages - FUSED_ADJOINT - ahead, coefficients, state, tiles, gradient, sums, count)


@part
def _two_stages_adjoint(stage, coefficients, state, tiles, gradient, sums, count):
    """`cascade_adjoint` for a stage and the one after it."""
    first, second = _adjoint_coefficients(coefficients, stage), _adjoint_coefficients(coefficients, stage + 1)
    u_first, u_second = _load_state(state, stage), _load_state(state, stage + 1)
    zero = splat(0.0, first[0])
    sums_first = sums_second = (zero, zero, zero, zero, zero)
    for reverse in range(count):
        n = (count - 1 - reverse) * LANES
        x = load(tiles, stage * TILE_STRIDE + n, LANES)
        middle = load(tiles, (stage + 1) * TILE_STRIDE + n, LANES)
        y = load(tiles, (stage + 2) * TILE_STRIDE + n, LANES)
        g = load(gradient, n, LANES)
        g, u_second, sums_second = _adjoint_step(second, u_second, sums_second, middle, y, g)
        g, u_first, sums_first = _adjoint_step(first, u_first, sums_first, x, middle, g)
        store(gradient, n, g)
    _store_state(state, stage, u_first)
    _store_state(state, stage + 1, u_second)
    _add_sums(sums, stage, sums_first)
    _add_sums(sums, stage + 1, sums_second)


@part
def _adjoint_coefficients(coefficients, stage):
    """(b0, b1, b2, -a1, -a2)."""
    at = stage * 5 * LANES
    b0 = load(coefficients, at, LANES)
    zero = splat(0.0, b0)
    return (
        b0,
        load(coefficients, at + LANES, LANES),
        load(coefficients, at + 2 * LANES, LANES),
        zero - load(coefficients, at + 3 * LANES, LANES),
        zero - load(coefficients, at + 4 * LANES, LANES),
    )


@part
def _adjoint_step(coefficients, state, sums, x, y, g):
    """One sample of the adjoint of a biquad.

    From y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2] and g = dL/dy, with the adjoint signal
        u[n] = g[n] - a1 u[n+1] - a2 u[n+2]
    follow dL/dx[n] = b0 u[n] + b1 u[n+1] + b2 u[n+2], dL/dbi = sum u[n+i] x[n] and -dL/dai = sum u[n+i] y[n].
    """
    b0, b1, b2, a1, a2 = coefficients
    u1, u2 = state
    db0, db1, db2, da1, da2 = sums
    u = fma(a1, u1, fma(a2, u2, g))
    sums = fma(u, x, db0), fma(u1, x, db1), fma(u2, x, db2), fma(u1, y, da1), fma(u2, y, da2)
    return fma(b0, u, fma(b1, u1, b2 * u2)), (u, u1), sums


@part
def _add_sums(sums, stage, values):
    at = stage * 5 * LANES
    store(sums, at, load(sums, at, LANES) + values[0])
    store(sums, at + LANES, load(sums, at + LANES, LANES) + values[1])
    store(sums, at + 2 * LANES, load(sums, at + 2 * LANES, LANES) + values[2])
    store(sums, at + 3 * LANES, load(sums, at + 3 * LANES, LANES) - values[3])
    store(sums, at + 4 * LANES, load(sums, at + 4 * LANES, LANES) - values[4])
