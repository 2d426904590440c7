import numpy as np
import pytest
from scipy import signal

from diffmst.data import synth

RATE = 44_100
ALIASING_DB = -80.0
"""Highest level of anything that is no harmonic, against the strongest harmonic."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def spectrum_db(x):
    """Level per bin against the strongest one; the side lobes of the window are below -115 dB."""
    magnitude = np.abs(np.fft.rfft(x * signal.windows.kaiser(x.size, 16)))
    return 20 * np.log10(magnitude / magnitude.max() + 1e-12)


def off_harmonics_db(x, fundamental_hz):
    level_db = spectrum_db(x)
    bin_hz = RATE / x.size
    frequency_hz = np.arange(level_db.size) * bin_hz
    distance_hz = np.abs(frequency_hz - fundamental_hz * np.round(frequency_hz / fundamental_hz))
    return level_db[(distance_hz > 8 * bin_hz) & (frequency_hz > 100)].max()


def test_damped_partials_are_the_sum_of_damped_sines(rng):
    samples, count = 5003, 17
    frequency_hz, decay_s = rng.uniform(20, 15_000, count), rng.uniform(0.01, 1, count)
    weight = rng.standard_normal((2, count)) + 1j * rng.standard_normal((2, count))
    time_s = np.arange(samples)[:, None] / RATE
    sines = np.exp((2j * np.pi * frequency_hz - 1 / decay_s) * time_s)
    expected = np.imag(weight @ sines.T)
    # The tables are rounded to single precision: 6e-8 per partial, of which 17 add up.
    np.testing.assert_allclose(
        synth.damped_partials(frequency_hz, decay_s, weight, samples, RATE), expected, atol=17 * 3e-7
    )


def test_partials_that_would_fold_back_are_left_out():
    assert not synth.damped_partials([0.46 * RATE, 0.7 * RATE], [1.0, 1.0], [1.0, 1.0], 100, RATE).any()


@pytest.mark.parametrize("fundamental_hz", [61.7, 987.3, 3217.9])
def test_sawtooth_does_not_alias(fundamental_hz):
    saw = synth.sawtooth(np.full(4 * RATE, fundamental_hz), RATE)[RATE:]
    assert off_harmonics_db(saw, fundamental_hz) < ALIASING_DB
    naive = signal.sawtooth(2 * np.pi * fundamental_hz * np.arange(saw.size) / RATE)
    assert off_harmonics_db(naive, fundamental_hz) > -60


def test_sawtooth_has_the_harmonics_of_a_sawtooth():
    # 100 periods and whole bins: each harmonic k falls into bin 100 k, with the amplitude 2 / (pi k).
    saw = synth.sawtooth(np.full(2 * RATE, 100.0), RATE)[RATE:]
    amplitude = 2 * np.abs(np.fft.rfft(saw))[100:2000:100] / RATE
    # The leak at 8 Hz and the running sum instead of an integral bend the spectrum by less than 0.2 dB below 2 kHz.
    np.testing.assert_allclose(amplitude, 2 / np.pi / np.arange(1, 20), rtol=0.02)


def test_overdrive_aliases_less_than_saturation_at_the_sample_rate():
    sine = 0.9 * np.sin(2 * np.pi * 4321.0 * np.arange(RATE) / RATE)
    plain, doubled = (off_harmonics_db(x, 4321.0) for x in (synth.saturate(sine, 2), synth.overdrive(sine, RATE, 2)))
    assert doubled < plain - 10


def test_saturation_leaves_small_sounds_and_silence_alone():
    small = np.linspace(-1e-5, 1e-5, 11)
    np.testing.assert_allclose(synth.saturate(small, 3.0, 0.4), small, rtol=1e-4, atol=1e-15)
    assert np.abs(synth.saturate(np.array([-1e3, 1e3]), 2.0)).max() <= 0.5


@pytest.mark.parametrize("gain_db", [-9.0, 6.0])
def test_peak_has_its_gain_at_its_centre_and_none_far_away(gain_db):
    response = np.abs(np.fft.rfft(synth.peak(signal.unit_impulse(RATE), RATE, 1000.0, 2.0, gain_db)))
    assert 20 * np.log10(response[1000]) == pytest.approx(gain_db, abs=1e-6)
    assert 20 * np.log10(response[[10, 20_000]]) == pytest.approx([0, 0], abs=0.05)


def test_butterworth_filters_are_three_decibels_down_at_their_cutoff():
    for filtered in (synth.lowpass, synth.highpass):
        response = np.abs(np.fft.rfft(filtered(signal.unit_impulse(RATE), RATE, 1500.0, 3)))
        assert 20 * np.log10(response[1500]) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize("sample_rate", [22_050, 96_000])
def test_filters_above_the_band_of_a_low_sample_rate_do_not_fail(sample_rate, rng):
    white = synth.noise(rng, 1000)
    for sound in (
        synth.lowpass(white, sample_rate, 12_000),
        synth.highpass(white, sample_rate, 12_000),
        synth.peak(white, sample_rate, 12_000, 1.0, 6.0),
        synth.formants(white, sample_rate, [800, 15_000], [80, 100]),
    ):
        assert np.isfinite(sound).all()


def test_formants_stand_out_and_noise_keeps_its_power(rng):
    centre_hz = [700, 1200, 2600]
    response = np.abs(np.fft.rfft(synth.formants(signal.unit_impulse(RATE), RATE, centre_hz, [60, 70, 90])))
    summits, _ = signal.find_peaks(response)
    # The slope of a neighbour moves a summit by less than its bandwidth.
    np.testing.assert_allclose(summits, centre_hz, atol=30)
    hummed = synth.formants(synth.noise(rng, 4 * RATE), RATE, centre_hz, [60, 70, 90])
    assert hummed.std() == pytest.approx(1, rel=0.05)


def test_fade_is_silent_at_the_ends_and_keeps_the_middle():
    faded = synth.fade(np.ones((2, RATE)), RATE, 0.1, 0.2)
    assert faded[:, 0].max() == 0
    assert faded[:, -1].max() == 0
    assert (faded[:, RATE // 2] == 1).all()
    assert np.abs(np.diff(faded)).max() < 1e-3
    assert np.isfinite(synth.fade(np.ones(3), RATE, 0.1, 0.1)).all()


def test_smoothing_takes_the_step_out_and_holds_the_ends():
    step = np.repeat([60.0, 72.0], RATE)
    smooth = synth.smooth(step, RATE, 0.09)
    assert smooth[[0, -1]] == pytest.approx([60, 72])
    assert np.abs(np.diff(smooth)).max() < 12 / (0.03 * RATE)


def test_envelope_falls_to_one_over_e():
    assert synth.fall(RATE, RATE, 0.25)[RATE // 4] == pytest.approx(np.exp(-1), rel=1e-3)


def test_noise_and_bursts_come_from_the_generator_alone():
    first, second = (synth.noise(np.random.default_rng(3), 50_000, 2) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.std() == pytest.approx(1, abs=0.02)
    one, two = (synth.burst(np.random.default_rng(3), RATE, 0.01, 500, 4000) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one[-20:]).max() < 0.01 * np.abs(one).max()


def test_wander_is_smooth_and_of_unit_size(rng):
    motion = synth.wander(rng, 60 * RATE, RATE, 5.0)
    assert 0.5 < motion.std() < 1.2
    assert np.abs(np.diff(motion)).max() < 10 * 5.0 / RATE
