"""Short-time power in bands as wide as the ear's: what is left of audio when nothing but levels is compared or mixed.

Frames last the same at every sample rate, so that what is learnt at one holds at another.
"""

from __future__ import annotations

from functools import cache
from itertools import count

import numpy as np
import torch
from torch import Tensor

from diffmst.dsp.bands import AUDIBLE_HZ, band_weights, erb_rate_to_hz, hz_to_erb_rate
from diffmst.dsp.loudness import GATING_BLOCK_S, energy_to_lufs, gated_loudness, k_weighting_sos
from diffmst.dsp.measure import measure
from diffmst.dsp.spectrum import BandPower, Frames

BANDS = 64
FRAME_S = 2_048 / 44_100
HOP_S = FRAME_S / 2
LEFT, RIGHT, CROSS = range(3)

_ERB_RANGE_HZ = (30.0, 18_000.0)
_GATING_STEP_S = 0.1
_RESPONSE_RATE = 48_000  # at which the K-weighting is tabulated
_FASTEST_PRIMES = (2, 3, 5, 7)


def band_powers(x: Tensor, sample_rate: int) -> Tensor:
    """Mean squares of left and right, and the mean of left times right, in every frame and band.

    Frames are Hann windows of about 46 ms that overlap by half; only whole ones count, and a signal shorter than one is
    followed by silence. The mean over the frames of the sum over the bands is the mean square of the signal, from
    11 Hz to 20 kHz, as far as every frame is one of many: a window lets the hop between two peaks through by half.
    What is mono is both left and right.

    Args:
        x: signal.
        sample_rate: Hz.

    Shape: x [..., channels, time], one channel or two; returns [..., 3, frames, bands].

    Raises:
        ValueError: x has neither one channel nor two.

    >>> tone = 0.5 * torch.sin(2 * torch.pi * 1_000 / 48_000 * torch.arange(48_000))
    >>> powers = band_powers(torch.stack([tone, -tone]), 48_000)
    >>> powers.sum(-1).mean(-1)
    tensor([ 0.1250,  0.1250, -0.1250])
    """
    channels, time = x.shape[-2:]
    if channels not in (1, 2):
        raise ValueError(f"x must have 1 or 2 channels, got {channels}")
    size = frame_samples(sample_rate)
    weights = _weights(sample_rate, size, x.dtype, x.device)
    items = x.reshape(-1, channels, time)
    if channels == 1:  # two items are transformed at once, as if they were left and right
        items = torch.nn.functional.pad(items, (0, 0, 0, 0, 0, len(items) % 2)).reshape(-1, 2, time)
    ((powers,),) = measure(items, BandPower(Frames(size, size // 2), weights))
    if channels == 1:
        powers = powers[:, :CROSS].flatten(0, 1)[: x.shape[:-2].numel(), None].expand(-1, 3, -1, -1)
    return powers.reshape(*x.shape[:-2], *powers.shape[1:])


def frame_samples(sample_rate: int) -> int:
    """Samples in a frame: the even number of small prime factors, a fast transform, whose duration is nearest.

    >>> [frame_samples(rate) for rate in (16_000, 44_100, 48_000, 96_000)]
    [750, 2048, 2240, 4480]
    """
    middle = round(sample_rate * HOP_S)
    return next(2 * hop for step in count() for hop in (middle - step, middle + step) if _is_fast(hop))


def frame_count(time: int, sample_rate: int) -> int:
    """Frames of a signal of so many samples."""
    size = frame_samples(sample_rate)
    return Frames(size, size // 2).count(time)


@cache
def band_edges_hz() -> Tensor:
    """The 65 edges of the bands, equally wide on the ERB-rate scale from 30 Hz to 18 kHz, float64.

    The lowest reaches down to half a bin, the highest up to the end of hearing.
    """
    low, high = map(hz_to_erb_rate, _ERB_RANGE_HZ)
    edges = erb_rate_to_hz(torch.linspace(low, high, BANDS + 1, dtype=torch.float64))
    edges[0], edges[-1] = 0.5 / FRAME_S, AUDIBLE_HZ[1]
    return edges


@cache
def band_centres_hz() -> Tensor:
    """The geometric means of the edges of every band, [bands], float64."""
    edges = band_edges_hz()
    return (edges[1:] * edges[:-1]).sqrt()


@cache
def band_points_hz(points: int) -> Tensor:
    """Frequencies evenly spread within every band, over which what varies inside it is meaned, [bands, points]."""
    low, high = band_edges_hz()[:-1, None], band_edges_hz()[1:, None]
    return low + (high - low) * (torch.arange(points, dtype=torch.float64) + 0.5) / points


@cache
def k_weights() -> Tensor:
    """Power gain of the K-weighting, meaned over every band, [bands], float64."""
    sections = k_weighting_sos(_RESPONSE_RATE)
    z = np.exp(-2j * np.pi * band_points_hz(16).numpy() / _RESPONSE_RATE)
    responses = [np.polyval(row[2::-1], z) / np.polyval(row[:2:-1], z) for row in sections]
    return torch.from_numpy(np.square(np.abs(np.prod(responses, 0))).mean(-1))


def k_energies(powers: Tensor) -> Tensor:
    """K-weighted mean square of left and right together in every frame; [..., 3, frames, bands] to [..., frames]."""
    both = powers[..., LEFT, :, :] + powers[..., RIGHT, :, :]
    return both @ k_weights().to(powers)


def band_loudness_lufs(powers: Tensor, *, gated: bool = True) -> Tensor:
    """Loudness in LUFS of what plays on left and right; 3.01 LU less is that of a mono file, being one channel.

    Windows of one programme can be gated together: move their axis beside that of the frames, see `gating_blocks`.

    Args:
        powers: as `band_powers` gives them.
        gated: integrated loudness after BS.1770; else that of the mean over all frames. -inf for silence.

    Shape: powers [..., 3, frames, bands]; returns [...].
    """
    energies = k_energies(powers)
    return gated_loudness(gating_blocks(energies)) if gated else energy_to_lufs(energies.mean(-1))


def gating_blocks(energies: Tensor) -> Tensor:
    """Means over 400 ms every 100 ms, as the gates of BS.1770 see them, of energies in frames.

    Shape: energies [..., frames]; returns [..., blocks], at least one.
    """
    frames = min(round(GATING_BLOCK_S / HOP_S), energies.shape[-1])
    return energies.unfold(-1, frames, round(_GATING_STEP_S / HOP_S)).mean(-1)


def _is_fast(count: int) -> bool:
    for prime in _FASTEST_PRIMES:
        while count > 1 and count % prime == 0:
            count //= prime
    return count == 1


@cache
def _weights(sample_rate: int, size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Weights of the bins in each band that make mean squares of the power of a frame, [bins, bands].

    Parseval: the squares of a frame of N samples sum up to 1 / N of those of its spectrum, each bin but the first and
    the last counting twice; and a Hann window has 3 N / 8 of the squares of what it is applied to.
    """
    both_sides = torch.full((size // 2 + 1, 1), 2.0, dtype=torch.float64)
    both_sides[[0, -1]] = 1
    scale = both_sides * 8 / (3 * size**2)
    return (band_weights(band_edges_hz(), sample_rate, size) * scale).to(device, dtype)
