"""Rows cut in time into chunks that run side by side, and the states in which the chunks begin.

A strip with few rows would leave most lanes of a vector, and all threads but one, without work. Its chunks fill them.
They need to know the states at their edges, which follow from the chunks themselves, without approximation:

- The equalizer is linear: over N samples z becomes A^N z + f, with f what becomes of a state of zero. All chunks run
  from zero to give f, and z[k + 1] = A^N z[k] + f[k]. Its adjoint runs backwards in time and is joined likewise.
- The smoother of the compressor maps its state over chunk k by an increasing, piecewise affine E_k. As in
  `scan_smoother.smooth`, Newton's method finds the states: run from guesses, with the slope D_k of E_k, and correct
  all by d[k + 1] = D_k d[k] + (E_k(s[k]) - s[k + 1]). A few rounds are enough, as many as chunks always.
- The adjoint of the smoother is affine, with the same slopes D_k.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.kernels.cpu_filters import SMALLEST_STATE
from diffmst.dsp.kernels.host import BLOCK, LANES
from diffmst.dsp.kernels.reference import SMALLEST_DENOMINATOR

GROUPS = 4  # of lanes that chunks are to fill: two for each of two threads, for balance
SHORTEST_CHUNK = 8192  # samples, below which finding the states costs more than it gains
LONGEST_CHUNK = 127 * BLOCK  # so that what the phases leave to each other stays in the cache
FORGOTTEN = 1e-20  # what is left of a state after a time that counts as its end


class Span(NamedTuple):
    """A stretch of time that runs at once.

    Attributes:
        start: its first sample.
        frames: samples of a chunk: whole blocks, if there are several.
        chunks: how many there are.
    """

    start: int
    frames: int
    chunks: int


def cut(batch: int, rows: int, time: int) -> list[Span]:
    """The time of a batch in spans, one after the other: as few as can be, chunked where that pays.

    A chunked span costs about twice the arithmetic, so it has to fill at least twice the lanes. It depends on nothing
    but the arguments, in particular not on the number of threads.
    """
    lanes = batch * (rows + rows % 2)
    chunks = GROUPS * LANES // lanes if lanes <= LANES // 2 else 1
    spans: list[Span] = []
    start = 0
    while start < time or not spans:
        left = time - start
        span = Span(start, left, 1)
        if chunks > 1 and left >= chunks * SHORTEST_CHUNK:
            blocks = (left // chunks // BLOCK - 1) | 1  # odd: what lies a power of two apart shares a place in caches
            span = Span(start, min(blocks * BLOCK, LONGEST_CHUNK), chunks)
        spans.append(span)
        start += span.frames * span.chunks
    return spans


class Cascade(NamedTuple):
    """How the states of a cascade of biquads move on without input, in coordinates in which that keeps its digits.

    At low frequencies the two states of a stage are nearly opposite, and a power of their matrix would be a small
    difference of large numbers. With w^2 = 1 + a1 + a2, about the square of the angular frequency, the coordinates
    z1 and (z1 + z2) / w turn around each other nearly as a rotation; for the adjoint u1 and (u1 - u2) / w do.

    Attributes:
        matrix: [..., 2 stages, 2 stages], acts on coordinates.
        w: [..., stages].
        sign: 1, or -1 for the adjoint.
    """

    matrix: np.ndarray
    w: np.ndarray
    sign: int

    def coordinates(self, states: np.ndarray) -> np.ndarray:
        """[..., stages, 2] to [..., 2 stages]."""
        one, other = states[..., 0], states[..., 1]
        return np.stack([one, (one + self.sign * other) / self.w], -1).reshape(*states.shape[:-2], -1)

    def states(self, coordinates: np.ndarray) -> np.ndarray:
        """The inverse of `coordinates`."""
        one, other = np.moveaxis(coordinates.reshape(*coordinates.shape[:-1], -1, 2), -1, 0)
        return np.stack([one, self.sign * (self.w * other - one)], -1)


def transition(coefficients: np.ndarray) -> Cascade:
    """The states z1, z2 from one sample to the next.

    Shape: coefficients [..., stages, 5].
    """
    matrix, signal = _empty_transition(coefficients)
    w = _frequency(coefficients)
    for stage in range(coefficients.shape[-2]):
        b0, b1, b2, a1, a2 = np.moveaxis(coefficients[..., stage, :, None], -2, 0)
        unit, one, other = w[..., stage, None], 2 * stage, 2 * stage + 1
        matrix[..., one, :] = (b1 - a1 * b0) * signal
        matrix[..., one, one] -= (1 + a1)[..., 0]
        matrix[..., one, other] += unit[..., 0]
        matrix[..., other, :] = (b1 + b2 - (a1 + a2) * b0) / unit * signal
        matrix[..., other, one] -= ((1 + a1 + a2) / unit)[..., 0]
        matrix[..., other, other] += 1
        signal = b0 * signal
        signal[..., one] += 1
    return Cascade(matrix, w, 1)


def adjoint_transition(coefficients: np.ndarray) -> Cascade:
    """The states u[n + 1], u[n + 2] of the adjoint from one sample to the one before.

    Shape: as in `transition`.
    """
    matrix, signal = _empty_transition(coefficients)
    w = _frequency(coefficients)
    for stage in reversed(range(coefficients.shape[-2])):
        b0, b1, b2, a1, a2 = np.moveaxis(coefficients[..., stage, :], -1, 0)
        unit, one, other = w[..., stage], 2 * stage, 2 * stage + 1
        u = signal.copy()
        u[..., one] -= a1 + a2
        u[..., other] += a2 * unit
        matrix[..., one, :] = u
        matrix[..., other, :] = signal / unit[..., None]
        matrix[..., other, one] -= (1 + a1 + a2) / unit
        matrix[..., other, other] += a2
        signal = b0[..., None] * u
        signal[..., one] += b1 + b2
        signal[..., other] -= b2 * unit
    return Cascade(matrix, w, -1)


def _frequency(coefficients: np.ndarray) -> np.ndarray:
    at_zero_hz = 1 + coefficients[..., 3] + coefficients[..., 4]
    return np.sqrt(np.maximum(at_zero_hz, SMALLEST_DENOMINATOR))


def _empty_transition(coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    states = 2 * coefficients.shape[-2]
    return np.zeros((*coefficients.shape[:-2], states, states)), np.zeros((*coefficients.shape[:-2], states))


def power(cascade: Cascade, frames: int) -> tuple[Cascade, int]:
    """The movement over so many samples, and for how many at most a state is remembered, whole blocks.

    Of filters that grow without limit it is not finite.
    """
    matrix = cascade.matrix
    result = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    memory, distance = frames, 1
    with np.errstate(over="ignore", invalid="ignore"):
        while distance <= frames:
            if frames & distance:
                result = result @ matrix
            if distance >= BLOCK and memory == frames and np.abs(matrix).max(initial=0) < FORGOTTEN:
                memory = distance
            matrix, distance = matrix @ matrix, 2 * distance
    return cascade._replace(matrix=result), memory


def join(cascade: Cascade, driven: np.ndarray, first: np.ndarray) -> np.ndarray:
    """States at all edges: z[0] = first, z[k + 1] = what `cascade` makes of z[k] + driven[k].

    Shape: driven [chunks, ..., stages, 2]; first [..., stages, 2]; returns [chunks + 1, ..., stages, 2].
    """
    states = [cascade.coordinates(first)]
    for step in cascade.coordinates(driven):
        states.append((cascade.matrix @ states[-1][..., None])[..., 0] + step)
    return _flushed(cascade.states(np.array(states)))


def join_slopes(slope: np.ndarray, driven: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The same for states of one number each: z[k + 1] = slope[k] z[k] + driven[k].

    Shape: slope and driven [chunks, ...]; first [...]; returns [chunks + 1, ...].
    """
    states = [first]
    for factor, step in zip(slope, driven, strict=True):
        states.append(factor * states[-1] + step)
    return _flushed(np.array(states))


def _flushed(states: np.ndarray) -> np.ndarray:
    """What would become denormal set to zero."""
    return np.where(np.abs(states) < SMALLEST_STATE, 0, states)
