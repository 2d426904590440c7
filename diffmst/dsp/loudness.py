"""Loudness and peaks by ITU-R BS.1770-4, loudness range by EBU Tech 3342.

Two doors to one definition: functions on tensors, differentiable, for the losses; and `LoudnessMeter`, which reads a
song of any length in blocks and keeps a few numbers per frame.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.arrays import Array, detached, library, windows
from diffmst.dsp.true_peak import TruePeakMeter, true_peak_db
from diffmst.dsp.units import db_to_amplitude

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "LoudnessMeter",
    "SongFrames",
    "block_energies",
    "energy_to_lufs",
    "gain_to_loudness",
    "gated_loudness",
    "hop_energies",
    "hop_samples",
    "integrated_loudness",
    "integrated_loudness_from_hops",
    "k_weighting_sos",
    "normalize_loudness",
    "pooled_loudness",
    "true_peak_db",
]

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
RANGE_PERCENTILES = (10.0, 95.0)
HOP_S = 0.1
GATING_BLOCK_S = 0.4  # and momentary window
BLOCK_HOPS = 4
_SHORT_TERM_HOPS = 30  # 3 s
_FRAME_S = 0.003

FloatArray = NDArray[np.float64]


def energy_to_lufs(energy: Array) -> Array:
    """Loudness in LUFS of a K-weighted mean square summed over channels; -inf for none, with zero gradient."""
    xp, heard = library(energy), energy > 0
    level = 10 * xp.log10(xp.where(heard, energy, 1.0)) - 0.691
    return xp.where(heard, level, -xp.inf)


def k_weighting_sos(sample_rate: int) -> FloatArray:
    """K-weighting as second-order sections [2, 6]: the head's high shelf, then the high pass.

    At 48 kHz these are the tables of the standard; at other rates the same analog filters. `pyloudnorm` calls this
    curve "DeMan"; its default curve lies 0.043 dB below it.

    Reference: ITU-R BS.1770-4, tables 1 and 2; B. De Man, "Evaluation of implementations of the EBU R128 loudness
    measurement", AES 145, 2018.
    """
    if sample_rate < 8_000:
        raise ValueError(f"sample_rate must be at least 8000 Hz, got {sample_rate}")
    # The standard tabulates its filters for 48 kHz only. Undoing the bilinear transform of the tables gives analog
    # prototypes with the centre frequencies, Qs and gains below; K = tan(pi f0 / rate) redoes it for any rate.
    k, q = np.tan(np.pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    shelf_b = np.array([high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k])
    shelf_a = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    k, q = np.tan(np.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    high_pass_a = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    # The table leaves the numerator of the high pass unscaled, and implementations do so at every rate.
    high_pass_b = np.array([1.0, -2.0, 1.0]) * high_pass_a[0]
    return np.stack([np.r_[shelf_b, shelf_a] / shelf_a[0], np.r_[high_pass_b, high_pass_a] / high_pass_a[0]])


def hop_samples(sample_rate: int) -> int:
    """Samples in one hop of 100 ms, to the nearest whole sample."""
    return round(sample_rate * HOP_S)


def hop_energies(x: Tensor, sample_rate: int) -> Tensor:
    """K-weighted mean square of every whole hop of 100 ms.

    A signal shorter than one gating block (400 ms) is one hop of its own length.

    Shape: x [batch, channels, time]; returns [batch, channels, hops].
    """
    if x.shape[-1] == 0:
        raise ValueError("loudness needs at least one sample, got none")
    from diffmst.dsp.hop_energies import HopEnergies  # which needs torch; the meter does without
    from diffmst.dsp.measure import measure

    ((energies,),) = measure(x, HopEnergies(sample_rate))
    return energies


def block_energies(energy: Array) -> Array:
    """Energy of the gating blocks: four hops each, one more every hop, summed over channels.

    Shape: energy [..., channels, hops]; returns [..., blocks], at least one block.
    """
    total = energy.sum(-2)
    return windows(total, min(BLOCK_HOPS, total.shape[-1])).mean(-1)


def gated_loudness(blocks: Array) -> Array:
    """Loudness in LUFS of the blocks that pass both gates; -inf where none does.

    The gates are decided on the values alone: gradients reach the energy of the kept blocks, and are zero for silence.

    Shape: blocks [..., blocks]; returns [...].

    Reference: ITU-R BS.1770-4, equations 4 to 7.
    """
    values, level = detached(blocks), energy_to_lufs(detached(blocks))
    kept = level >= ABSOLUTE_GATE_LUFS
    relative = energy_to_lufs(_mean_of_kept(values, kept)) + RELATIVE_GATE_LU
    kept = kept & (level > relative[..., None])
    return energy_to_lufs(_mean_of_kept(blocks, kept))


def _mean_of_kept(blocks: Array, kept: Array) -> Array:
    return library(blocks).where(kept, blocks, 0.0).sum(-1) / library(kept).clip(kept.sum(-1), 1, None)


def integrated_loudness(x: Tensor, sample_rate: int) -> Tensor:
    """Integrated loudness in LUFS, differentiable in the audio.

    -inf, with zero gradient, for what stays under the absolute gate (-70 LUFS), silence included. A signal shorter
    than 400 ms is measured as one block. Every channel has weight 1: mono, or left and right.

    Shape: x [batch, channels, time]; returns [batch].

    Reference: ITU-R BS.1770-4.
    """
    return gated_loudness(block_energies(hop_energies(x, sample_rate)))


def pooled_loudness(x: Tensor, sample_rate: int) -> Tensor:
    """Loudness in LUFS of several windows of one mix, gated together as if they were one programme.

    Shape: x [windows, channels, time]; returns a scalar.
    """
    return gated_loudness(block_energies(hop_energies(x, sample_rate)).flatten())


def integrated_loudness_from_hops(energy: FloatArray) -> float:
    """Integrated loudness in LUFS from hop energies [channels, hops]; see `hop_energies`."""
    if energy.shape[-1] == 0:
        return -np.inf
    return float(gated_loudness(block_energies(energy)))


def normalize_loudness(x: Tensor, sample_rate: int, loudness_lufs: float) -> Tensor:
    """The signal at the given integrated loudness, by gain alone; what is silent stays as it is.

    The gain is part of the graph, so a loss on the result does not see, and does not push, the level of `x`.

    Shape: x [batch, channels, time]; returns the same.
    """
    return x * gain_to_loudness(integrated_loudness(x, sample_rate), loudness_lufs)[:, None, None]


def gain_to_loudness(measured_lufs: Tensor, loudness_lufs: Tensor | float) -> Tensor:
    """The factor that takes what has one loudness to another; 1 for what has none, being silent."""
    xp = library(measured_lufs)
    return db_to_amplitude(loudness_lufs - xp.where(measured_lufs.isfinite(), measured_lufs, loudness_lufs))


class SongFrames(NamedTuple):
    """A song as a limiter sees it: one value per frame of about 3 ms, for all channels together.

    Attributes:
        samples: in a frame.
        peaks: highest magnitude, between the samples too, estimated; float32 [frames].
        energies: K-weighted, summed over the samples; float32 [frames].
    """

    samples: int
    peaks: NDArray[np.float32]
    energies: NDArray[np.float32]


class LoudnessMeter:
    """Loudness, loudness range and peaks of a signal that arrives in blocks.

    Blocks may have any sizes: the readings depend on the signal alone. They may be taken at any time, and hold for
    what has been added so far. Memory is one number per channel and hop of 100 ms, and two per 3 ms: 10 MB an hour.

    Args:
        sample_rate: of the signal, Hz.
        channels: of the signal; all have weight 1 (mono, or left and right).

    >>> meter = LoudnessMeter(48_000, channels=2)
    >>> meter.add(0.1 * np.sin(2 * np.pi * 997 / 48_000 * np.arange(48_000)) * np.ones((2, 1)))
    >>> round(meter.integrated_lufs, 1), round(meter.true_peak_dbtp, 1)
    (-20.0, -20.0)
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        from diffmst.dsp.kernels import cpu_loudness, cpu_peaks

        self.sample_rate = sample_rate
        self.channels = channels
        frame_groups = max(1, round(_FRAME_S * sample_rate / cpu_peaks.GROUP))
        self._frame_samples = frame_groups * cpu_peaks.GROUP
        self._pairs = [cpu_loudness.weighting(k_weighting_sos(sample_rate)) for _ in range(0, channels, 2)]
        self._peaks = TruePeakMeter(sample_rate, channels, frame_groups)
        self._hops: list[FloatArray] = []
        self._frames: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []  # peaks, energies

    def add(self, block: NDArray[np.floating]) -> None:
        """Read the next samples, [channels, time]."""
        from diffmst.dsp.kernels import cpu_loudness

        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"block must be [{self.channels}, time], got {list(block.shape)}")
        audio, hop = np.require(block, np.float32, ["C", "W"]), hop_samples(self.sample_rate)
        rows = np.split(audio, range(2, self.channels, 2))
        heard = map(cpu_loudness.energies, self._pairs, rows, repeat(hop), repeat(self._frame_samples))
        hops, frames = map(np.concatenate, zip(*heard, strict=True))
        self._hops.append(hops / hop)
        self._frames.append((self._peaks.add(audio), frames.sum(axis=0).astype(np.float32)))

    @property
    def frames(self) -> SongFrames:
        """All whole frames so far, for whoever wants to know what a limiter would make of the song."""
        last = self._peaks.ended()[1], np.zeros(0, np.float32)
        peaks, energies = (np.concatenate(parts) for parts in zip(*self._frames, last, strict=True))
        return SongFrames(self._frame_samples, peaks[: len(energies)], energies)

    @property
    def hop_energies(self) -> FloatArray:
        """K-weighted mean square of every whole hop so far, [channels, hops]; see the function of the same name."""
        energy = np.concatenate([np.zeros((self.channels, 0)), *self._hops], axis=1)
        if energy.shape[1] >= BLOCK_HOPS:
            return energy
        hop = hop_samples(self.sample_rate)
        rest = np.concatenate([weighting.unfinished_hop for weighting in self._pairs])[: self.channels, None]
        if (samples := energy.shape[1] * hop + self._pairs[0].samples_of_hop) == 0:
            return energy
        return (energy.sum(1, keepdims=True) * hop + rest) / samples

    def _sliding_lufs(self, hops: int) -> FloatArray:
        energy = self.hop_energies.sum(0)
        return energy_to_lufs(windows(energy, hops).mean(-1) if len(energy) >= hops else energy[:0])

    @property
    def integrated_lufs(self) -> float:
        """Gated loudness of all so far; -inf when nothing passed the gates."""
        return integrated_loudness_from_hops(self.hop_energies)

    @property
    def momentary_lufs(self) -> FloatArray:
        """Loudness of windows of 400 ms, one every 100 ms; value k ends at (k + 4) * 100 ms."""
        return self._sliding_lufs(BLOCK_HOPS)

    @property
    def short_term_lufs(self) -> FloatArray:
        """Loudness of windows of 3 s, one every 100 ms; value k ends at (k + 30) * 100 ms. Empty under 3 s."""
        return self._sliding_lufs(_SHORT_TERM_HOPS)

    @property
    def loudness_range_lu(self) -> float:
        """Spread of the short-term loudness, 10th to 95th percentile after gating; 0 when there is nothing to compare.

        Reference: EBU Tech 3342, 2016.
        """
        level = self.short_term_lufs
        level = level[level >= ABSOLUTE_GATE_LUFS]
        if len(level) == 0:
            return 0.0
        mean_lufs = 10 * np.log10(np.mean(10 ** (level / 10)))
        low, high = np.percentile(level[level >= mean_lufs + RANGE_GATE_LU], RANGE_PERCENTILES, method="nearest")
        return float(high - low)

    @property
    def sample_peak_db(self) -> float:
        """Highest absolute sample so far, dBFS; -inf for silence."""
        return self._peaks.sample_peak_db

    @property
    def true_peak_dbtp(self) -> float:
        """True peak so far, with silence taken to follow; see `true_peak_db`."""
        return self._peaks.true_peak_dbtp
