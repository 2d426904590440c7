"""Rows cut in time into chunks that run side by side, and the states in which the chunks begin.

A strip with few rows would leave most lanes of a vector, and all threads but one, without work. Its chunks fill them.
They need to know the states at their edges, which follow from the chunks themselves, without approximation:

- The equalizer is linear: over N samples z becomes A^N z + f, with f what becomes of a state of zero. All chunks run
  from zero to give f, and z[k + 1] = A^N z[k] + f[k]. Its adjoint runs backwards in time and is joined likewise.
- The smoother of the compressor maps its state over chunk k by an increasing, piecewise affine E_k. As in
  `scan.branching_one_pole`, Newton's method finds the states: run from guesses, with the slope D_k of E_k, and correct
  all by d[k + 1] = D_k d[k] + (E_k(s[k]) - s[k + 1]). A few rounds are enough, as many as chunks always.
- The adjoint of the smoother is affine, with the same slopes D_k.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.kernels.cpu_filters import SMALLEST_STATE
from diffmst.dsp.kernels.host import BLOCK, LANES

GROUPS = 4  # of lanes that chunks are to fill: two for each of two threads, for balance
SHORTEST_CHUNK = 4096  # samples, below which finding the states costs more than it gains
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

    It depends on nothing but the arguments, in particular not on the number of threads.
    """
    items_per_group = LANES // (rows + rows % 2)
    most = GROUPS * items_per_group // max(1, batch) if items_per_group > 1 else 1
    spans: list[Span] = []
    start = 0
    while start < time or not spans:
        left = time - start
        chunks = min(most, left // SHORTEST_CHUNK)
        span = Span(start, left, 1)
        if chunks > 1:
            blocks = (
                left // chunks // BLOCK - 1
            ) | 1  # odd: rows a power of two apart would share one place in a cache
            span = Span(start, min(blocks * BLOCK, LONGEST_CHUNK), chunks)
        spans.append(span)
        start += span.frames * span.chunks
    return spans


def transition(coefficients: np.ndarray) -> np.ndarray:
    """How a cascade's state moves on from sample to sample without input, [..., 2 stages, 2 stages].

    Shape: coefficients [..., stages, 5]; the state is z1, z2 of every stage.
    """
    matrix, signal = _empty_transition(coefficients)
    for stage in range(coefficients.shape[-2]):
        b0, b1, b2, a1, a2 = np.moveaxis(coefficients[..., stage, :, None], -2, 0)
        z1, z2 = 2 * stage, 2 * stage + 1
        output = b0 * signal
        output[..., z1] += 1
        matrix[..., z1, :] = b1 * signal - a1 * output
        matrix[..., z1, z2] += 1
        matrix[..., z2, :] = b2 * signal - a2 * output
        signal = output
    return matrix


def adjoint_transition(coefficients: np.ndarray) -> np.ndarray:
    """The same for the adjoint, sample by sample backwards; the state is u[n + 1], u[n + 2] of every stage.

    Shape: as in `transition`.
    """
    matrix, signal = _empty_transition(coefficients)
    for stage in reversed(range(coefficients.shape[-2])):
        b0, b1, b2, a1, a2 = np.moveaxis(coefficients[..., stage, :], -1, 0)
        u1, u2 = 2 * stage, 2 * stage + 1
        u = signal.copy()
        u[..., u1] -= a1
        u[..., u2] -= a2
        matrix[..., u1, :] = u
        matrix[..., u2, u1] = 1
        signal = b0[..., None] * u
        signal[..., u1] += b1
        signal[..., u2] += b2
    return matrix


def _empty_transition(coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    states = 2 * coefficients.shape[-2]
    return np.zeros((*coefficients.shape[:-2], states, states)), np.zeros((*coefficients.shape[:-2], states))


def power(matrix: np.ndarray, frames: int) -> tuple[np.ndarray, int]:
    """`matrix` to the power of `frames`, and for how many samples at most a state is remembered, whole blocks."""
    result = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    memory, distance = frames, 1
    while distance <= frames:
        if frames & distance:
            result = result @ matrix
        if distance >= BLOCK and memory == frames and np.abs(matrix).max(initial=0) < FORGOTTEN:
            memory = distance
        matrix, distance = matrix @ matrix, 2 * distance
    return result, memory


def join(matrix: np.ndarray, driven: np.ndarray, first: np.ndarray) -> np.ndarray:
    """States at all edges: z[0] = first, z[k + 1] = matrix z[k] + driven[k].

    Shape: matrix [..., states, states]; driven [chunks, ..., states]; first [..., states]; returns
        [chunks + 1, ..., states].
    """
    states = [first]
    for step in driven:
        states.append(_flushed((matrix @ states[-1][..., None])[..., 0] + step))
    return np.stack(states)


def join_slopes(slope: np.ndarray, driven: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The same for states of one number each: z[k + 1] = slope[k] z[k] + driven[k].

    Shape: slope and driven [chunks, ...]; first [...]; returns [chunks + 1, ...].
    """
    states = [first]
    for factor, step in zip(slope, driven, strict=True):
        states.append(_flushed(factor * states[-1] + step))
    return np.stack(states)


def _flushed(states: np.ndarray) -> np.ndarray:
    return np.where(np.abs(states) < SMALLEST_STATE, 0, states)
