"""How late a processed stem comes."""

import numpy as np
import pytest
import scipy.signal
from songs import RATE, noise, tone

from diffmst.evaluation.metrics.alignment import WITHIN_MS, lag_ms


def late(x, samples):
    return np.pad(x, (samples, 0))[: x.size] if samples >= 0 else np.pad(x[-samples:], (0, -samples))


@pytest.mark.parametrize("samples", [0, 1, 400, -150])
@pytest.mark.parametrize("gain", [1.0, -0.01])
def test_a_delay_is_found_to_the_sample_at_any_level_and_polarity(samples, gain):
    raw = noise(2.0)
    assert lag_ms(raw, gain * late(raw, samples), RATE) == pytest.approx(1000 * samples / RATE)


def test_an_equalizer_is_no_delay():
    raw = noise(2.0)
    sos = scipy.signal.butter(2, [100, 3000], "band", fs=RATE, output="sos")
    assert abs(lag_ms(raw, scipy.signal.sosfilt(sos, raw), RATE)) < 0.2


def test_a_steady_tone_is_not_late_by_its_periods():
    steady = np.sin(2 * np.pi * 110 * np.arange(2 * RATE) / RATE)
    assert lag_ms(steady, np.roll(steady, 3), RATE) == pytest.approx(1000 * 3 / RATE, abs=1.2)  # 90 % of a peak


def test_nothing_is_told_of_another_sound_of_silence_or_further_away():
    assert lag_ms(noise(2.0), noise(2.0, 1), RATE) is None
    assert lag_ms(noise(2.0), np.zeros(2 * RATE), RATE) is None
    assert lag_ms(noise(2.0), late(noise(2.0), round(2 * WITHIN_MS / 1000 * RATE)), RATE) is None


def test_what_is_shorter_than_the_reach_is_compared():
    raw = tone(300, 0.05)
    assert lag_ms(raw, raw, RATE) == 0
