"""Energies in critical bands of a signal that arrives in blocks, hop by hop."""

from __future__ import annotations

import numpy as np
import torch

from diffmst.dsp.kernels.cpu_spectra import band_power, bands_of
from diffmst.dsp.loudness import hop_samples

# Critical bands after Zwicker, hertz; the first reaches down to 20 Hz, the last up to whatever there is.
BARK_EDGES_HZ = (
    *(20, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300),
    *(6400, 7700, 9500, 12_000, np.inf),
)
BANDS = len(BARK_EDGES_HZ) - 1
_INSIDE, _ACROSS = range(2)


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
        self._window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
        self._bands = bands_of(_weights(sample_rate, size, self._hop) / channels**2)  # twice mid is L + R
        self._joined = np.zeros((channels, self._half), np.float32)
        self._frames = np.zeros((channels, 2, 0, size), np.float32)
        self._hops: list[np.ndarray] = []

    def add(self, x: np.ndarray) -> None:
        """Take in the next whole hops, float32 [channels, time]."""
        power = self._powers(x)
        own, shared = power[:, _INSIDE], power[:, _ACROSS]
        inner = shared[..., 1:]
        last = np.zeros_like(shared[..., :1])
        self._hops.append(own + (shared + np.concatenate([inner, last], axis=-1)) / 2)
        if len(self._hops) > 1:
            self._hops[-2][..., -1] += shared[..., 0] / 2

    def result(self) -> np.ndarray:
        """All hops so far, [mid and side, BANDS, hops], float32."""
        return np.concatenate(self._hops, axis=-1)

    def _powers(self, x: np.ndarray) -> np.ndarray:
        """Of the frame inside each hop, and of the one across its beginning, [mid and side, 2, BANDS, hops]."""
        self._join(x)
        hops, size = x.shape[1] // self._hop, 2 * self._half
        if self._frames.shape[2] != hops:
            self._frames = np.empty((len(x), 2, hops, size), np.float32)
        for place, begin in ((_INSIDE, self._half), (_ACROSS, 0)):
            cut = self._joined[:, begin : begin + x.shape[1]].reshape(len(x), hops, self._hop)
            np.multiply(cut[..., :size], self._window, out=self._frames[:, place])
        power = band_power(torch.fft.rfft(torch.from_numpy(self._frames)), self._bands)
        return power[:, :2].transpose(2, 3).numpy()

    def _join(self, x: np.ndarray) -> None:
        """Puts a block, or the sum and the difference of its channels, behind the end of the one before."""
        before, length = self._joined[:, -self._half :], self._half + x.shape[1]
        if self._joined.shape[1] != length:
            self._joined = np.empty((len(x), length), np.float32)
        self._joined[:, : self._half] = before
        block = self._joined[:, self._half :]
        if len(x) == 1:
            block[:] = x
        else:
            np.add(x[0], x[1], out=block[0])
            np.subtract(x[0], x[1], out=block[1])


def _weights(sample_rate: int, size: int, hop: int) -> torch.Tensor:
    """What the power of each bin adds to the mean square of its band, [bins, BANDS].

    Parseval: the mean square over a hop is the sum of |X|^2 over all bins, by size and hop; one-sided, so twice. Bins
    are sample_rate / size apart, and each belongs to the band in which it lies.
    """
    freq_hz = torch.arange(size // 2 + 1, dtype=torch.float64)[:, None] * sample_rate / size
    edges_hz = torch.tensor(BARK_EDGES_HZ, dtype=torch.float64)
    return ((freq_hz >= edges_hz[:-1]) & (freq_hz < edges_hz[1:])) * (2 / (size * hop))
