"""The arguments of the kernels in `cpu_strip`: records of flat arrays, each for one group of lanes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Settings(NamedTuple):
    """What a strip does with one group of lanes.

    Attributes:
        stages: number of filter stages, a multiple of STAGES_MULTIPLE.
        compresses: whether there is a compressor.
        outputs: number of buses the rows are mixed to; -1 to write the rows themselves.
        coefficients: float64, flat [stages, 5, LANES].
        curve: float32, flat [5, WIDTH], see `cpu_dynamics.detect`.
        ballistics: float64, flat [3, LANES].
        gains: float32, flat [outputs, LANES].
    """

    stages: int
    compresses: bool
    outputs: int
    coefficients: np.ndarray
    curve: np.ndarray
    ballistics: np.ndarray
    gains: np.ndarray


class Route(NamedTuple):
    """Where the rows of one group of lanes lie in memory.

    The lanes are split into segments, one per batch item. Segments past `segments`, and lanes of a segment past
    `live`, repeat others: they are computed like these, but not added to the buses a second time.

    Attributes:
        time: samples per lane.
        segment: lanes per segment.
        segments: segments that are items of their own.
        live: lanes of each segment that are rows of their own.
        inputs: int64 [LANES], where the row of each lane starts in the input.
        rows: int64 [LANES], where it starts in an array of all rows.
        buses: int64 [LANES / segment], where the first output of each segment starts.
        bus_stride: samples from one output of an item to the next.
    """

    time: int
    segment: int
    segments: int
    live: int
    inputs: np.ndarray
    rows: np.ndarray
    buses: np.ndarray
    bus_stride: int


class Signals(NamedTuple):
    """Memory of the audio, float32, flat.

    Attributes:
        x: the input rows, wherever `Route.inputs` says.
        y: output rows [batch, rows, time] or buses [batch, outputs, time]; backward, the gradient to them.
        dx: backward, the gradient to the rows [batch, rows, time].
    """

    x: np.ndarray
    y: np.ndarray
    dx: np.ndarray


class Memory(NamedTuple):
    """States of one group of lanes, float64: filters flat [stages, 2, LANES], gain [LANES]."""

    filters: np.ndarray
    gain: np.ndarray


class Carry(NamedTuple):
    """What the adjoint carries from block to block, float64: filters and gain as in `Memory`, slope [LANES].

    The slope is the derivative of the gain's carry by the one that came in from beyond the last block.
    """

    filters: np.ndarray
    gain: np.ndarray
    slope: np.ndarray


class Tape(NamedTuple):
    """Tiles that one phase of a kernel leaves to the next, float32, `stride` elements from block to block.

    A stride of 0 keeps those of the block at hand alone, which is enough where one call runs all phases.

    Attributes:
        stride: TILE or 0.
        audio: the equalized rows.
        target: gain that the compressor's curve asks for, dB; forward only.
        gradient: backward only, to the rows; once the compressor's adjoint has run, to the equalized rows.
        gain_gradient: backward only, to the smoothed gain in dB.
    """

    stride: int
    audio: np.ndarray
    target: np.ndarray
    gradient: np.ndarray
    gain_gradient: np.ndarray


class Scratch(NamedTuple):
    """What a thread works on: flat arrays, zero at first."""

    rows: np.ndarray
    signals: np.ndarray
    smoothed: np.ndarray
    gradient: np.ndarray
    over: np.ndarray
    target: np.ndarray
    exponent: np.ndarray
    target_gradient: np.ndarray
    output: np.ndarray


class Sums(NamedTuple):
    """Gradients to the settings of one group of lanes, float64.

    Attributes:
        coefficients: flat [stages, 5, LANES].
        curve: flat [3, WIDTH]: threshold_db, slope, knee_db.
        ballistics: flat [3, LANES]: attack, release, makeup_db.
        gains: flat [outputs, LANES].
    """

    coefficients: np.ndarray
    curve: np.ndarray
    ballistics: np.ndarray
    gains: np.ndarray
