"""Signals and settings for the tests of the recursive kernels."""

import numpy as np
import torch

from diffmst.dsp import filters
from diffmst.dsp.kernels import cpu


def random(generator, *shape, dtype=torch.float64):
    return torch.randn(shape, generator=generator, dtype=dtype)


def bursts(generator, batch, rows, time):
    """Noise whose level jumps, so that attacks and releases alternate."""
    level = torch.where(torch.arange(time) // 50 % 2 == 0, 0.5, 0.01)
    return random(generator, batch, rows, time, dtype=torch.float32) * level


def coefficients(generator, batch, rows, sample_rate=44_100):
    gain_db = random(generator, batch, rows, 6) * 8
    freq_hz = torch.tensor([60.0, 150, 500, 2000, 6000, 12000], dtype=torch.float64).expand(batch, rows, 6)
    return filters.equalizer_coefficients(sample_rate, gain_db, freq_hz, torch.full((batch, rows, 6), 1.5))


def dynamics(generator, batch, channels):
    """Settings of every kind: no knee and wide knee, attack slower than release; equal for the rows of a track."""
    tracks = len(channels)
    low = torch.tensor([-45.0, -0.95, 0.0, 0.5, 0.9, 0.0], dtype=torch.float64)
    high = torch.tensor([-15.0, -0.2, 20.0, 0.99, 0.999, 6.0], dtype=torch.float64)
    drawn = low + (high - low) * torch.rand(batch, tracks, 6, generator=generator, dtype=torch.float64)
    drawn[:, ::3, 2] = 0
    drawn[:, 1::3, 3] = 0.9995
    return drawn.repeat_interleave(torch.tensor(channels), dim=1)


def strip_arguments(generator, batch, channels, outputs=4):
    rows = sum(channels)
    settings = coefficients(generator, batch, rows), dynamics(generator, batch, channels)
    return *settings, random(generator, batch, rows, outputs), channels


def assert_close(actual, expected, tolerance):
    expected = np.asarray(expected)
    assert actual.shape == expected.shape
    scale = np.abs(expected).max(initial=1e-9)
    np.testing.assert_allclose(actual.double().numpy(), expected, rtol=0, atol=tolerance * scale)


def gradients(strip, arguments, weight):
    """Of the weighted sum of the buses, to the tensors among the arguments."""
    leaves = [a.detach().requires_grad_() if isinstance(a, torch.Tensor) else a for a in arguments]
    buses, _ = strip(*leaves)
    return torch.autograd.grad((buses * weight).sum(), [a for a in leaves if isinstance(a, torch.Tensor)])


def assert_same_for_any_number_of_threads(arguments, weight):
    """Buses and gradients of a strip, to the bit."""
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append((cpu.strip(*arguments)[0], *gradients(cpu.strip, arguments, weight)))
    finally:
        torch.set_num_threads(before)
    for alone, together in zip(*results, strict=True):
        assert torch.equal(alone, together)
