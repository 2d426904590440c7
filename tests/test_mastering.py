import math

import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import butter, sosfilt

from diffmst import mastering
from diffmst.dsp.limiter import Limiter
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.mastering import HARDEST_LIMITING_DB, LOUDNESS_TOLERANCE_LU, measure_master, write_master
from diffmst.mix import RenderSettings
from diffmst.spool import Spool

RATE = 44_100


def music(seconds=6.0, peaks=1.0):
    """Steady noise with short loud beginnings that a limiter has to catch."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    envelope = peaks * (0.1 + 0.5 * np.exp(-300 * (time_s % 0.5)))
    noise = np.random.default_rng(3).standard_normal((2, len(time_s)))
    return (np.clip(noise, -3, 3) / 3 * envelope).astype(np.float32)


def dull(audio):
    """The same without what lies near the Nyquist frequency, of which no two meters read the same peak."""
    return sosfilt(butter(4, 0.6, output="sos"), audio).astype(np.float32)


def master(tmp_path, audio, *, rate=RATE, advance=None, blocks=7, **settings):
    meter = LoudnessMeter(rate, channels=2)
    meter.add(audio)
    path = tmp_path / "out.wav"
    with Spool(tmp_path) as spool:
        for block in np.array_split(audio, blocks, axis=1):
            spool.append(block)
        output = write_master(spool, meter, path, RenderSettings(**settings), advance)
    return output, soundfile.read(path)[0].T


def heard(audio, rate=RATE):
    meter = LoudnessMeter(rate, channels=2)
    meter.add(audio)
    return meter


def unlimited_lufs(audio, rate=RATE):
    """The loudness at which the highest peak meets the ceiling."""
    meter = heard(audio, rate)
    return meter.integrated_lufs - meter.true_peak_dbtp - 1


def loudness(audio):
    return pyloudnorm.Meter(RATE).integrated_loudness(audio.T)


def test_gain_alone_reaches_a_quiet_target(tmp_path):
    audio = music()
    output, written = master(tmp_path, audio, loudness_lufs=-35.0)
    assert output.limiting_db == 0
    assert loudness(written) == pytest.approx(-35, abs=0.1)
    assert output.loudness_lufs == pytest.approx(heard(written).integrated_lufs, abs=1e-4)
    assert output.true_peak_dbtp == pytest.approx(heard(written).true_peak_dbtp, abs=1e-4)
    np.testing.assert_allclose(written, audio * 10 ** (output.gain_db / 20), atol=2**-23)


@pytest.mark.parametrize("over_db", [0.2, 2, 4])
@pytest.mark.parametrize("rate", [22_050, RATE])
def test_a_loud_target_is_reached_under_the_ceiling_by_limiting(tmp_path, over_db, rate):
    audio = music()
    target_lufs = unlimited_lufs(audio, rate) + over_db
    output, written = master(tmp_path, audio, rate=rate, loudness_lufs=target_lufs)
    assert output.limiting_db > over_db / 2
    assert output.loudness_lufs == pytest.approx(target_lufs, abs=LOUDNESS_TOLERANCE_LU)
    assert output.loudness_lufs == pytest.approx(heard(written, rate).integrated_lufs, abs=1e-4)
    assert output.true_peak_dbtp == pytest.approx(heard(written, rate).true_peak_dbtp, abs=1e-3)
    assert output.true_peak_dbtp <= -1
    assert pyloudnorm.Meter(rate).integrated_loudness(written.T) == pytest.approx(target_lufs, abs=0.15)


def attempts_at(monkeypatch):
    """A list that grows by one with every attempt at limiting the whole song."""
    attempts, limited = [], mastering._limited
    monkeypatch.setattr(mastering, "_limited", lambda *arguments: attempts.append(1) or limited(*arguments))
    return attempts


@pytest.mark.parametrize("over_db", [-10, 3])
def test_measuring_tells_to_the_last_digit_what_writing_does(tmp_path, over_db):
    audio = music()
    settings = RenderSettings(loudness_lufs=unlimited_lufs(audio) + over_db)
    output, _ = master(tmp_path, audio, **settings.model_dump())
    told, before = [], sorted(tmp_path.iterdir())
    with Spool(tmp_path) as spool:
        for block in np.array_split(audio, 7, axis=1):
            spool.append(block)
        measured = measure_master(spool, heard(audio), settings, told.append)
    assert measured == output and measured.limited == (over_db > 0)
    assert sum(told) == pytest.approx(1) and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("over_db", [-10, 3])
def test_gains_and_limiter_as_they_are_told_make_the_file(tmp_path, over_db):
    audio = music()
    output, written = master(tmp_path, audio, loudness_lufs=unlimited_lufs(audio) + over_db, subtype="FLOAT")
    made = audio * np.float32(10 ** (output.gain_db / 20))
    if output.limited:
        limiter = Limiter(RATE, ceiling_db=-1, gain_db=output.gain_db)
        made = np.concatenate([limiter.process(audio), limiter.flush()], axis=1)
    np.testing.assert_allclose(written, made * np.float32(10 ** (output.trim_db / 20)), atol=1e-7)


def test_one_attempt_is_enough(tmp_path, monkeypatch):
    attempts, audio = attempts_at(monkeypatch), dull(music())
    for over_db in (1, 4):
        master(tmp_path, audio, loudness_lufs=unlimited_lufs(audio) + over_db)
    assert len(attempts) == 2


def test_a_model_that_is_wrong_is_corrected(tmp_path, monkeypatch):
    audio, model = dull(music()), mastering.limited_energies
    attempts = attempts_at(monkeypatch)
    monkeypatch.setattr(mastering, "limited_energies", lambda *frames, **gain: 0.93 * model(*frames, **gain))
    told = []
    target_lufs = unlimited_lufs(audio) + 3
    output, written = master(tmp_path, audio, advance=told.append, loudness_lufs=target_lufs)
    assert len(attempts) == 2 and sum(told) == pytest.approx(1)
    assert heard(written).integrated_lufs == pytest.approx(target_lufs, abs=LOUDNESS_TOLERANCE_LU)
    assert written.shape == audio.shape and output.frames == audio.shape[1]


def test_the_last_attempt_is_not_the_one_before_it_again(tmp_path, monkeypatch):
    attempts, audio = attempts_at(monkeypatch), dull(music())
    monkeypatch.setattr(mastering, "LOUDNESS_TOLERANCE_LU", 0)  # never met, while the peak needs no trim
    master(tmp_path, audio, loudness_lufs=unlimited_lufs(audio) + 3)
    assert len(attempts) == 2


@pytest.mark.parametrize("over_db", [3, 9])
def test_white_noise_stays_under_the_ceiling_too(tmp_path, over_db):
    noise = np.random.default_rng(4).uniform(-1, 1, (2, 2 * RATE)).astype(np.float32)
    output, written = master(tmp_path, noise, loudness_lufs=min(0, unlimited_lufs(noise) + over_db), subtype="FLOAT")
    assert heard(written).true_peak_dbtp <= -1
    assert output.true_peak_dbtp == pytest.approx(heard(written).true_peak_dbtp, abs=1e-4)


def test_the_last_attempt_is_under_the_ceiling_however_wrong_the_model(tmp_path, monkeypatch):
    attempts, gain_for = attempts_at(monkeypatch), mastering._Model.gain_for
    errors_db, gains_db = iter([0.0, -2.0, 1.0, 0.0]), []

    def wrong(model, target_lufs):
        gain = gain_for(model, target_lufs)
        gains_db.append(gain.before_db + next(errors_db))
        return gain._replace(before_db=gains_db[-1])

    monkeypatch.setattr(mastering._Model, "gain_for", wrong)
    noise = np.random.default_rng(4).standard_normal((2, RATE)).astype(np.float32)
    output, written = master(tmp_path, noise, loudness_lufs=unlimited_lufs(noise) + 3, subtype="FLOAT")
    assert len(attempts) == 3 and output.gain_db == gains_db[1]  # which a trim makes safe
    assert heard(written).true_peak_dbtp <= -1 and output.true_peak_dbtp <= -1


@pytest.mark.parametrize("frames", [1, 40, 200, 5000])
def test_a_moment_of_sound_is_mastered_too(tmp_path, frames):
    audio = music()[:, :frames]
    for loudness_lufs in (None, min(0.0, unlimited_lufs(audio) + 1)):
        output, written = master(tmp_path, audio, blocks=1, loudness_lufs=loudness_lufs)
        assert written.shape == audio.shape
        assert output.true_peak_dbtp <= -1 and heard(written).true_peak_dbtp <= -0.999
    # There is no room for the gain to recover in, so a little less than the loudness at the ceiling may be all.
    assert output.target_lufs - 1.5 < output.loudness_lufs < output.target_lufs + LOUDNESS_TOLERANCE_LU


def test_what_the_gates_hide_before_the_gain_counts_behind_it(tmp_path):
    halves = np.repeat([1, 10 ** (-8 / 20)], music().shape[1] // 2)  # the second is within the relative gate
    audio = music() * halves
    quiet = audio * 10 ** ((-66 - heard(audio).integrated_lufs) / 20)  # but under the absolute one
    output, written = master(tmp_path, quiet.astype(np.float32), loudness_lufs=-30.0, subtype="FLOAT")
    assert heard(written).integrated_lufs == pytest.approx(-30, abs=1e-3)
    assert output.loudness_lufs == pytest.approx(-30, abs=1e-3)


@pytest.mark.parametrize("over_db", [-3, 3])
def test_blocks_do_not_change_a_bit(tmp_path, over_db):
    audio = music(1.0)
    target_lufs = unlimited_lufs(audio) + over_db
    _, once = master(tmp_path, audio, blocks=1, loudness_lufs=target_lufs)
    _, often = master(tmp_path, audio, blocks=100, loudness_lufs=target_lufs)
    np.testing.assert_array_equal(once, often)


def test_an_error_on_the_way_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(share):
        raise KeyboardInterrupt

    audio = music(1.0)
    for over_db in (-3, 3):
        with pytest.raises(KeyboardInterrupt):
            master(tmp_path, audio, advance=interrupt, loudness_lufs=unlimited_lufs(audio) + over_db)
    assert not list(tmp_path.iterdir())


def test_kernels_are_warm_once_warmed_up():
    mastering.warm_up()
    assert mastering.is_warm()


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
