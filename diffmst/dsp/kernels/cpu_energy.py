"""Energies of filtered rows, hop by hop: all rows through two biquads, and back through them for the gradient.

The adjoint of a filter is the filter in reversed time, so one kernel serves both directions. Rows are the lanes, and
run from end to end: cut into chunks they would need twice the work to fill lanes that cost nothing when left empty.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.dsp.kernels import cpu_workspace as workspace
from diffmst.dsp.kernels.cpu_filters import TILE, flush
from diffmst.dsp.kernels.cpu_pack import flat_memory
from diffmst.dsp.kernels.cpu_tiles import copy, gather, rows_to_tile, scatter, tile_to_rows
from diffmst.dsp.kernels.host import BLOCK, LANES, WIDTH, kernel, part
from diffmst.dsp.kernels.simd import fma, load, pointers, splat, store
from diffmst.dsp.kernels.threads import for_each

STAGES = 2


class Hops(NamedTuple):
    """What one call filters.

    Attributes:
        hop: samples of a hop.
        number: how many hops.
        backwards: whether in reversed time, and added to the output.
        live: lanes that are rows of their own; the others repeat one.
        coefficients: float64, flat [STAGES, 5].
        inputs: int64 [LANES], where the row of each lane starts in `x`.
        outputs: int64 [LANES], where it starts in `y`.
        x: memory of the rows, float32.
        y: memory of the filtered rows, float32.
        factors: of the input of each hop, float64, flat [number, LANES].
        sums: of the squares of the output of each hop, float64, flat [number, LANES], added to.
    """

    hop: int
    number: int
    backwards: bool
    live: int
    coefficients: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray
    x: np.ndarray
    y: np.ndarray
    factors: np.ndarray
    sums: np.ndarray


def hop_energies(x: Tensor, coefficients: Tensor, hop: int) -> tuple[Tensor, Tensor]:
    """Mean squares of hops of filtered rows, and those rows; see `recurrence.hop_energies`."""
    hops = x.shape[-1] // hop
    filtered = x.new_empty(*x.shape[:-1], hops * hop)
    sums = _run(x, filtered, coefficients, np.ones((x.shape[0] * x.shape[1], hops)), backwards=False)
    return torch.from_numpy(sums / hop).reshape(*x.shape[:-1], hops).to(x.dtype), filtered


def add_hop_gradient(filtered: Tensor, coefficients: Tensor, gradient: Tensor, dx: Tensor) -> None:
    """Adds the gradient to the rows to `dx`; see `recurrence.add_hop_gradient`."""
    hop = filtered.shape[-1] // gradient.shape[-1]
    _run(filtered, dx, coefficients, gradient.double().flatten(0, 1).numpy() * (2 / hop), backwards=True)


def _run(x: Tensor, y: Tensor, coefficients: Tensor, factors: np.ndarray, *, backwards: bool) -> np.ndarray:
    """Filters the rows of `x`, each hop times its factor, into `y`; returns the sums of squares, [rows, hops]."""
    rows, (count, hops) = flat_memory(x.detach().numpy()), factors.shape
    starts, y_starts = rows.offsets.reshape(-1), np.arange(count) * y.shape[-1]
    sums = np.empty((count, hops))

    def run(first: int) -> None:
        lanes = np.minimum(first + np.arange(LANES), count - 1)  # lanes left over repeat the last row
        lane_sums = np.zeros((hops, LANES))
        task = Hops(
            hop=min(x.shape[-1], y.shape[-1]) // hops,
            number=hops,
            backwards=backwards,
            live=min(LANES, count - first),
            coefficients=coefficients.numpy().reshape(-1),
            inputs=starts[lanes],
            outputs=y_starts[lanes],
            x=rows.memory,
            y=y.numpy().reshape(-1),
            factors=np.ascontiguousarray(factors[lanes].T).reshape(-1),
            sums=lane_sums.reshape(-1),
        )
        filter_hops(task, workspace.scratch(STAGES))
        sums[lanes] = lane_sums.T

    for_each(run, range(0, count, LANES))
    return sums


@kernel
def filter_hops(hops, scratch):
    """Run one group of lanes.

    Args:
        hops: `Hops`.
        scratch: `Scratch`.
    """
    hops = pointers(hops)
    scratch = pointers(scratch)
    blocks = (hops.hop + BLOCK - 1) // BLOCK
    _clear_state(scratch.gradient)
    for step in range(hops.number * blocks):
        at = hops.number * blocks - 1 - step if hops.backwards else step
        hop, start = at // blocks, at % blocks * BLOCK
        count = min(BLOCK, hops.hop - start)
        start += hop * hops.hop
        gather(hops.x, hops.inputs, start, count, scratch.rows)
        rows_to_tile(scratch.rows, scratch.signals)
        _two_stages(hops, hop, scratch.gradient, scratch.signals, count)
        copy(scratch.signals, scratch.output, TILE)
        tile_to_rows(scratch.output, scratch.rows)
        if hops.backwards:
            _add(scratch.rows, hops, start, count)
        else:
            scatter(scratch.rows, hops.y, hops.outputs, start, count)


@part
def _add(rows, hops, start, count):
    """Add `count` samples of every lane to its row, once where several lanes repeat it."""
    whole = count - count % WIDTH
    for lane in range(hops.live):
        at = hops.outputs[lane] + start
        for n in range(0, whole, WIDTH):
            store(hops.y, at + n, load(hops.y, at + n, WIDTH) + load(rows, lane * BLOCK + n, WIDTH))
        for n in range(whole, count):
            hops.y[at + n] += rows[lane * BLOCK + n]


@part
def _clear_state(state):
    """Set the states of both stages to zero."""
    for at in range(STAGES * 2 * LANES):
        state[at] = 0.0


@part
def _two_stages(hops, hop, state, tile, count):
    """Filter `count` samples of a tile in place, and add up the squares of what comes out."""
    like = load(tile, 0, LANES)
    first, second = _coefficients(hops.coefficients, 0, like), _coefficients(hops.coefficients, 5, like)
    factor, total = load(hops.factors, hop * LANES, LANES), load(hops.sums, hop * LANES, LANES)
    z0, z1 = load(state, 0, LANES), load(state, LANES, LANES)
    z2, z3 = load(state, 2 * LANES, LANES), load(state, 3 * LANES, LANES)
    step = -LANES if hops.backwards else LANES
    at = (count - 1) * LANES if hops.backwards else 0
    for _ in range(count):
        y, z0, z1 = _biquad(first, z0, z1, load(tile, at, LANES) * factor)
        y, z2, z3 = _biquad(second, z2, z3, y)
        total = fma(y, y, total)
        store(tile, at, y)
        at += step
    store(hops.sums, hop * LANES, total)
    store(state, 0, flush(z0))
    store(state, LANES, flush(z1))
    store(state, 2 * LANES, flush(z2))
    store(state, 3 * LANES, flush(z3))


@part
def _coefficients(values, at, like):
    """(b0, b1 - a1 b0, b2 - a2 b0, -a1, -a2), see `cpu_filters`."""
    b0, b1, b2, a1, a2 = values[at], values[at + 1], values[at + 2], values[at + 3], values[at + 4]
    return splat(b0, like), splat(b1 - a1 * b0, like), splat(b2 - a2 * b0, like), splat(-a1, like), splat(-a2, like)


@part
def _biquad(coefficients, z1, z2, x):
    b0, c1, c2, a1, a2 = coefficients
    return fma(b0, x, z1), fma(a1, z1, fma(c1, x, z2)), fma(a2, z1, c2 * x)
