"""Samples of a signal between its samples."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import i0

_HALF_TAPS = 32
_KAISER_BETA = 9.0  # sidelobes at -90 dB; flat within 0.01 dB up to 0.9 of the Nyquist frequency
_PIECE = 2**14  # positions at once
_FRACTIONS = 2**10  # in the table: straight lines between them are 120 dB from the curve

Audio = NDArray[np.float32]


def samples_at(x: Audio, first: float, step: float, frames: int) -> Audio:
    """A signal at evenly spaced positions, zero beyond its ends; band-limited, and exact at whole ones.

    Args:
        x: the signal.
        first: the first position, in samples.
        step: from one position to the next, near 1.
        frames: how many.

    Shape: x [channels, time]; returns [channels, frames].
    """
    if step == 1 and first == round(first):
        return _cut(x, round(first), frames)
    out, taps = np.empty((len(x), frames), np.float32), _taps()
    for begin in range(0, frames, _PIECE):
        positions = first + step * np.arange(begin, min(begin + _PIECE, frames))
        whole = np.floor(positions).astype(np.int64)
        part = _cut(x, int(whole[0] + taps[0]), int(whole[-1] - whole[0]) + len(taps))
        weights = _weights(positions - whole)
        indices = (whole - whole[0])[:, None] + np.arange(len(taps))
        for channel, row in enumerate(part):
            out[channel, begin : begin + len(positions)] = np.einsum("pt,pt->p", row[indices], weights)
    return out


def _taps() -> NDArray[np.int64]:
    return np.arange(1 - _HALF_TAPS, _HALF_TAPS + 1)


def _weights(fractions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Of every tap at fractions of a sample, [positions, taps]; from a table, straight between its entries."""
    entries = _FRACTIONS * fractions
    lower = np.minimum(entries.astype(np.int64), _FRACTIONS - 1)
    share = (entries - lower)[:, None].astype(np.float32)
    table = _table()
    return (1 - share) * table[lower] + share * table[lower + 1]


@cache
def _table() -> NDArray[np.float32]:
    """The sinc under a Kaiser window, at all taps for fractions from 0 to 1."""
    distance = _taps() - np.linspace(0, 1, _FRACTIONS + 1)[:, None]
    inside = np.clip(1 - (distance / _HALF_TAPS) ** 2, 0, 1)
    window = i0(_KAISER_BETA * np.sqrt(inside)) / i0(_KAISER_BETA)
    return (np.sinc(distance) * window).astype(np.float32)


def _cut(x: Audio, start: int, frames: int) -> Audio:
    out = np.zeros((len(x), frames), np.float32)
    low, high = max(0, start), min(x.shape[1], start + frames)
    if high > low:
        out[:, low - start : high - start] = x[:, low:high]
    return out
