"""Spectra against numpy and scipy, their written-out gradients against finite differences, and the band scales."""

import numpy as np
import pytest
import torch
from scipy.signal import ShortTimeFFT

from diffmst.dsp import spectrum
from diffmst.dsp.bands import (
    band_weights,
    bark_to_hz,
    bark_triangles,
    erb_edges_hz,
    erb_rate_to_hz,
    hz_to_bark,
    hz_to_erb_rate,
)
from diffmst.dsp.framing import frame_size
from diffmst.dsp.measure import measure
from diffmst.dsp.spectrum import BandPower, Frames, MeanMagnitude

SIZE, HOP = 16, 4
FLOAT64 = 1e-12


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def mean_magnitude(x, size, hop, **how):
    return measure(x[None], MeanMagnitude(Frames(size, hop, **how)))[0][0][0]


def band_power(x, size, hop, weights, **how):
    return measure(x[None], BandPower(Frames(size, hop, **how), weights))[0][0][0]


def scipy_spectra(x, size=SIZE, hop=HOP):
    """Spectra of the whole frames, [rows, frames, bins]."""
    window = np.hanning(size + 1)[:-1]
    transform = ShortTimeFFT(window, hop, fs=1.0, phase_shift=None)
    first, last = transform.lower_border_end[1], transform.upper_border_begin(x.shape[-1])[1]
    return transform.stft(x.numpy(), p0=first, p1=last).swapaxes(-1, -2)


@pytest.mark.parametrize("time", [16, 19, 20, 61])
def test_mean_magnitude_agrees_with_scipy(time):
    x = noise(3, time)
    np.testing.assert_allclose(
        mean_magnitude(x, SIZE, HOP), np.abs(scipy_spectra(x)).mean(1), atol=FLOAT64, err_msg=f"{time=}"
    )


@pytest.mark.parametrize("time", [16, 61])
def test_band_power_agrees_with_scipy(time):
    x, weights = noise(2, time), torch.rand(SIZE // 2 + 1, 3, dtype=torch.float64)
    one, other = scipy_spectra(x)
    expected = [np.abs(one) ** 2, np.abs(other) ** 2, (one * other.conj()).real]
    np.testing.assert_allclose(band_power(x, SIZE, HOP, weights), np.stack(expected) @ weights.numpy(), atol=FLOAT64)


@pytest.mark.parametrize("time", [9, 16, 19, 61])
def test_centered_frames_are_those_of_the_mirrored_signal(time):
    x, half = noise(2, time), SIZE // 2
    mirrored = torch.from_numpy(np.pad(x.numpy(), ((0, 0), (half, half)), mode="reflect"))
    centered = mean_magnitude(x, SIZE, HOP, centered=True)
    torch.testing.assert_close(centered, mean_magnitude(mirrored, SIZE, HOP), rtol=0, atol=FLOAT64)


def test_frames_of_mid_and_side_are_those_of_sum_and_difference():
    x = noise(2, 61)
    mid_side = torch.stack([x[0] + x[1], x[0] - x[1]])
    found, expected = mean_magnitude(x, SIZE, HOP, mid_side=True), mean_magnitude(mid_side, SIZE, HOP)
    torch.testing.assert_close(found, expected, rtol=0, atol=FLOAT64)


@pytest.mark.parametrize("how", [{}, {"mid_side": True}, {"centered": True}, {"centered": True, "mid_side": True}])
@pytest.mark.parametrize("time", [40, 200, 1021, 5003])
def test_float32_differs_from_float64_by_its_rounding(time, how):
    """The one is compiled, and works through groups of frames; the other is plain torch."""
    x, size, hop = noise(2, time), 64, 16
    weights = (noise(size // 2 + 1, 5).abs() * (noise(size // 2 + 1, 5, seed=1) > 0)).float()
    rounding = 3e-6  # of the greatest value
    for measured in (
        lambda x: mean_magnitude(x, size, hop, **how),
        lambda x: band_power(x, size, hop, weights.to(x), **how),
    ):
        results = []
        for signal in (x.float().requires_grad_(), x.clone().requires_grad_()):
            value = measured(signal)
            (value * noise(*value.shape, seed=2)).sum().backward()
            results.append((value.detach(), signal.grad))
        for found, expected in zip(*results, strict=True):
            assert float((found - expected).abs().max()) <= rounding * float(expected.abs().max())


def test_groups_of_frames_are_not_seen(monkeypatch):
    x = noise(2, 999, dtype=torch.float32)
    expected = mean_magnitude(x, SIZE, HOP, mid_side=True)
    monkeypatch.setattr(spectrum, "GROUP_SAMPLES", 0)
    assert torch.equal(mean_magnitude(x, SIZE, HOP, mid_side=True), expected)


def test_a_signal_shorter_than_a_frame_is_extended_by_silence():
    x = noise(2, 5)
    extended = torch.nn.functional.pad(x, (0, SIZE - 5))
    assert torch.equal(mean_magnitude(x, SIZE, HOP), mean_magnitude(extended, SIZE, HOP))


@pytest.mark.parametrize(("time", "hop"), [(5, 4), (16, 4), (61, 4), (61, 8), (64, 16)])
def test_gradients_are_right(time, hop):
    x = noise(2, time).requires_grad_()
    weights = torch.rand(SIZE // 2 + 1, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: mean_magnitude(x, SIZE, hop), x)
    assert torch.autograd.gradcheck(lambda x: band_power(x, SIZE, hop, weights), x)
    assert torch.autograd.gradcheck(lambda x: mean_magnitude(x, SIZE, hop, centered=True, mid_side=True), x)
    assert torch.autograd.gradcheck(lambda x: band_power(x, SIZE, hop, weights, centered=True, mid_side=True), x)


def test_gradient_of_silence_is_zero_even_under_a_logarithm():
    x = torch.zeros(2, 64, requires_grad=True)
    torch.log(mean_magnitude(x, SIZE, HOP) + 1e-8).sum().backward()
    assert torch.equal(x.grad, torch.zeros_like(x))


def test_a_frame_lasts_about_as_long_at_every_rate():
    assert frame_size(44_100, 32_768 / 44_100) == 32_768
    for sample_rate in (22_050, 48_000, 96_000, 192_000):
        assert 0.7 < frame_size(sample_rate, 0.05) / sample_rate / 0.05 < 1.42  # half an octave either way


def test_frequency_scales_invert():
    freq_hz = torch.logspace(1, 4.4, 50, dtype=torch.float64)
    torch.testing.assert_close(bark_to_hz(hz_to_bark(freq_hz)), freq_hz)
    erb_rate = torch.tensor([hz_to_erb_rate(float(hz)) for hz in freq_hz], dtype=torch.float64)
    torch.testing.assert_close(erb_rate_to_hz(erb_rate), freq_hz)


def test_frequency_scales_hit_their_published_points():
    # Traunmüller: 100 Hz is 1 Bark and 1 kHz 8.5, within a twentieth; Glasberg and Moore: 1 kHz is 15.6 ERB.
    assert hz_to_bark(torch.tensor([100.0, 1_000.0])).tolist() == pytest.approx([1.0, 8.53], abs=0.05)
    assert hz_to_erb_rate(1_000.0) == pytest.approx(15.6, abs=0.05)


@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 96_000])
def test_bark_triangles_peak_once_and_cover_the_middle_evenly(sample_rate):
    weights = bark_triangles(sample_rate, 32_768)
    freq_hz = torch.fft.rfftfreq(32_768, 1 / sample_rate)
    assert weights.shape == (16_385, 24)
    assert (weights[(freq_hz < 20) | (freq_hz > 20_000)] == 0).all()
    low, high = freq_hz[weights[:, 0].argmax()], min(float(freq_hz[weights[:, 23].argmax()]), sample_rate / 2)
    inside = weights[(freq_hz > low) & (freq_hz < high)].sum(1)
    torch.testing.assert_close(inside, torch.ones_like(inside))


@pytest.mark.parametrize("size", [256, 2_048])
def test_band_weights_share_every_bin(size):
    edges = erb_edges_hz()
    weights = band_weights(edges, 48_000, size)
    assert edges[[0, -1]].tolist() == pytest.approx([20.0, 20_000.0])
    assert (weights.sum(0) > 0).all()
    freq_hz = torch.fft.rfftfreq(size, 1 / 48_000)
    inside = (freq_hz > 20 + 24_000 / size) & (freq_hz < 20_000 - 24_000 / size)
    torch.testing.assert_close(weights[inside].sum(1), torch.ones(int(inside.sum()), dtype=torch.float64))
    torch.testing.assert_close(weights.sum(0) * 48_000 / size, edges.diff(), rtol=0, atol=48_000 / size)
