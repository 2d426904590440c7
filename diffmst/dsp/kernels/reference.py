"""The specification of the recursive kernels: plain loops over time in float64 numpy, written to be read.

Arguments are tensors or arrays (gradients are not followed); results are float64 arrays of the documented shapes.
The loops run over time and stages alone; every line acts on all `[batch, rows]` at once.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple

import numpy as np

from diffmst.arrays import Kind, as_numpy

LEVEL_FLOOR = 1e-7  # -140 dBFS: levels below it read as this, so that silence has a finite level
SMALLEST_DENOMINATOR = 1e-12  # of a biquad at 0 Hz, where it divides; a pole there would otherwise divide by zero


class StripState(NamedTuple, Generic[Kind]):
    """What a strip must remember from one block to the next.

    Attributes:
        filters: [batch, rows, stages, 2] float64, transposed direct form II states of the biquads.
        gain_db: [batch, rows] float64, smoothed gain reduction (<= 0) after the last sample.
    """

    filters: Kind
    gain_db: Kind


def equalize(x: Any, coefficients: Any, state: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Biquads in cascade, in transposed direct form II.

    Args:
        x: signal.
        coefficients: b0, b1, b2, a1, a2 of every stage, with a0 = 1.
        state: states of the stages before the first sample; zero if None.

    Returns:
        The signal, and the states after the last sample.

    Shape: x [batch, rows, time]; coefficients [batch, rows, stages, 5]; state [batch, rows, stages, 2].
    """
    y, coefficients = _array(x).copy(), _array(coefficients)
    stages = coefficients.shape[-2]
    z = np.zeros((*y.shape[:2], stages, 2)) if state is None else _array(state).copy()
    for stage in range(stages):
        b0, b1, b2, a1, a2 = np.moveaxis(coefficients[:, :, stage], -1, 0)
        z1, z2 = z[:, :, stage, 0], z[:, :, stage, 1]
        for n in range(y.shape[-1]):
            sample = y[:, :, n].copy()
            out = b0 * sample + z1
            z1 = b1 * sample - a1 * out + z2
            z2 = b2 * sample - a2 * out
            y[:, :, n] = out
        z[:, :, stage, 0], z[:, :, stage, 1] = z1, z2
    return y, z


def compress(x: Any, dynamics: Any, channels: tuple[int, ...], state: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Feed-forward compressor: peak level, soft knee, branching one-pole on the gain in dB.

    Args:
        x: signal.
        dynamics: threshold_db, slope (1 / ratio - 1), knee_db (total width), attack and release (one-pole
            coefficients), makeup_db. The two rows of a stereo track carry equal values.
        channels: channels of every track, 1 or 2; the rows of a stereo track share one level, max(|L|, |R|).
        state: gain reduction in dB before the first sample; zero if None.

    Returns:
        The signal, and the gain reduction in dB after the last sample.

    Shape: x [batch, rows, time]; dynamics [batch, rows, 6]; state [batch, rows].

    Reference: Giannoulis, Massberg, Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012.
    """
    x = _array(x)
    threshold_db, slope, knee_db, attack, release, makeup_db = np.moveaxis(_array(dynamics), -1, 0)
    level = _linked_level(np.abs(x), channels)
    gain_db = np.zeros(x.shape[:2]) if state is None else _array(state).copy()
    y = np.empty_like(x)
    for n in range(x.shape[-1]):
        over_db = 20 * np.log10(np.maximum(level[:, :, n], LEVEL_FLOOR)) - threshold_db
        target_db = slope * _soft_knee(over_db, knee_db)
        coefficient = np.where(target_db < gain_db, attack, release)
        gain_db = coefficient * gain_db + (1 - coefficient) * target_db
        y[:, :, n] = x[:, :, n] * 10 ** ((gain_db + makeup_db) / 20)
    return y, gain_db


def strip(
    x: Any, coefficients: Any, dynamics: Any, mixing: Any, channels: tuple[int, ...], state: Any = None
) -> tuple[np.ndarray, StripState]:
    """Equalizer, compressor, then every row added to the output buses with its own gains.

    Args:
        x: signal.
        coefficients: as in `equalize`.
        dynamics: as in `compress`.
        mixing: amplitude of every row in every output.
        channels: as in `compress`.
        state: state before the first sample; zero if None.

    Returns:
        The buses, and the state after the last sample.

    Shape: x [batch, rows, time]; mixing [batch, rows, outputs]; returns buses [batch, outputs, time].
    """
    filters, gain_db = (None, None) if state is None else state
    equalized, filters = equalize(x, coefficients, filters)
    compressed, gain_db = compress(equalized, dynamics, channels, gain_db)
    return np.einsum("bro,brt->bot", _array(mixing), compressed), StripState(filters, gain_db)


def _array(values: Any) -> np.ndarray:
    """The values as float64 numpy."""
    return np.asarray(as_numpy(values), dtype=np.float64)


def _linked_level(magnitude: np.ndarray, channels: tuple[int, ...]) -> np.ndarray:
    """Every row's magnitude replaced by the largest among the rows of its track."""
    level, first = np.empty_like(magnitude), 0
    for count in channels:
        rows = slice(first, first + count)
        level[:, rows] = magnitude[:, rows].max(axis=1, keepdims=True)
        first += count
    return level


def _soft_knee(over_db: np.ndarray, knee_db: np.ndarray) -> np.ndarray:
    """Level above the threshold, with a quadratic transition of total width `knee_db`."""
    inside = np.abs(over_db) < knee_db / 2
    knee = (over_db + knee_db / 2) ** 2 / (2 * np.where(inside, knee_db, 1.0))
    return np.where(inside, knee, np.maximum(over_db, 0.0))
