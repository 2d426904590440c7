import numpy as np
import pytest
from scipy import signal

from diffmst.data import grains

RATE = 44_100


def test_pulses_stand_where_the_phase_passes_whole_cycles():
    rising_hz = np.linspace(100, 200, 2 * grains.CONTROL_HZ)
    onsets = grains.pulse_onsets(rising_hz, RATE)
    # The integral of the frequency: 300 cycles in two seconds, of which the last may be cut off.
    assert onsets.size in (299, 300)
    time_s = onsets / RATE
    cycles = 100 * time_s + 25 * time_s**2
    # The curve is held over a control period, in which 0.2 Hz are lost at most, and so less than half a cycle in all.
    np.testing.assert_allclose(cycles, np.arange(1, onsets.size + 1), atol=0.2)


def test_a_line_of_pulses_is_a_pulse_train_through_its_body():
    onsets = grains.pulse_onsets(np.full(grains.CONTROL_HZ, 105.0), RATE)
    bins_hz = grains.frequencies_hz(RATE)
    body = grains.resonances(bins_hz, np.array([[600.0, 1500.0]]), np.array([[90.0, 120.0]]))
    shapes = grains.pulse_shapes(body, RATE)
    line = grains.lay_pulses(onsets, np.ones(onsets.size), np.zeros(onsets.size, int), shapes, RATE)
    spectrum = np.abs(np.fft.rfft(line[: 42 * 420]))
    # 42 periods: every 42nd bin is a harmonic, and its amplitude that of the body there.
    heard_hz = 105.0 * np.arange(2, 40)
    expected = np.interp(heard_hz, bins_hz, np.abs(body[0]))
    heard_db = 20 * np.log10(spectrum[42 * np.arange(2, 40)] / expected)
    # The fade at the end of each pulse widens the resonances a little.
    assert np.ptp(heard_db) < 3


def test_pulses_between_samples_are_late_by_a_fraction():
    shapes = grains.pulse_shapes(np.ones((1, grains.RESPONSE_SIZE // 2 + 1)), RATE)[0]
    early, late = shapes[0], shapes[2]
    phase = np.unwrap(np.angle(np.fft.rfft(late, 4096) / np.fft.rfft(early, 4096)))
    slope = np.polyfit(np.arange(100, 1000), phase[100:1000], 1)[0]
    # What rings before the pulse is cut off, which moves it by a few hundredths of a sample.
    assert -slope * 4096 / (2 * np.pi) == pytest.approx(2 / grains.FRACTIONS, abs=0.03)


def test_shaped_noise_has_its_spectrum_and_its_strength():
    bins_hz = grains.noise_bins_hz(RATE)
    spectra = np.stack([np.ones(bins_hz.size), (bins_hz > 5000) * 1.0])
    hops = 400
    strength, which = np.full(hops, 0.5), np.repeat([0, 1], hops // 2)
    x = grains.shaped_noise(np.random.default_rng(3), strength, which, spectra, 2 * RATE, RATE)
    white, high = x[2000 : RATE - 2000], x[RATE + 2000 : 2 * RATE - 4000]
    assert white.std() == pytest.approx(0.5, rel=0.03)
    low = signal.sosfilt(signal.butter(6, 3000, fs=RATE, output="sos"), high)
    # The frames are short: their window lets through less than a hundredth of the power below the band.
    assert np.mean(low**2) < 0.01 * np.mean(high**2)


def test_silent_pulses_and_hops_make_no_sound():
    shapes = grains.pulse_shapes(np.ones((1, grains.RESPONSE_SIZE // 2 + 1)), RATE)
    assert not grains.lay_pulses(np.array([10.0]), np.zeros(1), np.zeros(1, int), shapes, 100).any()
    ones = np.ones((1, grains.noise_bins_hz(RATE).size))
    assert not grains.shaped_noise(np.random.default_rng(1), np.zeros(9), np.zeros(9, int), ones, 100, RATE).any()
