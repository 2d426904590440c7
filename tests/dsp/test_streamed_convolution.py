import numpy as np
import pytest
from scipy.signal import fftconvolve

from diffmst.dsp.streamed_convolution import PartitionedConvolver, fast_length

FLOAT32 = 1e-6  # of the greatest value of the output


@pytest.fixture
def rng():
    return np.random.default_rng(20240708)


def noise(rng, *shape):
    return rng.standard_normal(shape, np.float32)


def direct(x, impulse_response):
    """The convolution in float64, cut to the length of x."""
    return fftconvolve(x.astype(np.float64), impulse_response.astype(np.float64), axes=-1)[..., : x.shape[-1]]


def assert_close(actual, expected):
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=0, atol=FLOAT32 * np.abs(expected).max())


@pytest.mark.parametrize("taps", [1, 2, 255, 1024, 20_000])
@pytest.mark.parametrize("sizes", ["whole", "ones", "mixed"])
def test_stream_equals_one_piece(rng, taps, sizes):
    time = 60 if sizes == "ones" else 80_000
    cuts = {"whole": [time], "ones": [1] * time, "mixed": [1, 7, 8192, 0, 20_000, 3, 1024, 16_384, 34_389]}[sizes]
    x, response = noise(rng, 2, time), noise(rng, 2, taps)
    convolver = PartitionedConvolver(response)
    blocks = [convolver.process(block) for block in np.split(x, np.cumsum(cuts)[:-1], axis=1)]
    assert [block.shape[1] for block in blocks] == cuts
    assert_close(np.concatenate(blocks, -1), direct(x, response))


def test_feeding_zeros_returns_the_tail(rng):
    x, response = noise(rng, 1, 50), noise(rng, 1, 300)
    convolver = PartitionedConvolver(response)
    y = np.concatenate([convolver.process(x), convolver.process(np.zeros((1, 400), np.float32))], -1)
    assert_close(y, direct(np.pad(x, ((0, 0), (0, 400))), response))
    assert np.abs(y[:, 360:]).max() < 1e-5


def test_empty_impulse_response_is_refused():
    with pytest.raises(ValueError, match="at least one tap"):
        PartitionedConvolver(np.zeros((2, 0), np.float32))


@pytest.mark.parametrize("least", [1, 32, 33, 97, 1021, 88_200, 264_601])
def test_fast_lengths_are_near_and_have_small_prime_factors(least):
    length = fast_length(least)
    assert least <= length < 1.1 * least + 32 and length % 32 == 0
    for prime in (2, 3, 5):
        while length % prime == 0:
            length //= prime
    assert length == 1
