"""The compiled kernels: a channel strip forward, and its adjoint, for one group of lanes.

Both run block by block through all stages, so that a block never leaves the cache. The forward pass may keep the
states at the start of every block; the adjoint takes the blocks from the last to the first, computes the signals
between the stages again from the states kept, and runs the adjoint stages over them in reverse.

A strip without stages is a compressor, one without a compressor an equalizer, and one that does not mix writes its
rows: the same kernels serve `equalize`, `compress` and `strip`, and are compiled once.

Where the lanes are chunks of the same rows, a chunk cannot begin before the state in which it begins is known
(see `cpu_chunks`). Then the kernels run phase by phase, and what a phase leaves to the next lies on a tape.
"""

from __future__ import annotations

from diffmst.dsp.kernels.cpu_dynamics import (
    apply_gain,
    detect,
    detect_adjoint,
    follow,
    gain_adjoint,
    smooth,
    smooth_adjoint,
)
from diffmst.dsp.kernels.cpu_filters import TILE, TILE_STRIDE, cascade, cascade_adjoint
from diffmst.dsp.kernels.cpu_records import Tape
from diffmst.dsp.kernels.cpu_tiles import (
    clear,
    copy,
    correlate,
    fetch,
    gather,
    mix,
    rows_to_tile,
    scatter,
    tile_to_rows,
    unmix,
)
from diffmst.dsp.kernels.host import BLOCK, LANES, kernel, part
from diffmst.dsp.kernels.simd import pointers, shifted

# Phases of `forward`.
FILTER = 1  # equalizer and level detection: leaves audio and target gain
FINISH = 2  # smoother, gain and mixing
FORWARD = FILTER | FINISH

# Phases of `backward`.
REPLAY = 1  # the forward pass again: leaves audio, its gradient and that of the gain; the smoother's adjoint may run on
DYNAMICS = 2  # adjoint of the compressor: leaves the gradient to the equalized audio
CASCADE = 4  # adjoint of the equalizer
CARRY = 8  # only what `CASCADE` carries from block to block, without the sums
BACKWARD = REPLAY | DYNAMICS | CASCADE


@kernel
def forward(settings, route, signals, state, kept, keep, tape, phases, scratch):
    """Run a strip over whole rows.

    Args:
        settings: `Settings`.
        route: `Route`.
        signals: `Signals`; buses are added to.
        state: `Memory`, replaced by the states after the last sample.
        kept: `Memory` with a leading block axis: the states before each block.
        keep: whether to write `kept`.
        tape: `Tape`.
        phases: which of the phases to run.
        scratch: `Scratch`.
    """
    settings = pointers(settings)
    route = pointers(route)
    signals = pointers(signals)
    state = pointers(state)
    kept = pointers(kept)
    tape = pointers(tape)
    scratch = pointers(scratch)
    states = settings.stages * 2 * LANES
    for start in range(0, route.time, BLOCK):
        count, block = min(BLOCK, route.time - start), start // BLOCK
        here = _at_block(tape, block)
        if phases & FILTER:
            if keep:
                copy(state.filters, shifted(kept.filters, block * states), states)
            _filter(settings, route, signals.x, start, count, state.filters, 0, here.audio, scratch)
            if settings.compresses:
                detect(settings.curve, here.audio, scratch.over, here.target, count)
        if phases & FINISH:
            if keep:
                copy(state.gain, shifted(kept.gain, block * LANES), LANES)
            if settings.compresses:
                smooth(settings.ballistics, state.gain, here.target, scratch.smoothed, scratch.exponent, count)
                apply_gain(scratch.exponent, here.audio, here.audio, count)
            tile_to_rows(here.audio, scratch.rows)
            if settings.outputs < 0:
                scatter(scratch.rows, signals.y, route.rows, start, count)
            else:
                _mix(settings, route, signals.y, start, count, scratch.rows)


@part
def _filter(settings, route, x, start, count, state, stride, audio, scratch):
    """Equalized block, as a float32 tile; the signals between the stages stay in `signals`."""
    gather(x, route.inputs, start, count, scratch.rows)
    rows_to_tile(scratch.rows, scratch.signals)
    cascade(settings.stages, settings.coefficients, state, scratch.signals, stride, count)
    copy(shifted(scratch.signals, settings.stages * stride), audio, TILE)


@part
def _mix(settings, route, buses, start, count, rows):
    for segment in range(route.segments):
        first = segment * route.segment
        for output in range(settings.outputs):
            at = route.buses[segment] + output * route.bus_stride + start
            mix(rows, first, first + route.live, settings.gains, output, buses, at, count)


@kernel
def coast(settings, carry, tape, blocks):
    """Run the smoother alone over the target gains on a tape.

    Args:
        settings: `Settings`.
        carry: `Carry`, of which gain is the state, replaced by that after the last sample, and slope is replaced by its
            derivative by the state before the first.
        tape: `Tape` of whole blocks.
        blocks: how many there are.
    """
    settings = pointers(settings)
    carry = pointers(carry)
    tape = pointers(tape)
    follow(settings.ballistics, carry, tape.target, blocks * BLOCK)


@kernel
def backward(settings, route, signals, need_dx, state, kept, carry, sums, tape, phases, scratch):
    """Run the adjoint of a strip over whole rows.

    Args:
        settings: as in `forward`.
        route: as in `forward`.
        signals: `Signals`.
        need_dx: whether to write the gradient to the input.
        state: `Memory`, overwritten.
        kept: as `forward` left them.
        carry: `Carry` of the adjoint stages from beyond the last sample, replaced by that at the first.
        sums: `Sums`, added to.
        tape: `Tape`.
        phases: which of the phases to run.
        scratch: `Scratch`.
    """
    settings = pointers(settings)
    route = pointers(route)
    signals = pointers(signals)
    state = pointers(state)
    kept = pointers(kept)
    carry = pointers(carry)
    sums = pointers(sums)
    tape = pointers(tape)
    scratch = pointers(scratch)
    states = settings.stages * 2 * LANES
    blocks = (route.time + BLOCK - 1) // BLOCK
    if route.time % BLOCK:  # `detect_adjoint` takes WIDTH elements: more than there are, and sums them up
        clear(scratch.target_gradient, TILE)
    for reverse in range(blocks):
        block = blocks - 1 - reverse
        start = block * BLOCK
        count = min(BLOCK, route.time - start)
        here = _at_block(tape, block)
        if phases & (REPLAY | CASCADE):
            fetch(signals.x, route.inputs, start - BLOCK)
            copy(shifted(kept.filters, block * states), state.filters, states)
            stride = TILE_STRIDE if phases & CASCADE else 0
            audio = here.audio if phases & REPLAY else scratch.output  # the tape has it already, and writing is dear
            _filter(settings, route, signals.x, start, count, state.filters, stride, audio, scratch)
        if phases & REPLAY:
            _take_gradient(settings, route, signals.y, start, count, here.gradient, scratch.rows)
        if settings.compresses and phases & (REPLAY | DYNAMICS):
            copy(shifted(kept.gain, block * LANES), state.gain, LANES)
            _dynamics_adjoint(settings, state.gain, carry, sums, here, phases, count, scratch)
        if phases & REPLAY and settings.outputs > 0:
            tile_to_rows(scratch.output if settings.compresses else here.audio, scratch.rows)
            _correlate(settings, route, signals.y, start, count, scratch.rows, sums.gains)
        if phases & (CASCADE | CARRY):
            copy(here.gradient, scratch.gradient, TILE)
            _cascade_adjoint(settings, carry.filters, sums.coefficients, count, scratch)
        if phases & CASCADE and need_dx:
            copy(scratch.gradient, scratch.output, TILE)
            tile_to_rows(scratch.output, scratch.rows)
            scatter(scratch.rows, signals.dx, route.rows, start, count)


@part
def _at_block(tape, block):
    at = block * tape.stride
    return Tape(
        tape.stride,
        shifted(tape.audio, at),
        shifted(tape.target, at),
        shifted(tape.gradient, at),
        shifted(tape.gain_gradient, at),
    )


@part
def _dynamics_adjoint(settings, gain_db, carry, sums, tape, phases, count, scratch):
    """Gradient to the output of the compressor into that to its input, on the tape, and to its settings."""
    detect(settings.curve, tape.audio, scratch.over, scratch.target, count)
    smooth(settings.ballistics, gain_db, scratch.target, scratch.smoothed, scratch.exponent, count)
    if phases & REPLAY:
        gain_adjoint(scratch.exponent, tape.audio, tape.gradient, tape.gain_gradient, scratch.output, count)
    smooth_adjoint(
        settings.ballistics,
        carry,
        scratch.target,
        scratch.smoothed,
        tape.gain_gradient,
        scratch.target_gradient,
        sums.ballistics,
        count,
    )
    if phases & DYNAMICS:
        detect_adjoint(
            settings.curve, tape.audio, scratch.over, scratch.target_gradient, tape.gradient, sums.curve, count
        )


@part
def _cascade_adjoint(settings, carry, sums, count, scratch):
    cascade_adjoint(settings.stages, settings.coefficients, carry, scratch.signals, scratch.gradient, sums, count)


@part
def _take_gradient(settings, route, y, start, count, gradient, rows):
    """Gradient to the rows, as a tile, from that to the rows or buses."""
    if settings.outputs < 0:
        gather(y, route.rows, start, count, rows)
    else:
        _unmix(settings, route, y, start, count, rows)
    rows_to_tile(rows, gradient)


@part
def _unmix(settings, route, buses, start, count, rows):
    """Gradient to the buses into that to the rows."""
    clear(rows, TILE)
    for segment in range(LANES // route.segment):
        for output in range(settings.outputs):
            at = route.buses[segment] + output * route.bus_stride + start
            for lane in range(segment * route.segment, (segment + 1) * route.segment):
                unmix(buses, at, settings.gains[output * LANES + lane], rows, lane, count)


@part
def _correlate(settings, route, buses, start, count, rows, sums):
    """Gradient to the buses into that to the gains."""
    for segment in range(LANES // route.segment):
        for output in range(settings.outputs):
            at = route.buses[segment] + output * route.bus_stride + start
            for lane in range(segment * route.segment, (segment + 1) * route.segment):
                sums[output * LANES + lane] += correlate(buses, at, rows, lane, count)
