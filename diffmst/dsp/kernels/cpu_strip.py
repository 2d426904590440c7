"""The two compiled kernels: a channel strip forward, and its adjoint, for one group of lanes.

Both run block by block through all stages, so that a block never leaves the cache. The forward pass may keep the
states at the start of every block; the adjoint takes the blocks from the last to the first, computes the signals
between the stages again from the states kept, and runs the adjoint stages over them in reverse.

A strip without stages is a compressor, one without a compressor an equalizer, and one that does not mix writes its
rows: the same two kernels serve `equalize`, `compress` and `strip`, and are compiled once.
"""

from __future__ import annotations

from diffmst.dsp.kernels.cpu_dynamics import (
    apply_gain,
    detect,
    detect_adjoint,
    gain_adjoint,
    smooth,
    smooth_adjoint,
)
from diffmst.dsp.kernels.cpu_filters import TILE, TILE_STRIDE, cascade, cascade_adjoint
from diffmst.dsp.kernels.cpu_tiles import copy, correlate, gather, mix, rows_to_tile, scatter, tile_to_rows, unmix
from diffmst.dsp.kernels.host import BLOCK, LANES, kernel, part
from diffmst.dsp.kernels.simd import pointers


@kernel
def forward(settings, route, signals, state, kept, keep, scratch):
    """Run a strip over whole rows.

    Args:
        settings: `Settings`.
        route: `Route`.
        signals: `Signals`; buses are added to.
        state: `Memory`, replaced by the states after the last sample.
        kept: `Memory` with a leading block axis: the states before each block.
        keep: whether to write `kept`.
        scratch: `Scratch`.
    """
    _forward(
        pointers(settings),
        pointers(route),
        pointers(signals),
        pointers(state),
        pointers(kept),
        keep,
        pointers(scratch),
    )


@part
def _forward(settings, route, signals, state, kept, keep, scratch):
    states = settings.stages * 2 * LANES
    for start in range(0, route.time, BLOCK):
        count = min(BLOCK, route.time - start)
        if keep:
            block = start // BLOCK
            copy(state.filters, 0, kept.filters, block * states, states)
            copy(state.gain, 0, kept.gain, block * LANES, LANES)
        _filter(settings, route, signals.x, start, count, state.filters, 0, scratch)
        if settings.compresses:
            _follow(settings, state.gain, count, scratch)
            apply_gain(scratch.exponent, scratch.audio, scratch.audio, count)
        tile_to_rows(scratch.audio, scratch.rows)
        if settings.outputs < 0:
            scatter(scratch.rows, signals.y, route.rows, start, count)
        else:
            _mix(settings, route, signals.y, start, count, scratch.rows)


@part
def _filter(settings, route, x, start, count, state, stride, scratch):
    """Equalized block, as a float32 tile; the signals between the stages stay in `signals`."""
    gather(x, route.inputs, start, count, scratch.rows)
    rows_to_tile(scratch.rows, scratch.signals)
    cascade(settings.stages, settings.coefficients, state, scratch.signals, stride, count)
    copy(scratch.signals, settings.stages * stride, scratch.audio, 0, TILE)


@part
def _follow(settings, state, count, scratch):
    """The gain of the compressor for a block, as an exponent of 2."""
    detect(settings.curve, scratch.audio, scratch.over, scratch.target, count)
    smooth(settings.ballistics, state, scratch.target, scratch.smoothed, scratch.exponent, count)


@part
def _mix(settings, route, buses, start, count, rows):
    for segment in range(route.segments):
        first = segment * route.segment
        for output in range(settings.outputs):
            at = route.buses[segment] + output * route.time + start
            mix(rows, first, first + route.live, settings.gains, output, buses, at, count)


@kernel
def backward(settings, route, signals, need_dx, state, kept, carry, sums, scratch):
    """Run the adjoint of a strip over whole rows.

    Args:
        settings: as in `forward`.
        route: as in `forward`.
        signals: `Signals`.
        need_dx: whether to write the gradient to the input.
        state: `Memory`, overwritten.
        kept: as `forward` left them.
        carry: `Memory` of the adjoint stages, zero.
        sums: `Sums`, added to.
        scratch: `Scratch`.
    """
    _backward(
        pointers(settings),
        pointers(route),
        pointers(signals),
        need_dx,
        pointers(state),
        pointers(kept),
        pointers(carry),
        pointers(sums),
        pointers(scratch),
    )


@part
def _backward(settings, route, signals, need_dx, state, kept, carry, sums, scratch):
    states = settings.stages * 2 * LANES
    blocks = (route.time + BLOCK - 1) // BLOCK
    for reverse in range(blocks):
        block = blocks - 1 - reverse
        start = block * BLOCK
        count = min(BLOCK, route.time - start)
        copy(kept.filters, block * states, state.filters, 0, states)
        copy(kept.gain, block * LANES, state.gain, 0, LANES)
        _filter(settings, route, signals.x, start, count, state.filters, TILE_STRIDE, scratch)
        if settings.compresses:
            _follow(settings, state.gain, count, scratch)
        if settings.outputs < 0:
            gather(signals.y, route.rows, start, count, scratch.rows)
        else:
            _unmix(settings, route, signals.y, start, count, scratch.rows)
        rows_to_tile(scratch.rows, scratch.audio_gradient)
        _strip_adjoint(settings, carry, sums, count, scratch)
        if settings.outputs > 0:
            tile_to_rows(scratch.output, scratch.rows)
            _correlate(settings, route, signals.y, start, count, scratch.rows, sums.gains)
        if need_dx:
            copy(scratch.gradient, 0, scratch.audio, 0, TILE)
            tile_to_rows(scratch.audio, scratch.rows)
            scatter(scratch.rows, signals.dx, route.rows, start, count)


@part
def _strip_adjoint(settings, carry, sums, count, scratch):
    """Gradient to a block of the strip's output into that to its input, and to all settings but the gains."""
    if settings.compresses:
        gain_adjoint(
            scratch.exponent, scratch.audio, scratch.audio_gradient, scratch.gain_gradient, scratch.output, count
        )
        smooth_adjoint(
            settings.ballistics,
            carry.gain,
            scratch.target,
            scratch.smoothed,
            scratch.gain_gradient,
            sums.ballistics,
            count,
        )
        detect_adjoint(
            settings.curve,
            scratch.audio,
            scratch.over,
            scratch.gain_gradient,
            scratch.audio_gradient,
            scratch.gradient,
            sums.curve,
            count,
        )
    else:
        copy(scratch.audio_gradient, 0, scratch.gradient, 0, TILE)
    cascade_adjoint(
        settings.stages,
        settings.coefficients,
        carry.filters,
        scratch.signals,
        scratch.gradient,
        sums.coefficients,
        count,
    )


@part
def _unmix(settings, route, buses, start, count, rows):
    """Gradient to the buses into that to the rows."""
    for n in range(BLOCK * LANES):
        rows[n] = 0
    for segment in range(LANES // route.segment):
        for output in range(settings.outputs):
            at = route.buses[segment] + output * route.time + start
            for lane in range(segment * route.segment, (segment + 1) * route.segment):
                unmix(buses, at, settings.gains[output * LANES + lane], rows, lane, count)


@part
def _correlate(settings, route, buses, start, count, rows, sums):
    """Gradient to the buses into that to the gains."""
    for segment in range(LANES // route.segment):
        for output in range(settings.outputs):
            at = route.buses[segment] + output * route.time + start
            for lane in range(segment * route.segment, (segment + 1) * route.segment):
                sums[output * LANES + lane] += correlate(buses, at, rows, lane, count)
