"""The compiled kernels for frames and their spectra against plain torch in float64."""

import pytest
import torch

from diffmst.dsp.kernels import cpu_frames, cpu_spectra, torch_frames, torch_spectra

ROUNDING = 2e-6  # of the greatest value: some hundred float32 summed up


def random(generator, *shape, dtype=torch.float32):
    return torch.randn(*shape, generator=generator, dtype=dtype)


def assert_near(found, expected):
    assert found.dtype in (torch.float32, torch.complex64)
    wide = found.to(expected.dtype)
    assert float((wide - expected).abs().max()) <= ROUNDING * float(expected.abs().max())


def spectra_of(generator, items=2, frames=3, size=46):
    return random(generator, items, 2, frames, size // 2 + 1, dtype=torch.complex64)


@pytest.mark.parametrize("size", [2, 30, 32, 46, 2048])
def test_magnitudes_and_directions(generator, size):
    spectra = spectra_of(generator, size=size)
    sums, factors = (random(generator, 2, 2, size // 2 + 1) for _ in range(2))
    found, expected = sums.clone(), sums.double()
    cpu_spectra.add_magnitudes(spectra, found)
    torch_spectra.add_magnitudes(spectra.to(torch.complex128), expected)
    assert_near(found, expected)
    found, expected = spectra.clone(), spectra.to(torch.complex128)
    cpu_spectra.to_directions(found, factors)
    torch_spectra.to_directions(expected, factors.double())
    assert_near(found, expected)


def test_directions_of_silence_are_zero(generator):
    spectra = torch.zeros(1, 2, 2, 24, dtype=torch.complex64)
    cpu_spectra.to_directions(spectra, torch.ones(1, 2, 24))
    assert torch.equal(spectra, torch.zeros_like(spectra))


@pytest.mark.parametrize("size", [2, 30, 32, 46, 2048])
def test_power_in_bands_and_its_gradient(generator, size):
    spectra, bins = spectra_of(generator, size=size), size // 2 + 1
    # A band of one bin, one of all, one of none, and some of neighbours.
    weights = torch.zeros(bins, 5)
    weights[-1, 0], weights[:, 1], weights[: bins // 2, 3], weights[bins // 3 :, 4] = 2.0, 0.5, 1.0, 3.0
    found = cpu_spectra.band_power(spectra, cpu_spectra.bands_of(weights))
    assert_near(found, torch_spectra.band_power(spectra.to(torch.complex128), weights.double()))
    gradient = random(generator, *found.shape)
    found, expected = spectra.clone(), spectra.to(torch.complex128)
    cpu_spectra.to_band_gradients(found, gradient, cpu_spectra.bands_of(weights))
    torch_spectra.to_band_gradients(expected, gradient.double(), weights.double())
    assert_near(found, expected)


# Frames inside, across both ends, and one across both at once.
PLACES = [(1021, 100, 5), (1021, -64, 12), (1021, 900, 3), (127, -64, 1), (65, -64, 1)]


@pytest.mark.parametrize(("time", "begin", "count"), PLACES)
@pytest.mark.parametrize("mid_side", [True, False])
def test_frames_and_their_gradient(generator, time, begin, count, mid_side):
    x, window = random(generator, 2, 2, time + 7)[..., :time], torch.hann_window(128)
    found, expected = torch.empty(2, 2, count, 128), torch.empty(2, 2, count, 128, dtype=torch.float64)
    cpu_frames.cut(x, 32, begin, window, found, mid_side=mid_side)
    torch_frames.cut(x.double(), 32, begin, window.double(), expected, mid_side=mid_side)
    assert_near(found, expected)
    frames, dx = random(generator, 2, 2, count, 128), random(generator, 2, 2, time)
    added = dx.double()
    cpu_frames.add(frames, 32, begin, window, dx, mid_side=mid_side)
    torch_frames.add(frames.double(), 32, begin, window.double(), added, mid_side=mid_side)
    assert_near(dx, added)


def test_frames_of_equal_rows_that_share_their_memory(generator):
    x = random(generator, 1, 1, 300).expand(-1, 2, -1)
    frames = torch.empty(1, 2, 2, 128)
    cpu_frames.cut(x, 64, 0, torch.hann_window(128), frames, mid_side=True)
    assert not frames[:, 1].any() and frames[:, 0].any()
