"""The gain of a look-ahead limiter, frame by frame, compiled by numba.

With k counting frames of audio, d[k] the reduction in dB that frame k asks for, and L the look-ahead:

    held[k] = max(d[k], ..., d[k + L]),   released[k] = max(held[k], decay * released[k - 1]),
    knot[k] = sum over j = 0 ... L - 1 of window[j] released[k - 1 - j],   the window positive, of sum 1.

The gain goes along a line from knot to knot. Each of released[k - L], ..., released[k - 1] is at least d[k], and at
least d[k - 1]; so are both knots around a frame, and the gain between them is low enough for every sample of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.kernels.host import WIDTH, kernel, part
from diffmst.dsp.kernels.simd import absolute, fma, load, maximum, pointers, select, shifted, splat, store
from diffmst.dsp.kernels.simd_audio import highest, ramp
from diffmst.dsp.kernels.simd_math import DB_TO_LOG2, LOG2_TO_DB, exp2, log2_parts

FRAME = 8  # samples of a frame, and the lanes of the vector that its gain is
INAUDIBLE_DB = 1e-3  # a recovering gain this close to 1 is 1


class Envelope(NamedTuple):
    """The gain of a limiter: what it is made with, its past, and room for the next frames.

    Attributes:
        lookahead: L, frames.
        ceiling: amplitude.
        margin_db: a peak over the ceiling is taken this far below it.
        decay: of one frame.
        window: float32 [lookahead].
        asked: d of the last L frames, then of the next, float32 [lookahead + room + WIDTH].
        held, released: likewise.
        gains: amplitude at the knots, float32 [room + WIDTH].
        deepest_db: the highest of all `held`, float32 [1].
    """

    lookahead: int
    ceiling: float
    margin_db: float
    decay: float
    window: np.ndarray
    asked: np.ndarray
    held: np.ndarray
    released: np.ndarray
    gains: np.ndarray
    deepest_db: np.ndarray


class Frames(NamedTuple):
    """Frames of one channel.

    Attributes:
        audio: float32 [FRAME * number].
        gaps: highest value of all channels before every sample, float32 [FRAME * number + 1].
        peaks: of every frame, float32 [number].
        number: of the frames.
    """

    audio: np.ndarray
    gaps: np.ndarray
    peaks: np.ndarray
    number: int


def envelope(ceiling: float, margin_db: float, decay: float, window: np.ndarray, room: int) -> Envelope:
    """The gain before the first frame. The window, positive, need not have a sum of 1; `room` is for frames."""
    lookahead = len(window)
    asked, held, released = (np.zeros(lookahead + room + WIDTH, np.float32) for _ in range(3))
    return Envelope(
        *(lookahead, ceiling, margin_db, decay, (window / window.sum()).astype(np.float32)),
        *(asked, held, released, np.zeros(room + WIDTH, np.float32), np.zeros(1, np.float32)),
    )


@kernel
def raise_peaks(frames):
    """Raise the peaks of frames to the highest value at the samples, between them and on either side."""
    known = pointers(frames)
    for frame in range(known.number):
        at = frame * FRAME
        around = maximum(load(known.gaps, at, FRAME), load(known.gaps, at + 1, FRAME))
        known.peaks[frame] = max(known.peaks[frame], highest(maximum(around, absolute(load(known.audio, at, FRAME)))))


@kernel
def apply(frames, gains):
    """Give frames their gain, which goes along a line from each of the knots to the next; float32 [number + 1]."""
    known = pointers(frames)
    steps = ramp(load(known.audio, 0, FRAME))
    for frame in range(known.number):
        step = (gains[frame + 1] - gains[frame]) * np.float32(1 / FRAME)
        gain = fma(steps, splat(step, steps), splat(gains[frame], steps))
        store(known.audio, frame * FRAME, load(known.audio, frame * FRAME, FRAME) * gain)


@kernel
def follow(envelope, peaks, count):
    """Write the gain at the knots 0 ... count of the frames that lie the look-ahead behind the next `count` frames.

    Args:
        envelope: `Envelope`; replaced by that after the frames.
        peaks: of the frames, float32 [count].
        count: of the frames, no more than there is room for.
    """
    state = pointers(envelope)
    for k in range(count):
        state.asked[state.lookahead + k] = peaks[k]
    _ask(state, count)
    _hold(state, count)
    _release(state, count)
    _smooth(state, count)
    for k in range(state.lookahead):
        state.asked[k] = state.asked[count + k]
        state.released[k] = state.released[count + k]


@part
def _ask(state, count):
    """Peaks of the next frames into what they ask for."""
    asked = shifted(state.asked, state.lookahead)
    zero = splat(0.0, load(asked, 0, WIDTH))
    ceiling, margin = splat(state.ceiling, zero), splat(state.margin_db, zero)
    inverse, to_db = splat(1 / state.ceiling, zero), splat(LOG2_TO_DB, zero)
    for k in range(0, count, WIDTH):
        peak = load(asked, k, WIDTH)
        whole, fraction = log2_parts(maximum(peak, ceiling) * inverse)
        over_db = fma(fraction, to_db, fma(whole, to_db, margin))
        store(asked, k, select(peak > ceiling, over_db, zero))


@part
def _hold(state, count):
    """Maxima over 1, 2, 4, ... frames, each of two of the former, until two of them cover the look-ahead."""
    held, length = state.held, state.lookahead + 1
    for k in range(0, count + state.lookahead, WIDTH):
        store(held, k, load(state.asked, k, WIDTH))
    span = 1
    while span < length:
        step = min(span, length - span)
        for k in range(0, count + length - span - step, WIDTH):
            store(held, k, maximum(load(held, k, WIDTH), load(held, k + step, WIDTH)))
        span += step


@part
def _release(state, count):
    released = shifted(state.released, state.lookahead)
    last, deepest_db, decay = released[-1], state.deepest_db[0], np.float32(state.decay)
    for k in range(count):
        held = state.held[k]
        last = max(held, last * decay)
        if last < INAUDIBLE_DB:
            last = held
        released[k] = last
        deepest_db = max(deepest_db, held)
    state.deepest_db[0] = deepest_db


@part
def _smooth(state, count):
    newest = shifted(state.released, state.lookahead - 1)
    zero = splat(0.0, load(newest, 0, WIDTH))
    for k in range(0, count + 1, WIDTH):
        knot = zero
        for j in range(state.lookahead):
            knot = fma(splat(state.window[j], zero), load(newest, k - j, WIDTH), knot)
        store(state.gains, k, exp2(knot * splat(-DB_TO_LOG2, zero)))
