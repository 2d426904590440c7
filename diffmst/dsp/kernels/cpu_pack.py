"""Tensors of settings, states and audio into the flat arrays of `cpu_strip`, and gradients back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from diffmst.dsp.kernels.cpu_filters import STAGES_MULTIPLE, TILE, TILE_STRIDE
from diffmst.dsp.kernels.cpu_lanes import Lanes
from diffmst.dsp.kernels.cpu_records import Memory, Route, Scratch, Settings, Sums
from diffmst.dsp.kernels.host import LANES, WIDTH

SMALLEST_KNEE_DB = 1e-30  # stands for a knee of width zero where it divides
_CACHE_LINE = 64  # bytes


def pack_settings(
    lanes: Lanes, coefficients: Tensor | None, dynamics: Tensor | None, mixing: Tensor | None
) -> list[Settings]:
    """Settings of every group of lanes; each of the three parts of a strip may be None.

    Shape: coefficients [batch, rows, stages, 5]; dynamics [batch, rows, 6]; mixing [batch, rows, outputs].
    """
    filters = _pack_coefficients(lanes, coefficients)
    curve, ballistics = _pack_dynamics(lanes, dynamics)
    gains = np.empty((lanes.groups, 0)) if mixing is None else lanes.pack(_numpy(mixing))
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


def _pack_coefficients(lanes: Lanes, coefficients: Tensor | None) -> np.ndarray:
    """[groups, stages, 5, LANES], filled up with stages that change nothing to the multiple that runs."""
    if coefficients is None:
        return np.empty((lanes.groups, 0, 5, LANES))
    packed = lanes.pack(_numpy(coefficients))
    neutral = np.zeros((lanes.groups, -packed.shape[1] % STAGES_MULTIPLE, 5, LANES))
    neutral[:, :, 0] = 1
    return np.concatenate((packed, neutral), axis=1)


def _pack_dynamics(lanes: Lanes, dynamics: Tensor | None) -> tuple[np.ndarray, np.ndarray]:
    """Curve [groups, 5, WIDTH] in float32, and ballistics [groups, 3, LANES]."""
    if dynamics is None:
        return np.empty((lanes.groups, 0), np.float32), np.empty((lanes.groups, 0))
    packed = lanes.pack(_numpy(dynamics))
    threshold_db, slope, knee_db, attack, release, makeup_db = np.moveaxis(packed, 1, 0)
    inverse_knee = 1 / np.maximum(knee_db, SMALLEST_KNEE_DB)
    curve = np.stack((threshold_db, slope, knee_db / 2, inverse_knee, lanes.linked), axis=1)
    return np.tile(curve, WIDTH // LANES).astype(np.float32), np.stack((attack, release, makeup_db), axis=1)


def pack_memory(lanes: Lanes, stages: int, filters: Tensor | None, gain_db: Tensor | None) -> list[Memory]:
    """States of every group of lanes; zero where None.

    Args:
        lanes: the lanes.
        stages: stages of `Settings`, of which `filters` may have fewer.
        filters: states of the filters.
        gain_db: states of the smoothers.

    Shape: filters [batch, rows, stages, 2]; gain_db [batch, rows].
    """
    packed = np.zeros((lanes.groups, stages, 2, LANES))
    if filters is not None:
        packed[:, : filters.shape[2]] = lanes.pack(_numpy(filters))
    gain = np.zeros((lanes.groups, LANES)) if gain_db is None else lanes.pack(_numpy(gain_db))
    return [Memory(packed[group].reshape(-1), gain[group]) for group in range(lanes.groups)]


def unpack_memory(lanes: Lanes, memory: list[Memory], stages: int) -> tuple[Tensor, Tensor]:
    """The inverse of `pack_memory`."""
    filters = np.stack([group.filters for group in memory]).reshape(lanes.groups, -1, 2, LANES)
    gain = np.stack([group.gain for group in memory])
    return torch.from_numpy(lanes.unpack(filters)[:, :, :stages]), torch.from_numpy(lanes.unpack(gain))


def zero_memory(stages: int) -> Memory:
    """States of one group of lanes, at rest."""
    return Memory(np.zeros(stages * 2 * LANES), np.zeros(LANES))


def room_for_states(lanes: Lanes, stages: int, blocks: int) -> Memory:
    """Room for the states of every group of lanes before each of its blocks."""
    return Memory(np.empty((lanes.groups, blocks * stages * 2 * LANES)), np.empty((lanes.groups, blocks * LANES)))


def zero_sums(settings: Settings) -> Sums:
    """Sums of one group of lanes, of nothing yet."""
    return Sums(
        np.zeros(settings.coefficients.size), np.zeros(3 * WIDTH), np.zeros(3 * LANES), np.zeros(settings.gains.size)
    )


def unpack_sums(lanes: Lanes, sums: list[Sums], stages: int) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients to coefficients, dynamics and mixing, of the shapes of `pack_settings`."""

    def stacked(name: str) -> np.ndarray:
        return np.stack([getattr(group, name) for group in sums])

    coefficients = lanes.unpack(stacked("coefficients").reshape(lanes.groups, -1, 5, LANES))[:, :, :stages]
    curve = lanes.unpack(stacked("curve").reshape(lanes.groups, 3, -1, LANES).sum(axis=2))
    ballistics = lanes.unpack(stacked("ballistics").reshape(lanes.groups, 3, LANES))
    gains = lanes.unpack(stacked("gains").reshape(lanes.groups, -1, LANES))
    dynamics = np.concatenate((curve, ballistics), axis=-1)
    return torch.from_numpy(coefficients), torch.from_numpy(dynamics), torch.from_numpy(gains)


def flat_memory(x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The memory of a signal as a flat array, and where in it each row starts.

    Nothing is copied as long as the samples of a row are neighbours; rows and items may lie anywhere, also on each
    other.

    Shape: x [batch, rows, time]; returns flat, and [batch, rows].
    """
    x = x.detach()
    if x.stride(-1) != 1 and x.shape[-1] > 1:
        x = x.contiguous()
    item, row = (np.arange(size) * stride for size, stride in zip(x.shape[:2], x.stride(), strict=False))
    offsets = item[:, None] + row
    length = int(offsets[-1, -1]) + x.shape[-1] if x.numel() else 0
    return x.as_strided((length,), (1,)).numpy(), offsets


def routes(lanes: Lanes, offsets: np.ndarray, time: int, outputs: int) -> list[Route]:
    """Where the rows of every group of lanes lie.

    Args:
        lanes: the lanes.
        offsets: where each row starts in the memory of the input.
        time: samples per row.
        outputs: buses per item.

    Shape: offsets [batch, rows].
    """
    inputs = offsets[lanes.item, lanes.row]
    rows = (lanes.item * offsets.shape[1] + lanes.row) * time
    buses = lanes.item[:, :: lanes.segment] * outputs * time
    return [
        Route(
            time=time,
            segment=lanes.segment,
            segments=int(lanes.segments[group]),
            live=int(lanes.live[group]),
            inputs=inputs[group],
            rows=rows[group],
            buses=buses[group],
        )
        for group in range(lanes.groups)
    ]


def scratch(stages: int) -> Scratch:
    """Fresh working memory for one thread."""
    single, double = np.float32, np.float64
    return Scratch(
        rows=_aligned(TILE, single),
        signals=_aligned((stages + 1) * TILE_STRIDE, double),
        smoothed=_aligned(TILE + LANES, double),
        gradient=_aligned(TILE, double),
        audio=_aligned(TILE, single),
        over=_aligned(TILE, single),
        target=_aligned(TILE, single),
        exponent=_aligned(TILE, single),
        audio_gradient=_aligned(TILE, single),
        gain_gradient=_aligned(TILE, single),
        output=_aligned(TILE, single),
    )


def _aligned(size: int, dtype: type) -> np.ndarray:
    """Zeros that start at a cache line."""
    memory = np.zeros(size * np.dtype(dtype).itemsize + _CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % _CACHE_LINE
    return memory[start : start + size * np.dtype(dtype).itemsize].view(dtype)


def _numpy(values: Tensor) -> np.ndarray:
    return values.detach().double().numpy()
