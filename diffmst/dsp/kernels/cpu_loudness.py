"""K-weighted energy of audio that arrives in blocks, compiled by numba.

K-weighting is two biquads in cascade. As a sum of partial fractions,

    H(z) = d + (p0 + p1 / z) / A1(z) + (q0 + q1 / z) / A2(z),

they run side by side: two channels and both fractions are the four lanes of one float64 vector, and a sample takes as
long as one multiply-add, that of y[n - 1] in y[n] = -a1 y[n-1] + (-a2 y[n-2] + p0 x[n] + p1 x[n-1]).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.kernels.host import kernel, part
from diffmst.dsp.kernels.simd import absolute, fma, load, pointers, select, shifted, splat, store
from diffmst.dsp.kernels.simd_audio import halves, stereo

SMALLEST_STATE = 1e-30  # below, a filter is at rest: numbers that went on to fall would become slow to reckon with


class Weighting(NamedTuple):
    """A K-weighting filter, and what it has heard of two channels, or of one twice; float64.

    Attributes:
        filters: p0, p1, -a1, -a2 and d, flat [5, 4].
        state: x[n-1], y[n-1] and y[n-2], flat [3, 4].
        sums: energy of the unfinished hop and of the unfinished frame, flat [2, 2].
        places: samples in them, int64 [2].
    """

    filters: np.ndarray
    state: np.ndarray
    sums: np.ndarray
    places: np.ndarray

    @property
    def unfinished_hop(self) -> np.ndarray:
        """Energy of both channels, [2]."""
        return self.sums[:2]

    @property
    def samples_of_hop(self) -> int:
        """Samples in the unfinished hop."""
        return int(self.places[0])


class Block(NamedTuple):
    """A block of audio, and room for the energies of what ends in it: sums of squares, not means.

    Attributes:
        left, right: float32 [time]; the same for one channel.
        hops: float64, flat [hops, 2].
        frames: likewise.
        time: samples.
    """

    left: np.ndarray
    right: np.ndarray
    hops: np.ndarray
    frames: np.ndarray
    time: int


def weighting(sos: np.ndarray) -> Weighting:
    """K-weighting, [2, 6] second-order sections: any biquad, then a high pass; at rest."""
    (b1, a1), (b2, a2) = (np.split(section, 2) for section in sos)
    # b1 b2 = d a1 a2 + (p0 + p1 / z) a2 + (q0 + q1 / z) a1, in every power of 1 / z.
    products = np.zeros((5, 5))
    products[:, 0] = np.convolve(a1, a2)
    for delay in range(2):
        products[delay : delay + 3, 1 + delay] = a2
        products[delay : delay + 3, 3 + delay] = a1
    d, p0, p1, q0, q1 = np.linalg.solve(products, np.convolve(b1, b2))
    # The second takes any offset away. Both fractions let it through, and must cancel to the last digit: H(1) = 0.
    q1 = -q0 - a2.sum() * (d + (p0 + p1) / a1.sum())
    lanes = np.array([[p0, q0], [p1, q1], [-a1[1], -a2[1]], [-a1[2], -a2[2]], [d, d]])
    return Weighting(np.repeat(lanes, 2, axis=1).reshape(-1), np.zeros(12), np.zeros(4), np.zeros(2, np.int64))


def energies(weighting: Weighting, x: np.ndarray, hop: int, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Filter a block of one or two channels; the energy of every hop and frame that ends in it.

    Shape: x [channels, time] float32, its rows contiguous; returns [channels, hops] and [channels, frames].
    """
    channels, time = x.shape
    ended = ((int(place) + time) // length for place, length in zip(weighting.places, (hop, frame), strict=True))
    hops, frames = (np.empty((count, 2)) for count in ended)
    weigh(weighting, Block(x[0], x[channels - 1], hops.reshape(-1), frames.reshape(-1), time), hop, frame)
    return hops.T[:channels], frames.T[:channels]


@kernel
def weigh(weighting, block, hop, frame):
    """Filter a block.

    Args:
        weighting: `Weighting`; replaced by that after the block.
        block: `Block`; its energies are written.
        hop: its length, samples.
        frame: likewise.
    """
    state, heard = pointers(weighting), pointers(block)
    n, hops, frames = 0, 0, 0
    while n < heard.time:
        count = min(hop - state.places[0], frame - state.places[1], heard.time - n)
        energy = _energy(state.filters, state.state, shifted(heard.left, n), shifted(heard.right, n), count)
        n += count
        state.places[0] += count
        state.places[1] += count
        hop_energy, frame_energy = load(state.sums, 0, 2) + energy, load(state.sums, 2, 2) + energy
        if state.places[0] == hop:
            store(heard.hops, 2 * hops, hop_energy)
            hops, hop_energy, state.places[0] = hops + 1, splat(0.0, energy), 0
        if state.places[1] == frame:
            store(heard.frames, 2 * frames, frame_energy)
            frames, frame_energy, state.places[1] = frames + 1, splat(0.0, energy), 0
        store(state.sums, 0, hop_energy)
        store(state.sums, 2, frame_energy)


@part
def _energy(filters, state, left, right, count):
    """Sum of the squares of `count` samples of two channels, weighted."""
    p0, p1, a1, a2 = load(filters, 0, 4), load(filters, 4, 4), load(filters, 8, 4), load(filters, 12, 4)
    direct = load(filters, 16, 2)
    x1, y1, y2 = load(state, 0, 4), load(state, 4, 4), load(state, 8, 4)
    energy = splat(0.0, direct)
    for n in range(count):
        x = stereo(left[n], right[n])
        y = fma(a1, y1, fma(a2, y2, fma(p0, x, p1 * x1)))
        x1, y1, y2 = x, y, y1
        first, second = halves(y)
        weighted = fma(direct, halves(x)[0], first + second)
        energy = fma(weighted, weighted, energy)
    smallest, zero = splat(SMALLEST_STATE, y1), splat(0.0, y1)
    store(state, 0, x1)
    store(state, 4, select(absolute(y1) < smallest, zero, y1))
    store(state, 8, select(absolute(y2) < smallest, zero, y2))
    return energy
