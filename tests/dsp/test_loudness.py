"""Loudness against pyloudnorm, the tables of BS.1770 and the synthesised cases of EBU Tech 3341 and 3342."""

import numpy as np
import pyloudnorm
import pytest
import torch
from scipy.signal import resample, sosfilt, sosfreqz

from diffmst.dsp.loudness import (
    LoudnessMeter,
    block_energies,
    gated_loudness,
    hop_energies,
    hop_samples,
    integrated_loudness,
    integrated_loudness_from_hops,
    k_weighting_sos,
    normalize_loudness,
    pooled_loudness,
    true_peak_db,
)

REFEREE_LU = 1e-3  # float32 audio and another order of summation
EBU_LU = 0.1  # tolerance of EBU Tech 3341
SAME_SIGNAL_LU = 1e-6  # the same samples in other blocks: only the order of summation differs
RATES = (8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000, 384_000)


def referee_lufs(x, sample_rate):
    # "DeMan" is the curve of the standard; the default of pyloudnorm differs from the table by 0.043 dB.
    return pyloudnorm.Meter(sample_rate, filter_class="DeMan").integrated_loudness(x.T.astype(np.float64))


def tone(level_dbfs, seconds, sample_rate=48_000, freq_hz=1_000.0):
    """Stereo sine whose peak lies at the level, as EBU states levels."""
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    return np.tile(10 ** (level_dbfs / 20) * np.sin(2 * np.pi * freq_hz * time_s), (2, 1))


def tones(*steps):
    return np.concatenate([tone(level, seconds) for level, seconds in steps], axis=1)


def music(sample_rate, channels=2, seconds=3.0, seed=0):
    """Noise with a beat, a pause and a colour that differs between channels."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * 10) * (sample_rate // 10)
    noise = rng.standard_normal((channels, samples))
    time_s = np.arange(samples) / sample_rate
    colour = np.cumsum(noise, axis=1) * 0.01 * np.arange(channels)[:, None]
    envelope = np.exp(-5 * (time_s % 0.5)) * (time_s < 0.8 * seconds)
    return 0.2 * (noise + colour) * envelope


def meter_of(x, sample_rate, sizes=(4_096,)):
    meter, start, turn = LoudnessMeter(sample_rate, x.shape[0]), 0, 0
    while start < x.shape[1]:
        meter.add(x[:, start : start + sizes[turn % len(sizes)]])
        start += sizes[turn % len(sizes)]
        turn += 1
    return meter


def as_batch(x, dtype=torch.float32):
    return torch.tensor(x, dtype=dtype)[None]


def test_k_weighting_is_the_table_at_48_khz():
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585],
        [1, -2, 1, 1, -1.99004745483398, 0.99007225036621],
    ]
    np.testing.assert_allclose(k_weighting_sos(48_000), table, atol=1e-13)


@pytest.mark.parametrize("sample_rate", RATES)
def test_k_weighting_agrees_with_pyloudnorm(sample_rate):
    freq_hz = np.geomspace(20, 0.4 * sample_rate, 64)

    def response_db(sos):
        return 20 * np.log10(np.abs(sosfreqz(sos, freq_hz, fs=sample_rate)[1]))

    def referee_db(curve):
        stages = pyloudnorm.Meter(sample_rate, filter_class=curve)._filters.values()
        return response_db(np.array([np.r_[stage.b, stage.a] for stage in stages]))

    mine_db = response_db(k_weighting_sos(sample_rate))
    np.testing.assert_allclose(mine_db, referee_db("DeMan"), atol=1e-9)
    if sample_rate >= 22_050:  # below, the shelf of the default curve is squeezed under the Nyquist frequency
        np.testing.assert_allclose(mine_db, referee_db("K-weighting"), atol=0.12)


def test_k_weighting_refuses_a_rate_below_its_shelf():
    with pytest.raises(ValueError, match="at least 8000 Hz, got 4000"):
        k_weighting_sos(4_000)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_integrated_loudness_agrees_with_pyloudnorm(sample_rate, channels):
    x = music(sample_rate, channels, seed=sample_rate + channels)
    expected = referee_lufs(x, sample_rate)
    assert float(integrated_loudness(as_batch(x), sample_rate)) == pytest.approx(expected, abs=REFEREE_LU)
    assert meter_of(x, sample_rate).integrated_lufs == pytest.approx(expected, abs=REFEREE_LU)


@pytest.mark.parametrize("seed", range(8))
def test_integrated_loudness_agrees_where_gates_matter(seed):
    rng = np.random.default_rng(seed)
    levels_db = np.repeat(rng.uniform(-90, 0, 12), 8_000 * 3 // 10)
    x = (rng.standard_normal((2, len(levels_db))) * 10 ** (levels_db / 20)).astype(np.float32)
    loudness = float(integrated_loudness(as_batch(x), 8_000))
    assert loudness == pytest.approx(referee_lufs(x, 8_000), abs=REFEREE_LU), f"{levels_db[::2400]=}"


@pytest.mark.parametrize(
    ("steps", "expected_lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_ebu_3341_integrated(steps, expected_lufs):
    assert meter_of(tones(*steps), 48_000, (48_000,)).integrated_lufs == pytest.approx(expected_lufs, abs=EBU_LU)


def test_ebu_3341_momentary_and_short_term():
    meter = meter_of(tones((-23, 4)), 48_000)
    assert len(meter.momentary_lufs) == 37
    assert len(meter.short_term_lufs) == 11
    np.testing.assert_allclose(meter.momentary_lufs, -23, atol=EBU_LU)
    np.testing.assert_allclose(meter.short_term_lufs, -23, atol=EBU_LU)


@pytest.mark.parametrize(
    ("steps", "expected_lu"),
    [
        ([(-20, 20), (-30, 20)], 10),
        ([(-20, 20), (-15, 20)], 5),
        ([(-40, 20), (-20, 20)], 20),
        ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
    ],
)
def test_ebu_3342_loudness_range(steps, expected_lu):
    meter = meter_of(tones(*steps), 48_000, (48_000,))
    assert meter.loudness_range_lu == pytest.approx(expected_lu, abs=0.1)  # the standard allows 1 LU


def test_loudness_range_of_a_short_or_silent_signal_is_zero():
    assert meter_of(tones((-20, 2)), 48_000).loudness_range_lu == 0
    assert meter_of(np.zeros((2, 48_000 * 4)), 48_000).loudness_range_lu == 0


@pytest.mark.parametrize(
    ("cycle", "phase_deg", "amplitude", "expected_dbtp"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
)
def test_ebu_3341_true_peak(cycle, phase_deg, amplitude, expected_dbtp):
    n = np.arange(48_000)
    fade = np.minimum(1, np.minimum(n, n[::-1]) / 4_800)  # an abrupt start is a peak of its own
    x = np.tile(amplitude * fade * np.sin(2 * np.pi * n / cycle + np.deg2rad(phase_deg)), (2, 1))
    tolerance_db = 0.1  # the standard allows +0.2 and -0.4
    assert float(true_peak_db(as_batch(x), 48_000)) == pytest.approx(expected_dbtp, abs=tolerance_db)
    assert meter_of(x, 48_000).true_peak_dbtp == pytest.approx(expected_dbtp, abs=tolerance_db)


@pytest.mark.parametrize(("sample_rate", "oversampling"), [(44_100, 4), (96_000, 4), (192_000, 2)])
def test_true_peak_agrees_with_fourier_interpolation(sample_rate, oversampling):
    x = music(sample_rate, seconds=0.5)
    spectrum = np.fft.rfft(x)
    spectrum[:, int(0.9 * spectrum.shape[1]) :] = 0  # where the interpolator is flat
    x = np.fft.irfft(spectrum) * np.hanning(x.shape[1])  # Fourier interpolation wraps around: nothing may at the ends
    expected = 20 * np.log10(np.abs(resample(x, oversampling * x.shape[1], axis=1)).max())
    assert float(true_peak_db(as_batch(x), sample_rate)) == pytest.approx(expected, abs=0.01)


def test_true_peak_is_never_below_the_sample_peak():
    x = np.zeros((2, 100))
    x[1, 99] = -0.5
    meter = meter_of(x, 44_100)
    assert meter.sample_peak_db == pytest.approx(-6.0206, abs=1e-4)
    assert meter.true_peak_dbtp == pytest.approx(-6.0206, abs=1e-4)


def test_true_peak_sees_over_the_end_of_the_signal():
    x = np.ones((1, 40))  # the interpolated step overshoots on both sides
    assert meter_of(x, 44_100).true_peak_dbtp > 0.5
    assert meter_of(x, 44_100).true_peak_dbtp == pytest.approx(float(true_peak_db(as_batch(x), 44_100)), abs=1e-5)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 192_000])
def test_energies_of_hops_and_frames_are_those_of_the_filters(sample_rate, channels):
    x = (music(sample_rate, channels) + 0.1).astype(np.float32)  # with an offset, that the high pass takes away
    meter = meter_of(x, sample_rate, (127, 1021, 1, 70_001))
    power = np.square(sosfilt(k_weighting_sos(sample_rate), x.astype(np.float64)))
    hop, frame = hop_samples(sample_rate), meter.frames.samples
    expected = power[:, : power.shape[1] // hop * hop].reshape(channels, -1, hop).mean(axis=2)
    np.testing.assert_allclose(
        meter.hop_energies, expected, rtol=1e-8, atol=1e-18
    )  # partial fractions, at the highest rate
    whole = power.shape[1] // frame * frame
    expected = power.sum(axis=0)[:whole].reshape(-1, frame).sum(axis=1)
    np.testing.assert_allclose(meter.frames.energies, expected, rtol=1e-6, atol=1e-12)  # float32
    assert meter.frames.peaks.shape == expected.shape


def test_silence_after_sound_does_not_slow_the_filters_down():
    """Numbers too small to be normal would take a hundred times as long."""
    meter = meter_of(np.concatenate([np.ones((2, 1000)), np.zeros((2, 200_000))], axis=1), 48_000)
    assert not meter._pairs[0].state.any()
    assert meter.hop_energies[:, -1].max() == 0


@pytest.mark.parametrize("sizes", [(1_000_000,), (7, 1, 0, 12_345), (441,), (4_409, 4_411), (50_001,)])
def test_meter_does_not_depend_on_block_sizes(sizes):
    x = music(44_100, seconds=4.0)[:, :-123]
    mine, other = meter_of(x, 44_100, sizes), meter_of(x, 44_100, (3_000,))
    assert mine.integrated_lufs == pytest.approx(other.integrated_lufs, abs=SAME_SIGNAL_LU)
    assert mine.loudness_range_lu == pytest.approx(other.loudness_range_lu, abs=SAME_SIGNAL_LU)
    assert mine.true_peak_dbtp == pytest.approx(other.true_peak_dbtp, abs=1e-5)
    assert mine.sample_peak_db == other.sample_peak_db
    np.testing.assert_allclose(mine.momentary_lufs, other.momentary_lufs, atol=SAME_SIGNAL_LU)
    np.testing.assert_allclose(mine.short_term_lufs, other.short_term_lufs, atol=SAME_SIGNAL_LU)


@pytest.mark.parametrize("sample_rate", [11_025, 48_000])
def test_meter_and_function_hear_the_same_hops(sample_rate):
    x = music(sample_rate, seconds=1.0)
    energy = hop_energies(as_batch(x, torch.float64), sample_rate)[0].numpy()
    meter = meter_of(x, sample_rate)
    np.testing.assert_allclose(meter.hop_energies, energy, rtol=1e-6)
    assert integrated_loudness_from_hops(energy) == pytest.approx(meter.integrated_lufs, abs=SAME_SIGNAL_LU)


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.25, 0.399])
def test_a_short_signal_is_one_block(seconds):
    x = tone(-20, seconds, freq_hz=2_000)
    meter = meter_of(x, 48_000, (17,))
    assert float(integrated_loudness(as_batch(x), 48_000)) == pytest.approx(meter.integrated_lufs, abs=REFEREE_LU)
    if seconds > 0.01:  # past the onset of the filter, a tone is as loud as a long one
        assert meter.integrated_lufs == pytest.approx(referee_lufs(tone(-20, 2, freq_hz=2_000), 48_000), abs=0.2)


@pytest.mark.parametrize("samples", [0, 100, 48_000])
def test_silence_has_no_loudness_and_no_peak(samples):
    meter = meter_of(np.zeros((2, samples)), 48_000)
    readings = (meter.integrated_lufs, meter.true_peak_dbtp, meter.sample_peak_db)
    assert readings == (-np.inf,) * 3
    if samples:
        assert float(true_peak_db(torch.zeros(1, 2, samples), 48_000)) == -np.inf
        assert float(integrated_loudness(torch.zeros(1, 2, samples), 48_000)) == -np.inf


def test_loudness_of_no_samples_is_refused():
    with pytest.raises(ValueError, match="at least one sample"):
        integrated_loudness(torch.zeros(1, 2, 0), 48_000)


def test_meter_refuses_other_channels():
    with pytest.raises(ValueError, match=r"\[2, time\], got \[1, 10\]"):
        LoudnessMeter(48_000, 2).add(np.zeros((1, 10)))


def test_gain_adds_in_db_and_items_do_not_mix():
    x = as_batch(music(44_100)).repeat(3, 1, 1) * torch.tensor([1.0, 0.5, 0.0])[:, None, None]
    loudness = integrated_loudness(x, 44_100)
    assert float(loudness[0] - loudness[1]) == pytest.approx(6.0206, abs=1e-4)
    assert float(loudness[2]) == -torch.inf


def test_gradient_of_loudness_is_right_and_zero_for_silence():
    x = as_batch(music(8_000, seconds=0.5), torch.float64)[..., ::2].requires_grad_()
    assert torch.autograd.gradcheck(lambda x: integrated_loudness(x, 8_000), x, fast_mode=True)
    silent = torch.zeros(1, 2, 8_000, requires_grad=True)
    integrated_loudness(silent, 8_000).sum().backward()
    assert torch.equal(silent.grad, torch.zeros_like(silent))


def test_gradient_of_the_gates_reaches_kept_blocks_only():
    blocks = torch.tensor([1.0, 0.5, 1e-3, 1e-9], dtype=torch.float64, requires_grad=True)
    gated_loudness(blocks).backward()
    assert (blocks.grad[:2] > 0).all()
    assert (blocks.grad[2:] == 0).all()


def test_normalized_signals_are_equally_loud_and_silence_stays():
    x = torch.cat([as_batch(music(44_100)), as_batch(music(44_100, seed=1)) * 0.01, torch.zeros(1, 2, 44_100 * 3)])
    x.requires_grad_()
    y = normalize_loudness(x, 44_100, -16.0)
    loudness = integrated_loudness(y, 44_100)
    assert loudness[:2].tolist() == pytest.approx([-16.0, -16.0], abs=REFEREE_LU)
    assert torch.equal(y[2], x[2])
    y.square().sum().backward()
    assert x.grad.isfinite().all()


def test_pooled_windows_are_gated_as_one_programme():
    loud, quiet = as_batch(music(8_000)), as_batch(music(8_000, seed=1)) * 0.01
    alone = float(integrated_loudness(loud, 8_000))
    blocks = block_energies(hop_energies(torch.cat([loud, quiet]), 8_000))
    assert blocks.shape == (2, 27)
    assert float(pooled_loudness(torch.cat([loud, loud]), 8_000)) == pytest.approx(alone, abs=1e-4)
    assert float(pooled_loudness(torch.cat([loud, quiet]), 8_000)) == pytest.approx(alone, abs=1e-4)
