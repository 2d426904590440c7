"""Arrays of settings, states and audio into the flat arrays of `cpu_strip`, and gradients back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from diffmst.dsp.kernels.cpu_filters import STAGES_MULTIPLE
from diffmst.dsp.kernels.cpu_lanes import Lanes
from diffmst.dsp.kernels.cpu_records import Memory, Route, Settings, Sums
from diffmst.dsp.kernels.host import LANES, WIDTH

SMALLEST_KNEE_DB = 1e-30  # stands for a knee of width zero where it divides


def pack_settings(
    lanes: Lanes,
    coefficients: np.ndarray | None,
    dynamics: np.ndarray | None,
    mixing: np.ndarray | None,
) -> list[Settings]:
    """Settings of every group of lanes; each of the three parts of a strip may be None.

    Shape: coefficients [items, rows, stages, 5]; dynamics [items, rows, 6]; mixing [items, rows, outputs].
    """
    filters = _pack_coefficients(lanes, coefficients)
    curve, ballistics = _pack_dynamics(lanes, dynamics)
    gains = np.empty((lanes.groups, 0)) if mixing is None else lanes.pack(mixing)
    return [
        Settings(
            stages=filters.shape[1],
            compresses=dynamics is not None,
            outputs=-1 if mixing is None else mixing.shape[-1],
            coefficients=filters[group].reshape(-1),
            curve=curve[group].reshape(-1),
            ballistics=ballistics[group].reshape(-1),
            gains=gains[group].reshape(-1).astype(np.float32),
        )
        for group in range(lanes.groups)
    ]


def _pack_coefficients(lanes: Lanes, coefficients: np.ndarray | None) -> np.ndarray:
    """[groups, stages, 5, LANES], filled up with stages that change nothing to the multiple that runs."""
    if coefficients is None:
        return np.empty((lanes.groups, 0, 5, LANES))
    packed = lanes.pack(coefficients)
    neutral = np.zeros((lanes.groups, -packed.shape[1] % STAGES_MULTIPLE, 5, LANES))
    neutral[:, :, 0] = 1
    return np.concatenate((packed, neutral), axis=1)


def _pack_dynamics(lanes: Lanes, dynamics: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Curve [groups, 5, WIDTH] in float32, and ballistics [groups, 3, LANES]."""
    if dynamics is None:
        return np.empty((lanes.groups, 0), np.float32), np.empty((lanes.groups, 0))
    packed = lanes.pack(dynamics)
    threshold_db, slope, knee_db, attack, release, makeup_db = packed.swapaxes(0, 1)
    inverse_knee = 1 / np.maximum(knee_db, SMALLEST_KNEE_DB)
    curve = np.stack((threshold_db, slope, knee_db / 2, inverse_knee, lanes.linked), axis=1)
    return np.tile(curve, WIDTH // LANES).astype(np.float32), np.stack((attack, release, makeup_db), axis=1)


def pack_states(lanes: Lanes, stages: int, filters: np.ndarray) -> np.ndarray:
    """Two numbers per stage and row, of which `stages` may be more than there are, for every group of lanes.

    Shape: filters [items, rows, any stages, 2]; returns [groups, stages * 2 * LANES].
    """
    packed = np.zeros((lanes.groups, stages, 2, LANES))
    packed[:, : filters.shape[2]] = lanes.pack(filters)
    return packed.reshape(lanes.groups, -1)


def unpack_states(lanes: Lanes, packed: np.ndarray, stages: int) -> np.ndarray:
    """The inverse of `pack_states`: [items, rows, stages, 2]."""
    return lanes.unpack(packed.reshape(lanes.groups, -1, 2, LANES))[:, :, :stages]


def memory_at_rest(stages: int) -> Memory:
    """States of one group of lanes, zero."""
    return Memory(np.zeros(stages * 2 * LANES), np.zeros(LANES))


def room_for_states(lanes: Lanes, stages: int, blocks: int) -> Memory:
    """Room for the states of every group of lanes before each of its blocks."""
    return Memory(np.empty((lanes.groups, blocks * stages * 2 * LANES)), np.empty((lanes.groups, blocks * LANES)))


def no_sums(settings: list[Settings]) -> Sums:
    """Sums of every group of lanes, of nothing yet."""
    groups, (one, *_) = len(settings), settings
    sizes = one.coefficients.size, 3 * WIDTH, 3 * LANES, one.gains.size
    return Sums(*(np.zeros((groups, size)) for size in sizes))


def unpack_sums(lanes: Lanes, sums: Sums, stages: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients to coefficients, dynamics and mixing, of the shapes of `pack_settings`."""
    coefficients = lanes.unpack(sums.coefficients.reshape(lanes.groups, -1, 5, LANES))[:, :, :stages]
    curve = lanes.unpack(sums.curve.reshape(lanes.groups, 3, -1, LANES).sum(axis=2))
    ballistics = lanes.unpack(sums.ballistics.reshape(lanes.groups, 3, LANES))
    gains = lanes.unpack(sums.gains.reshape(lanes.groups, -1, LANES))
    return coefficients, np.concatenate((curve, ballistics), axis=-1), gains


class Rows(NamedTuple):
    """Audio of a batch: flat memory, where each row starts in it, [batch, rows], and samples per row."""

    memory: np.ndarray
    offsets: np.ndarray
    time: int


def flat_memory(x: np.ndarray) -> Rows:
    """The memory of float32 audio as a flat array, and where in it each row starts.

    Nothing is copied as long as the samples of a row are neighbours; rows and items may lie anywhere, also on each
    other.

    Shape: x [batch, rows, time].
    """
    together = x.strides[-1] == x.itemsize or x.shape[-1] < 2
    if not (together and x.flags.writeable and min(x.strides) >= 0):  # the kernels are compiled for memory they may
        x = x.copy()  # write to, and would be once more for what they may not
    item, row = (np.arange(size) * (stride // x.itemsize) for size, stride in zip(x.shape[:2], x.strides, strict=False))
    offsets = item[:, None] + row
    length = int(offsets[-1, -1]) + x.shape[-1] if x.size else 0
    return Rows(as_strided(x, (length,), (x.itemsize,)), offsets, x.shape[-1])


def routes(
    lanes: Lanes, inputs: np.ndarray, rows: np.ndarray, buses: np.ndarray, time: int, bus_stride: int
) -> list[Route]:
    """Where the rows of every group of lanes lie.

    Args:
        lanes: the lanes.
        inputs: where each row starts in the memory of the input.
        rows: where it starts in an array of all rows.
        buses: where the first output of each item starts.
        time: samples to run.
        bus_stride: samples from one output of an item to the next.

    Shape: inputs and rows [items, rows]; buses [items].
    """
    inputs, rows = inputs[lanes.item, lanes.row], rows[lanes.item, lanes.row]
    buses = buses[lanes.item[:, :: lanes.segment]]
    return [
        Route(
            time=time,
            segment=lanes.segment,
            segments=int(lanes.segments[group]),
            live=int(lanes.live[group]),
            inputs=inputs[group],
            rows=rows[group],
            buses=buses[group],
            bus_stride=bus_stride,
        )
        for group in range(lanes.groups)
    ]
