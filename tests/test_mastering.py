import math

import numpy as np
import pyloudnorm
import pytest
import soundfile

from diffmst.dsp.loudness import LoudnessMeter
from diffmst.mastering import HARDEST_LIMITING_DB, Spool, write_master
from diffmst.mix import RenderSettings

RATE = 44_100


def music(seconds=6.0, peaks=1.0):
    """Steady noise with short loud beginnings that a limiter has to catch."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    envelope = peaks * (0.1 + 0.5 * np.exp(-300 * (time_s % 0.5)))
    noise = np.random.default_rng(3).standard_normal((2, len(time_s)))
    return (np.clip(noise, -3, 3) / 3 * envelope).astype(np.float32)


def master(tmp_path, audio, **settings):
    meter = LoudnessMeter(RATE, channels=2)
    meter.add(audio)
    path = tmp_path / "out.wav"
    with Spool(tmp_path) as spool:
        for block in np.array_split(audio, 7, axis=1):
            spool.append(block)
        output = write_master(spool, meter, path, RenderSettings(**settings))
    return output, soundfile.read(path)[0].T


def loudness(audio):
    return pyloudnorm.Meter(RATE).integrated_loudness(audio.T)


def test_gain_alone_reaches_a_quiet_target(tmp_path):
    audio = music()
    output, written = master(tmp_path, audio, loudness_lufs=-35.0)
    assert output.limiting_db == 0
    assert loudness(written) == pytest.approx(-35, abs=0.1)
    np.testing.assert_allclose(written, audio * 10 ** (output.gain_db / 20), atol=2**-23)


def test_a_loud_target_is_reached_under_the_ceiling_by_limiting(tmp_path):
    audio = music()
    unlimited = loudness(audio) - 20 * math.log10(np.abs(audio).max()) - 1
    output, written = master(tmp_path, audio, loudness_lufs=unlimited + 4)
    assert output.limiting_db > 1
    assert loudness(written) == pytest.approx(unlimited + 4, abs=0.15)
    assert output.true_peak_dbtp <= -1


def test_a_target_beyond_reason_is_not_reached(tmp_path):
    output, _ = master(tmp_path, music(), loudness_lufs=-1.0)
    assert output.loudness_lufs < -2
    assert output.limiting_db <= HARDEST_LIMITING_DB + 0.5 and output.true_peak_dbtp <= -1


def test_without_a_target_only_peaks_over_the_ceiling_are_turned_down(tmp_path):
    quiet = music(peaks=0.2)
    output, written = master(tmp_path, quiet)
    assert output.gain_db == 0
    np.testing.assert_allclose(written, quiet, atol=2**-23)
    output, _ = master(tmp_path, 8 * quiet)
    assert output.gain_db < 0 and output.limiting_db == 0
    assert output.true_peak_dbtp == pytest.approx(-1, abs=0.01)


def test_silence_stays_silence(tmp_path):
    output, written = master(tmp_path, np.zeros((2, RATE), np.float32), loudness_lufs=-14.0)
    assert not written.any() and output.loudness_lufs == -math.inf


def test_float_output_keeps_every_bit(tmp_path):
    audio = music(peaks=0.1)
    _, written = master(tmp_path, audio, subtype="FLOAT")
    np.testing.assert_array_equal(written.astype(np.float32), audio)


def test_nothing_is_left_beside_the_output(tmp_path):
    master(tmp_path, music(1.0))
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
