import numpy as np
import pytest
import torch

from diffmst.dsp import dynamics, filters, recurrence
from diffmst.dsp.kernels import reference, scan

CHANNELS = (1, 2)
FLOAT32 = 1e-6  # of the greatest value: the agreement promised between the kernels


@pytest.fixture
def settings(generator):
    gain_db = torch.randn(1, 3, 6, generator=generator) * 6
    freq_hz = torch.tensor([80.0, 200, 600, 2000, 5000, 9000]).expand(1, 3, 6)
    coefficients = filters.equalizer_coefficients(44_100, gain_db, freq_hz, torch.ones(1, 3, 6))
    controls = (-30.0, 4.0, 1.0, 20.0, 6.0, 3.0)
    compression = dynamics.compressor_dynamics(44_100, *(torch.full((1, 3), value) for value in controls))
    return coefficients, compression, torch.randn(1, 3, 4, generator=generator).double(), CHANNELS


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("time", [1, 63, 1021])
def test_strip_equals_the_reference(generator, settings, dtype, time):
    x = torch.randn(1, 3, time, generator=generator, dtype=dtype)
    buses, state = recurrence.strip(x, *settings)
    expected, expected_state = reference.strip(x, *settings)
    np.testing.assert_allclose(buses, expected, rtol=0, atol=FLOAT32 * np.abs(expected).max())
    np.testing.assert_allclose(state.filters, expected_state.filters, rtol=0, atol=1e-5)
    np.testing.assert_allclose(state.gain_db, expected_state.gain_db, rtol=0, atol=1e-4)
    assert buses.dtype == dtype
    assert state.filters.dtype == state.gain_db.dtype == torch.float64


def test_strip_is_equalize_then_compress_then_mixing(generator, settings):
    x = torch.randn(1, 3, 300, generator=generator)
    coefficients, compression, mixing, channels = settings
    equalized, filters_ = recurrence.equalize(x, coefficients)
    compressed, gain_db = recurrence.compress(equalized, compression, channels)
    buses, state = recurrence.strip(x, *settings)
    expected = torch.einsum("bro,brt->bot", mixing, compressed.double())
    torch.testing.assert_close(buses.double(), expected, rtol=0, atol=FLOAT32 * expected.abs().max().item())
    torch.testing.assert_close(state.filters, filters_)
    torch.testing.assert_close(state.gain_db, gain_db, rtol=0, atol=1e-4)


def test_float32_audio_on_the_cpu_takes_the_compiled_kernels():
    assert recurrence._backend(torch.zeros(1)).__name__ == "diffmst.dsp.kernels.cpu"


def test_audio_that_is_not_float32_on_the_cpu_takes_the_torch_kernels():
    assert recurrence._backend(torch.zeros(1, dtype=torch.float64)) is scan
    assert recurrence._backend(torch.zeros(1, device="meta")) is scan


def test_shapes_that_disagree_are_refused(settings):
    coefficients, compression, _, channels = settings
    with pytest.raises(ValueError, match=r"\[batch, rows, time\], got \[3, 8\]"):
        recurrence.equalize(torch.zeros(3, 8), coefficients)
    with pytest.raises(ValueError, match=r"coefficients must begin with \[batch, rows\] = \[1, 2\]"):
        recurrence.equalize(torch.zeros(1, 2, 8), coefficients)
    with pytest.raises(ValueError, match="add up to 3 rows"):
        recurrence.compress(torch.zeros(1, 3, 8), compression, (1, 1))
    with pytest.raises(ValueError, match="1 or 2 channels"):
        recurrence.compress(torch.zeros(1, 3, 8), compression, (3,))
    with pytest.raises(ValueError, match="mixing"):
        recurrence.strip(torch.zeros(1, 3, 8), coefficients, compression, torch.zeros(1, 2, 4), channels)
    with pytest.raises(ValueError, match=r"at least one item and one row, got \[0, 3, 8\]"):
        recurrence.compress(torch.zeros(0, 3, 8), compression[:0], channels)


def test_states_of_other_rows_or_stages_are_refused(settings):
    coefficients, compression, _, channels = settings
    x, few_stages, one_row = torch.zeros(1, 3, 8), torch.zeros(1, 3, 5, 2), torch.zeros(1, 1)
    with pytest.raises(ValueError, match=r"state must be \[1, 3, 6, 2\], got \[1, 3, 5, 2\]"):
        recurrence.equalize(x, coefficients, few_stages)
    with pytest.raises(ValueError, match=r"state must be \[1, 3\], got \[1, 1\]"):
        recurrence.compress(x, compression, channels, one_row)
    with pytest.raises(ValueError, match=r"state.filters must be \[1, 3, 6, 2\]"):
        recurrence.strip(x, *settings, recurrence.StripState(few_stages, torch.zeros(1, 3)))
    with pytest.raises(ValueError, match=r"state.gain_db must be \[1, 3\]"):
        recurrence.strip(x, *settings, recurrence.StripState(torch.zeros(1, 3, 6, 2), one_row))
