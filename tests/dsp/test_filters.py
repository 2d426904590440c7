import itertools
import math

import numpy as np
import pytest
import torch
from scipy.signal import sosfilt, sosfreqz
from torch.autograd import gradcheck

from diffmst.dsp import filters

FREQUENCIES_HZ = torch.tensor([50.0, 150, 500, 2000, 6000, 12000], dtype=torch.float64)


def sos(coefficients):
    return np.insert(coefficients.detach().numpy(), 3, 1.0, axis=-1)


def controls(generator, *shape):
    """Random gains and Q at fixed frequencies, [*shape, 6] float64."""
    gain_db = torch.rand(*shape, 6, generator=generator, dtype=torch.float64) * 24 - 12
    q = torch.rand(*shape, 6, generator=generator, dtype=torch.float64) * 4 + 0.3
    return gain_db, FREQUENCIES_HZ.expand(*shape, 6).clone(), q


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-6)])
@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 96_000])
def test_equalizer_equals_sosfilt(generator, sample_rate, dtype, tolerance):
    gain_db, freq_hz, q = controls(generator, 2)
    x = torch.randn(2, 2, 3001, generator=generator, dtype=dtype)
    y = filters.equalizer(x, sample_rate, gain_db=gain_db, freq_hz=freq_hz, q=q)
    sections = sos(filters.equalizer_coefficients(sample_rate, gain_db, freq_hz, q))
    for item in range(2):
        expected = sosfilt(sections[item], x[item].double().numpy())
        np.testing.assert_allclose(y[item], expected, rtol=0, atol=tolerance * np.abs(expected).max())
    assert y.dtype == dtype


def test_equalizer_holds_1e_6_at_20_hz_q_5_and_96_khz(generator):
    gain_db = torch.tensor([[0.0, 12, 0, 0, 0, 0]])
    freq_hz, q = torch.full((1, 6), 20.0), torch.full((1, 6), 5.0)
    x = torch.cumsum(torch.randn(1, 1, 96_000, generator=generator), -1) * 1e-3
    y = filters.equalizer(x, 96_000, gain_db=gain_db, freq_hz=freq_hz, q=q)
    sections = sos(filters.equalizer_coefficients(96_000, gain_db, freq_hz, q))
    expected = sosfilt(sections[0], x[0].double().numpy())
    np.testing.assert_allclose(y[0], expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_coefficients_equal_the_cookbook():
    """The formulas as printed, for one band of each kind."""
    sample_rate, gain_db, freq_hz, q = 48_000, 7.0, 900.0, 1.3
    a, w = 10 ** (gain_db / 40), 2 * math.pi * freq_hz / sample_rate
    c, alpha = math.cos(w), math.sin(w) / (2 * q)
    r = 2 * math.sqrt(a) * alpha
    peaking = [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a]
    low = [
        a * ((a + 1) - (a - 1) * c + r), 2 * a * ((a - 1) - (a + 1) * c), a * ((a + 1) - (a - 1) * c - r),
        (a + 1) + (a - 1) * c + r, -2 * ((a - 1) + (a + 1) * c), (a + 1) + (a - 1) * c - r,
    ]  # fmt: skip
    high = [
        a * ((a + 1) + (a - 1) * c + r), -2 * a * ((a - 1) + (a + 1) * c), a * ((a + 1) + (a - 1) * c - r),
        (a + 1) - (a - 1) * c + r, 2 * ((a - 1) - (a + 1) * c), (a + 1) - (a - 1) * c - r,
    ]  # fmt: skip
    bands = [torch.full((6,), value, dtype=torch.float64) for value in (gain_db, freq_hz, q)]
    coefficients = filters.equalizer_coefficients(sample_rate, *bands).numpy()
    for band, formula in ((0, low), (1, peaking), (4, peaking), (5, high)):
        b0, b1, b2, a0, a1, a2 = formula
        np.testing.assert_allclose(coefficients[band], np.array([b0, b1, b2, a1, a2]) / a0, rtol=1e-13)


def test_frequency_response_equals_scipy(generator):
    coefficients = filters.equalizer_coefficients(44_100, *controls(generator, 3))
    frequencies_hz = torch.logspace(1, math.log10(22_000), 50, dtype=torch.float64)
    response_db = filters.frequency_response_db(coefficients, 44_100, frequencies_hz)
    for item in range(3):
        _, expected = sosfreqz(sos(coefficients[item]), frequencies_hz.numpy(), fs=44_100)
        np.testing.assert_allclose(response_db[item], 20 * np.log10(np.abs(expected)), rtol=0, atol=1e-8)


def test_bands_have_their_gain_where_they_say():
    gain = torch.tensor([6.0], dtype=torch.float64)
    freq_hz, q = torch.tensor([1000.0]).double(), torch.tensor([0.7]).double()

    def at(coefficients, *points_hz):
        return filters.frequency_response_db(coefficients[None], 44_100, torch.tensor(points_hz)).flatten().tolist()

    assert at(filters.peaking_coefficients(44_100, gain, freq_hz, q)[0], 1000) == pytest.approx([6], abs=1e-9)
    low = filters.low_shelf_coefficients(44_100, gain, freq_hz, q)[0]
    assert at(low, 1, 1000, 22_050) == pytest.approx([6, 3, 0], abs=1e-3)
    high = filters.high_shelf_coefficients(44_100, gain, freq_hz, q)[0]
    assert at(high, 1, 1000, 22_050) == pytest.approx([0, 3, 6], abs=1e-3)


def test_zero_gain_changes_nothing(generator):
    x = torch.randn(1, 2, 500, generator=generator)
    _, freq_hz, q = controls(generator, 1)
    y = filters.equalizer(x, 44_100, gain_db=torch.zeros(1, 6), freq_hz=freq_hz, q=q)
    torch.testing.assert_close(y, x, rtol=0, atol=1e-6)


def test_frequency_above_the_limit_is_held_there():
    gain_db, q = torch.full((6,), 6.0), torch.ones(6)
    above = filters.equalizer_coefficients(22_050, gain_db, torch.full((6,), 20_000.0), q)
    limit = filters.equalizer_coefficients(22_050, gain_db, torch.full((6,), 0.48 * 22_050), q)
    torch.testing.assert_close(above, limit, rtol=0, atol=1e-6)


def test_coefficients_pass_gradcheck(generator):
    inputs = [control.requires_grad_() for control in controls(generator, 2)]
    assert gradcheck(lambda *bands: filters.equalizer_coefficients(44_100, *bands), inputs)


def test_equalizer_passes_gradcheck(generator):
    x = torch.randn(1, 2, 12, generator=generator, dtype=torch.float64)
    inputs = [x, *controls(generator, 1)]

    def process(x, gain_db, freq_hz, q):
        return filters.equalizer(x, 44_100, gain_db=gain_db, freq_hz=freq_hz, q=q)

    assert gradcheck(process, [tensor.requires_grad_() for tensor in inputs], fast_mode=True)


@pytest.mark.parametrize("sample_rate", [22_050, 192_000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_at_both_ends_of_the_ranges(generator, sample_rate, dtype):
    corners = torch.tensor(list(itertools.product((-12.0, 12.0), (20.0, 20_000.0), (0.1, 6.0))))
    gain_db, freq_hz, q = (corner[:, None].repeat(1, 6).requires_grad_() for corner in corners.unbind(1))
    x = (torch.randn(8, 1, 500, generator=generator) * 0.1).to(dtype).requires_grad_()
    y = filters.equalizer(x, sample_rate, gain_db=gain_db, freq_hz=freq_hz, q=q)
    y.square().mean().backward()
    assert torch.isfinite(y).all()
    assert all(torch.isfinite(tensor.grad).all() for tensor in (x, gain_db, freq_hz, q))


def test_wrong_number_of_bands_is_refused():
    with pytest.raises(ValueError, match="q must have 6 bands, got 5"):
        filters.equalizer_coefficients(44_100, torch.zeros(6), torch.ones(6), torch.ones(5))
