"""Band powers: against time-domain filters and loudness meters, physics of frames and bands, gradients."""

import numpy as np
import pyloudnorm
import pytest
import torch
from scipy.signal import butter, sosfilt, sosfiltfilt

from diffmst.dsp.band_powers import (
    BANDS,
    FRAME_S,
    band_centres_hz,
    band_edges_hz,
    band_loudness_lufs,
    band_powers,
    frame_count,
    frame_samples,
    gating_blocks,
    k_energies,
    k_weights,
)
from diffmst.dsp.loudness import integrated_loudness

RATES = [22_050, 44_100, 48_000, 96_000]
LOUDNESS_LU = 0.2  # frames and blocks fall elsewhere, and a band has one weight
STEADY = 0.02  # of the power of steady noise: frames at the ends count less


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def pink(channels, seconds, sample_rate=48_000, seed=0):
    """Noise with more low than high frequencies, little above 16 kHz, whose level moves."""
    samples = round(seconds * sample_rate)
    x = sosfilt(butter(1, 300, fs=sample_rate, output="sos"), noise(channels, samples, seed=seed).numpy())
    swell = 0.2 + np.sin(np.pi * np.arange(samples) / sample_rate / 3) ** 2
    return torch.from_numpy(0.5 * x * swell)


@pytest.mark.parametrize("sample_rate", RATES)
def test_bands_sum_up_to_the_mean_squares_and_the_mean_product(sample_rate):
    x = sosfilt(butter(2, [60, 8_000], "bandpass", fs=sample_rate, output="sos"), noise(2, 4 * sample_rate).numpy())
    x[1] += 0.5 * x[0]
    total = band_powers(torch.from_numpy(x), sample_rate).sum(-1).mean(-1)
    expected = [np.mean(x[0] ** 2), np.mean(x[1] ** 2), np.mean(x[0] * x[1])]
    np.testing.assert_allclose(total, expected, rtol=STEADY)


@pytest.mark.parametrize("band", [12, 30, 50])
def test_a_band_holds_what_a_filter_lets_through(band):
    sample_rate, x = 48_000, noise(1, 48_000 * 8).numpy()
    low, high = band_edges_hz()[band], band_edges_hz()[band + 1]
    sharp = butter(12, [low, high], "bandpass", fs=sample_rate, output="sos")
    expected = np.mean(sosfiltfilt(sharp, x) ** 2)
    found = band_powers(torch.from_numpy(x), sample_rate)[0].mean(0)[band]
    assert float(10 * torch.log10(found / expected)) == pytest.approx(0, abs=0.3)  # the filter has slopes, too


def test_edges_and_centres_ascend_through_the_audible_range():
    edges, centres = band_edges_hz(), band_centres_hz()
    assert len(edges) == BANDS + 1 and len(centres) == BANDS
    assert (edges.diff() > 0).all() and (centres > edges[:-1]).all() and (centres < edges[1:]).all()
    assert 10 < edges[0] < 12 and edges[-1] == 20_000


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 16_000, 32_000, *RATES])
def test_frames_last_the_same_at_every_rate_and_transform_fast(sample_rate):
    size = frame_samples(sample_rate)
    assert size % 2 == 0
    assert size / sample_rate == pytest.approx(FRAME_S, rel=0.02)  # 8 kHz has few sizes to choose from
    for prime in (2, 3, 5, 7):
        while size % prime == 0:
            size //= prime
    assert size == 1


def test_powers_hardly_depend_on_the_sample_rate():
    time_s = [np.arange(2 * rate) / rate for rate in (44_100, 48_000)]
    one, other = (
        band_powers(
            torch.from_numpy(np.stack([np.sin(2 * np.pi * hz * t) for hz in (110, 1_000, 7_000)]))[:, None], rate
        )
        for t, rate in zip(time_s, (44_100, 48_000), strict=True)
    )
    moved = (one.mean(-2) - other.mean(-2)).abs() / one.mean(-2).sum(-1, keepdim=True)
    assert moved.max() < 0.03  # bins of 21.5 and of 21.4 Hz share a tone a little differently


def test_mono_is_left_and_right_and_both():
    x = noise(3, 1, 30_000)
    powers = band_powers(x, 44_100)
    in_stereo = band_powers(x.expand(3, 2, -1), 44_100)
    torch.testing.assert_close(powers, in_stereo, rtol=1e-12, atol=0)
    assert torch.equal(powers[:, 0], powers[:, 2])


def test_opposite_channels_have_negative_cross_power():
    x = noise(1, 30_000)
    left, right, cross = band_powers(torch.cat([x, -x]), 44_100)
    torch.testing.assert_close(left, right)
    torch.testing.assert_close(cross, -left)


def test_leading_axes_are_kept_and_items_independent():
    x = noise(2, 3, 2, 9_000)
    powers = band_powers(x, 44_100)
    assert powers.shape == (2, 3, 3, frame_count(9_000, 44_100), BANDS)
    torch.testing.assert_close(powers[1, 2], band_powers(x[1, 2], 44_100), rtol=0, atol=0)


def test_what_is_shorter_than_a_frame_is_followed_by_silence():
    powers = band_powers(noise(2, 100), 44_100)
    assert powers.shape == (3, 1, BANDS)
    assert powers.isfinite().all() and powers[0].sum() > 0


def test_silence_has_no_power_and_no_loudness():
    powers = band_powers(torch.zeros(2, 48_000), 48_000)
    assert not powers.any()
    assert band_loudness_lufs(powers) == -torch.inf
    assert band_loudness_lufs(powers, gated=False) == -torch.inf


def test_three_channels_are_refused():
    with pytest.raises(ValueError, match="1 or 2 channels, got 3"):
        band_powers(torch.zeros(3, 4_800), 48_000)


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_loudness_agrees_with_pyloudnorm(sample_rate):
    x = pink(2, 12.0, sample_rate)
    x[:, 5 * sample_rate :] *= 0.03  # 30 dB down: behind the gate
    meter = pyloudnorm.Meter(sample_rate, filter_class="DeMan")
    assert float(band_loudness_lufs(band_powers(x, sample_rate))) == pytest.approx(
        meter.integrated_loudness(x.numpy().T), abs=LOUDNESS_LU
    )


def test_ungated_loudness_is_that_of_the_mean():
    steady = pink(2, 6.0)
    powers = band_powers(steady, 48_000)
    energy = float(k_energies(powers).mean())
    assert float(band_loudness_lufs(powers, gated=False)) == pytest.approx(-0.691 + 10 * np.log10(energy), abs=1e-6)
    assert float(band_loudness_lufs(powers, gated=False)) < float(band_loudness_lufs(powers))


def test_a_mono_file_is_three_decibels_less_than_it_reads():
    x = pink(1, 6.0)
    read = float(band_loudness_lufs(band_powers(x, 48_000)))
    assert read - 3.01 == pytest.approx(float(integrated_loudness(x[None], 48_000)), abs=LOUDNESS_LU)


def test_gating_blocks_are_as_in_the_standard():
    blocks = gating_blocks(torch.ones(2, 60))
    assert blocks.shape == (2, (60 - 17) // 4 + 1)  # 17 frames are 395 ms, 4 are 93 ms
    assert gating_blocks(torch.ones(2, 5)).shape == (2, 1)


def test_k_weights_are_flat_in_the_middle_and_rise_to_four_decibels():
    weights_db = 10 * torch.log10(k_weights())
    middle = (band_centres_hz() > 200) & (band_centres_hz() < 800)
    assert weights_db[middle].abs().max() < 0.7
    assert weights_db[-1] == pytest.approx(4.0, abs=0.1) and weights_db[0] < -6


def test_gradients_are_right():
    x = noise(2, 1, 800, seed=1)
    weights = noise(3, 3, BANDS, seed=2)
    for channels in (1, 2):
        leaf = x.expand(-1, channels, -1).contiguous().requires_grad_()
        assert torch.autograd.gradcheck(
            lambda x: (band_powers(x, 8_000) * weights).sum((-1, -2)), leaf, atol=1e-6, fast_mode=True
        )


def test_loudness_has_a_finite_gradient_even_for_silence():
    for x in (torch.zeros(2, 30_000), pink(2, 1.0).float()):
        leaf = band_powers(x, 48_000).requires_grad_()
        band_loudness_lufs(leaf).nan_to_num(neginf=0).backward()
        assert leaf.grad.isfinite().all()


def test_float32_agrees_with_float64():
    x = pink(2, 2.0)
    torch.testing.assert_close(
        band_powers(x.float(), 48_000).double(), band_powers(x, 48_000), rtol=1e-3, atol=1e-9
    )  # the kernels of float32 are others
