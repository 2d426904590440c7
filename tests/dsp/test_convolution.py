import numpy as np
import pytest
import torch
from scipy.signal import fftconvolve
from torch.autograd import gradcheck

from diffmst.dsp import convolution

FLOAT32 = 1e-6  # of the greatest value of the output


def direct(x, impulse_response):
    """The convolution in float64, cut to the length of x."""
    full = fftconvolve(x.double().numpy(), impulse_response.double().numpy(), axes=-1)
    return full[..., : x.shape[-1]]


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=FLOAT32 * np.abs(expected).max())


@pytest.mark.parametrize(("time", "taps"), [(1, 1), (1, 9), (1000, 1), (1021, 333), (100, 5000)])
def test_convolve_equals_scipy(generator, time, taps):
    x, response = torch.randn(3, 2, time, generator=generator), torch.randn(2, taps, generator=generator)
    assert_close(convolution.convolve(x, response), direct(x, response.expand(3, 2, taps)))


def test_convolve_passes_gradcheck(generator):
    x, response = (torch.randn(2, n, generator=generator, dtype=torch.float64).requires_grad_() for n in (7, 4))
    assert gradcheck(convolution.convolve, (x, response))


def test_convolve_of_nothing_is_nothing():
    assert convolution.convolve(torch.zeros(1, 0), torch.ones(1, 3)).shape == (1, 0)
