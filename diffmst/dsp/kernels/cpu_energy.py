"""Energies of K-weighted rows, hop by hop, and back through the filters for the gradient.

The adjoint of a filter is the filter in reversed time, so one kernel serves both directions. Two rows run side by side,
as partial fractions; see `cpu_loudness`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.dsp.kernels.cpu_loudness import SMALLEST_STATE, weighting
from diffmst.dsp.kernels.cpu_pack import flat_memory
from diffmst.dsp.kernels.host import kernel, part
from diffmst.dsp.kernels.simd import absolute, fma, load, pointers, select, splat, store, widen
from diffmst.dsp.kernels.simd_audio import halves, stereo
from diffmst.dsp.kernels.threads import for_each


class Hops(NamedTuple):
    """What one call filters: two rows, or one twice.

    Attributes:
        hop: samples of a hop.
        number: how many hops.
        backwards: whether in reversed time, and added to the output.
        filters: as in `cpu_loudness.Weighting`.
        left, right: memory of the rows, float32 [time].
        y_left, y_right: of the filtered rows; the second is not the first.
        factors: of the input of each hop, float64, flat [number, 2].
        sums: of the squares of the output of each hop, float64, flat [number, 2], written.
    """

    hop: int
    number: int
    backwards: bool
    filters: np.ndarray
    left: np.ndarray
    right: np.ndarray
    y_left: np.ndarray
    y_right: np.ndarray
    factors: np.ndarray
    sums: np.ndarray


def hop_energies(x: Tensor, sos: np.ndarray, hop: int) -> tuple[Tensor, Tensor]:
    """Mean squares of hops of filtered rows, and those rows; see `recurrence.hop_energies`."""
    hops = x.shape[-1] // hop
    filtered = x.new_empty(*x.shape[:-1], hops * hop)
    sums = _run(x, filtered, sos, np.ones((x.shape[0] * x.shape[1], hops)), backwards=False)
    return torch.from_numpy(sums / hop).reshape(*x.shape[:-1], hops).to(x.dtype), filtered


def add_hop_gradient(filtered: Tensor, sos: np.ndarray, gradient: Tensor, dx: Tensor) -> None:
    """Adds the gradient to the rows to `dx`; see `recurrence.add_hop_gradient`."""
    hop = filtered.shape[-1] // gradient.shape[-1]
    _run(filtered, dx, sos, gradient.double().flatten(0, 1).numpy() * (2 / hop), backwards=True)


def _run(x: Tensor, y: Tensor, sos: np.ndarray, factors: np.ndarray, *, backwards: bool) -> np.ndarray:
    """Filters the rows of `x`, each hop times its factor, into `y`; returns the sums of squares, [rows, hops]."""
    rows, y_rows = flat_memory(x.detach().numpy()), y.numpy().reshape(-1, y.shape[-1])
    starts, (count, hops) = rows.offsets.reshape(-1), factors.shape
    samples, filters = min(x.shape[-1], y.shape[-1]) // hops * hops, weighting(sos).filters
    sums = np.empty((count, hops))

    def run(first: int) -> None:
        pair = [first, min(first + 1, count - 1)]
        left, right = (rows.memory[starts[row] : starts[row] + samples] for row in pair)
        unheard = np.zeros(samples, np.float32) if pair[0] == pair[1] else y_rows[pair[1]]
        pair_sums = np.empty((hops, 2))
        task = Hops(
            samples // hops,
            hops,
            backwards,
            filters,
            left,
            right,
            y_rows[first],
            unheard,
            np.ascontiguousarray(factors[pair].T).reshape(-1),
            pair_sums.reshape(-1),
        )
        filter_hops(task)
        sums[pair] = pair_sums.T

    for_each(run, range(0, count, 2))
    return sums


@kernel
def filter_hops(hops):
    """Run a pair of rows.

    Args:
        hops: `Hops`.
    """
    data = pointers(hops)
    rest = splat(0.0, load(data.filters, 0, 4))
    state = rest, rest, rest
    for step in range(data.number):
        hop = data.number - 1 - step if data.backwards else step
        state = _filter_hop(data, hop, state)


@part
def _filter_hop(data, hop, state):
    filters = data.filters
    p0, p1, a1, a2 = load(filters, 0, 4), load(filters, 4, 4), load(filters, 8, 4), load(filters, 12, 4)
    direct = load(filters, 16, 2)
    x1, y1, y2 = state
    factor, energy = stereo(data.factors[2 * hop], data.factors[2 * hop + 1]), splat(0.0, direct)
    step = -1 if data.backwards else 1
    n = hop * data.hop + (data.hop - 1 if data.backwards else 0)
    for _ in range(data.hop):
        x = stereo(data.left[n], data.right[n]) * factor
        y = fma(a1, y1, fma(a2, y2, fma(p0, x, p1 * x1)))
        x1, y1, y2 = x, y, y1
        first, second = halves(y)
        weighted = fma(direct, halves(x)[0], first + second)
        energy = fma(weighted, weighted, energy)
        left, right = halves(weighted)
        if data.backwards:
            store(data.y_left, n, widen(load(data.y_left, n, 1)) + left)
            store(data.y_right, n, widen(load(data.y_right, n, 1)) + right)
        else:
            store(data.y_left, n, left)
            store(data.y_right, n, right)
        n += step
    store(data.sums, 2 * hop, energy)
    smallest, zero = splat(SMALLEST_STATE, y1), splat(0.0, y1)
    return x1, select(absolute(y1) < smallest, zero, y1), select(absolute(y2) < smallest, zero, y2)
