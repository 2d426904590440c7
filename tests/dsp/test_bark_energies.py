from itertools import pairwise

import numpy as np
import pytest

from diffmst.dsp.bark_energies import BARK_EDGES_HZ, BarkEnergies
from diffmst.dsp.loudness import hop_samples

# Transforms in float32 against float64, relative to the loudest band.
ROUNDING = 1e-5


def reference(x, rate):
    """The definition, frame by frame and band by band."""
    hop = hop_samples(rate)
    size, hops = hop // 2 * 2, x.shape[1] // hop
    if len(x) == 2:
        x = np.stack([x[0] + x[1], x[0] - x[1]]) / 2
    x = np.pad(x, ((0, 0), (size // 2, 0)))
    window, freq_hz = np.sin(np.pi * (np.arange(size) + 0.5) / size), np.arange(size // 2 + 1) * rate / size

    def energies(begin):
        power = np.abs(np.fft.rfft(x[:, begin : begin + size] * window)) ** 2 * 2 / (size * hop)
        inside = [(freq_hz >= low) & (freq_hz < high) for low, high in pairwise(BARK_EDGES_HZ)]
        return np.stack([power[:, band].sum(1) for band in inside], 1)

    across = [energies(index * hop) for index in range(hops)] + [0.0]
    return np.stack(
        [energies(index * hop + size // 2) + (across[index] + across[index + 1]) / 2 for index in range(hops)], -1
    )


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_of_any_length_agree_with_the_definition(rate, channels):
    hop = hop_samples(rate)
    x = 0.1 * np.random.default_rng(rate).standard_normal((channels, 12 * hop)).astype(np.float32)
    found = BarkEnergies(rate, channels)
    for first, last in ((0, 5), (5, 10), (10, 11), (11, 12)):
        found.add(x[:, first * hop : last * hop])
    expected = reference(x.astype(np.float64), rate)
    np.testing.assert_allclose(found.result(), expected, rtol=0, atol=ROUNDING * expected.max())
