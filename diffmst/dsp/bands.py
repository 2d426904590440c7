"""Auditory frequency scales, and weights that gather spectral bins into bands."""

from functools import cache
from math import log10

import torch
from torch import Tensor

AUDIBLE_HZ = (20.0, 20_000.0)
BANDS = 24


def hz_to_bark(freq_hz: Tensor) -> Tensor:
    """Critical-band rate of a frequency.

    Reference: H. Traunmüller, "Analytical expressions for the tonotopic sensory scale", JASA 88, 1990.
    """
    bark = 26.81 * freq_hz / (1960 + freq_hz) - 0.53
    return bark + 0.15 * (2 - bark).clamp(min=0) + 0.22 * (bark - 20.1).clamp(min=0)


def bark_to_hz(bark: Tensor) -> Tensor:
    """Frequency at a critical-band rate; the inverse of `hz_to_bark`."""
    bark = bark - (2 - bark).clamp(min=0) * 0.15 / 0.85 - (bark - 20.1).clamp(min=0) * 0.22 / 1.22
    return 1960 * (bark + 0.53) / (26.28 - bark)


def hz_to_erb_rate(freq_hz: float) -> float:
    """ERB-rate of a frequency.

    Reference: B. Glasberg, B. Moore, "Derivation of auditory filter shapes from notched-noise data", 1990.
    """
    return 21.4 * log10(1 + 0.00437 * freq_hz)


def erb_rate_to_hz(erb_rate: Tensor) -> Tensor:
    """Frequency at an ERB-rate; the inverse of `hz_to_erb_rate`."""
    return (10 ** (erb_rate / 21.4) - 1) / 0.00437


@cache
def bark_triangles(sample_rate: int, size: int) -> Tensor:
    """Weights of 24 triangular bands, equally spaced in Bark from 20 Hz to 20 kHz, each reaching to its neighbours.

    Shape: returns [bins, bands], bins = size // 2 + 1, float64.
    """
    low, high = hz_to_bark(torch.tensor(AUDIBLE_HZ, dtype=torch.float64)).tolist()
    edges = bark_to_hz(torch.linspace(low, high, BANDS + 2, dtype=torch.float64))
    freq_hz = torch.fft.rfftfreq(size, 1 / sample_rate, dtype=torch.float64)[:, None]
    rise = (freq_hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - freq_hz) / (edges[2:] - edges[1:-1])
    return torch.minimum(rise, fall).clamp(min=0)


@cache
def erb_edges_hz() -> Tensor:
    """The 25 edges of 24 bands, equally wide on the ERB-rate scale, from 20 Hz to 20 kHz."""
    low, high = (hz_to_erb_rate(freq_hz) for freq_hz in AUDIBLE_HZ)
    return erb_rate_to_hz(torch.linspace(low, high, BANDS + 1, dtype=torch.float64))


def band_weights(edges_hz: Tensor, sample_rate: int, size: int) -> Tensor:
    """Share of every spectral bin in every band, a bin being as wide as the distance between two.

    Bands narrower than a bin get a part of it, so none is empty; those above the Nyquist frequency are.

    Shape: edges_hz [bands + 1]; returns [bins, bands], bins = size // 2 + 1, float64.
    """
    bin_hz = sample_rate / size
    centre = torch.arange(size // 2 + 1, dtype=torch.float64)[:, None] * bin_hz
    top = torch.minimum(centre + bin_hz / 2, edges_hz[1:])
    bottom = torch.maximum(centre - bin_hz / 2, edges_hz[:-1])
    return ((top - bottom) / bin_hz).clamp(min=0)
