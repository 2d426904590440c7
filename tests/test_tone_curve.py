import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from diffmst.profile import Profile
from diffmst.tone_curve import difference_curve, furthest_off, part_db, side_db

RATE = 44_100
NOISE_DB = 1.0  # 8 s of noise in a third octave above 200 Hz scatter by less


def profile(x):
    heard = Profile(RATE)
    heard.add(x)
    return heard


def noise(seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal((2, 8 * RATE))


def without(x, low_hz, high_hz):
    return sosfilt(butter(4, (low_hz, high_hz), "bandstop", fs=RATE, output="sos"), x)


def band(x, low_hz, high_hz):
    return sosfilt(butter(4, (low_hz, high_hz), "bandpass", fs=RATE, output="sos"), x)


def test_the_band_that_is_furthest_off_is_found():
    hum = 0.3 * np.sin(2 * np.pi * 127 * np.arange(8 * RATE) / RATE)
    peak = furthest_off(profile(noise() + hum), profile(noise()), 10)
    assert peak.freq_hz == pytest.approx(127, rel=2 ** (1 / 12) - 1)  # one point of the curve
    assert peak.difference_db > 10 and peak.octaves < 2 / 3


def test_it_is_the_highest_point_of_the_curve_in_the_picture():
    ours, theirs = profile(noise() + 4 * band(noise(1), 800, 1250)), profile(noise())
    freq_hz, curve_db = difference_curve(ours, theirs)
    peak = furthest_off(ours, theirs, 5)
    assert peak.difference_db == curve_db.max() and peak.freq_hz == freq_hz[curve_db.argmax()]


def test_how_wide_it_is_counts_points_over_the_limit_on_both_sides():
    missing = without(noise(), 500, 2000)  # two octaves
    peak = furthest_off(profile(missing), profile(noise()), 5)
    assert peak.difference_db < -5 and 500 < peak.freq_hz < 2000
    assert 1 < peak.octaves < 2.5


def test_what_is_within_the_limit_or_outside_the_range_is_nothing():
    assert furthest_off(profile(noise()), profile(noise(1)), 10) is None
    high = profile(without(noise(), 5000, 9000))
    assert furthest_off(high, profile(noise()), 10) is not None
    assert furthest_off(high, profile(noise()), 10, highest_hz=2000) is None


def test_a_part_is_measured_against_the_loudness_of_the_whole():
    x = noise()
    assert part_db(profile(0.1 * x), 0, 100) == pytest.approx(part_db(profile(x), 0, 100), abs=0.01)
    assert part_db(profile(x), 200, 400) - part_db(profile(x), 400, 800) == pytest.approx(-3.01, abs=NOISE_DB)


def test_sides_are_measured_against_the_middle_of_the_same_part():
    middle, side = band(noise()[:1], 200, 1000), band(noise()[1:], 200, 1000)
    both = np.concatenate([middle + 0.5 * side, middle - 0.5 * side])
    assert side_db(profile(both), 100, 2000) == pytest.approx(20 * np.log10(0.5), abs=NOISE_DB)
    assert side_db(profile(np.repeat(middle, 2, axis=0)), 100, 2000) == -30
