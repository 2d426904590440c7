"""Energies in critical bands of a signal that arrives in blocks, hop by hop."""

from __future__ import annotations

import numpy as np
import torch

from diffmst.dsp.kernels.cpu_frames import cut
from diffmst.dsp.kernels.cpu_spectra import band_power, bands_of
from diffmst.dsp.loudness import hop_samples

# Critical bands after Zwicker, hertz; the first reaches down to 20 Hz, the last up to whatever there is.
BARK_EDGES_HZ = (
    *(20, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300),
    *(6400, 7700, 9500, 12_000, np.inf),
)
BANDS = len(BARK_EDGES_HZ) - 1


class BarkEnergies:
    """Mean squares per hop of 100 ms and Bark band, of one channel, or of mid (L + R) / 2 and side of two.

    Frames of one hop under a sine window overlap by half, so that the squared windows sum to 1 everywhere and no
    onset is missed. Each hop has one frame of its own, and half of those it shares with its neighbours.

    Args:
        sample_rate: of the signal, Hz.
        channels: of the signal, 1 or 2.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._hop = hop_samples(sample_rate)
        self._half = self._hop // 2
        size = 2 * self._half
        self._window = torch.sin(torch.pi * (torch.arange(size, dtype=torch.float64) + 0.5) / size).float()
        self._bands = bands_of(_weights(sample_rate, size, self._hop) / channels**2)  # twice mid is L + R
        self._before = np.zeros((channels, self._half), np.float32)
        self._frames = torch.empty(2, channels, 0, size)
        self._hops: list[np.ndarray] = []

    def add(self, x: np.ndarray) -> None:
        """Take in the next whole hops, float32 [channels, time]."""
        own, shared = self._powers(x)
        inner = shared[..., 1:]
        last = np.zeros_like(shared[..., :1])
        self._hops.append(own + (shared + np.concatenate([inner, last], axis=-1)) / 2)
        if len(self._hops) > 1:
            self._hops[-2][..., -1] += shared[..., 0] / 2

    def result(self) -> np.ndarray:
        """All hops so far, [mid and side, BANDS, hops], float32."""
        return np.concatenate(self._hops, axis=-1)

    def _powers(self, x: np.ndarray) -> np.ndarray:
        """Of the frame inside each hop, and of the one across its beginning, [2, mid and side, BANDS, hops]."""
        joined = np.concatenate([self._before, x], axis=1)
        self._before = joined[:, -self._half :].copy()
        (channels, time), size = x.shape, 2 * self._half
        hops = time // self._hop
        if self._frames.shape[2] != hops:
            self._frames = torch.empty(2, channels, hops, size)
        for frames, begin in zip(self._frames, (self._half, 0), strict=True):
            rows = torch.from_numpy(joined)[None]
            cut(rows, self._hop, begin, self._window, frames[None], mid_side=channels == 2)
        power = band_power(torch.fft.rfft(self._frames.view(-1, 2, hops, size)), self._bands)  # of two rows at once
        return power[:, :2].reshape(2, channels, hops, BANDS).transpose(2, 3).numpy()


def _weights(sample_rate: int, size: int, hop: int) -> torch.Tensor:
    """What the power of each bin adds to the mean square of its band, [bins, BANDS].

    Parseval: the mean square over a hop is the sum of |X|^2 over all bins, by size and hop; one-sided, so twice. Bins
    are sample_rate / size apart, and each belongs to the band in which it lies.
    """
    freq_hz = torch.arange(size // 2 + 1, dtype=torch.float64)[:, None] * sample_rate / size
    edges_hz = torch.tensor(BARK_EDGES_HZ, dtype=torch.float64)
    return ((freq_hz >= edges_hz[:-1]) & (freq_hz < edges_hz[1:])) * (2 / (size * hop))
