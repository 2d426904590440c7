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


@pytest.mark.parametrize("taps", [1, 2, 255, 1024, 20_000])
@pytest.mark.parametrize("sizes", ["whole", "ones", "mixed"])
def test_stream_equals_one_piece(generator, taps, sizes):
    time = 60 if sizes == "ones" else 80_000
    cuts = {"whole": [time], "ones": [1] * time, "mixed": [1, 7, 8192, 0, 20_000, 3, 1024, 16_384, 34_389]}[sizes]
    x, response = torch.randn(2, time, generator=generator), torch.randn(2, taps, generator=generator)
    convolver = convolution.PartitionedConvolver(response)
    blocks = [convolver.process(block) for block in x.split(cuts, -1)]
    assert [block.shape[-1] for block in blocks] == cuts
    assert_close(torch.cat(blocks, -1), direct(x, response))


def test_feeding_zeros_returns_the_tail(generator):
    x, response = torch.randn(1, 50, generator=generator), torch.randn(1, 300, generator=generator)
    convolver = convolution.PartitionedConvolver(response)
    y = torch.cat([convolver.process(x), convolver.process(torch.zeros(1, 400))], -1)
    assert_close(y, direct(torch.nn.functional.pad(x, (0, 400)), response))
    assert y[:, 360:].abs().max() < 1e-5


def test_stream_keeps_the_dtype_of_the_audio(generator):
    convolver = convolution.PartitionedConvolver(torch.ones(1, 4, dtype=torch.float64))
    assert convolver.process(torch.ones(1, 3)).dtype == torch.float32


def test_empty_impulse_response_is_refused():
    with pytest.raises(ValueError, match="at least one tap"):
        convolution.PartitionedConvolver(torch.zeros(2, 0))
