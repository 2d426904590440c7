from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest
from listening_sources import RATE, SECONDS, write_mixes
from scipy.signal import freqz, resample_poly
from songs import noise, tone, write

from diffmst.errors import UserError
from diffmst.listening_test import anchors
from diffmst.listening_test.sources import StimulusFile, TrialFiles, read_sources
from diffmst.listening_test.stimuli import CEILING_DBTP, Cut, choose_cut, common_rate, prepare, to_16_bits

LOUDNESS_TOLERANCE_LU = 0.1
"""Two independent meters: pyloudnorm's filters lie 0.04 dB beside the standard's at this rate."""

PEAK_TOLERANCE_DB = 0.2
"""Between 4 times oversampling by two different filters."""


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return read_sources(write_mixes(tmp_path_factory.mktemp("mixes"), songs=("one",)))[0]


def prepared(trial, *, loudness_lufs=-23.0, hidden=True, anchors=("low", "mid"), cut=None):
    cut = cut or Cut(0.0, 0.0, SECONDS)
    return prepare(trial, cut, RATE, loudness_lufs=loudness_lufs, hidden=hidden, anchors=anchors)


def true_peak_db(audio):
    return 20 * np.log10(np.abs(resample_poly(audio, 8, 1, axis=1)).max())


def test_all_sounds_of_a_trial_are_equally_loud(trial):
    ready = prepared(trial)
    sounds = [*ready.stimuli, ready.reference]
    assert len(sounds) == 3 + 1 + 2 + 1
    meter = pyloudnorm.Meter(RATE)
    for sound in sounds:
        assert meter.integrated_loudness(sound.audio.T) == pytest.approx(-23, abs=LOUDNESS_TOLERANCE_LU)
        assert sound.audio.shape == (2, round(SECONDS * RATE))


def test_a_trial_too_loud_for_the_ceiling_is_lowered_as_a_whole(trial):
    ready = prepared(trial, loudness_lufs=-5.0)
    meter = pyloudnorm.Meter(RATE)
    peaks = [true_peak_db(sound.audio) for sound in (*ready.stimuli, ready.reference)]
    assert max(peaks) == pytest.approx(CEILING_DBTP, abs=PEAK_TOLERANCE_DB)
    assert ready.loudness_lufs < -6
    for sound in ready.stimuli:
        measured = meter.integrated_loudness(sound.audio.T)
        assert measured == pytest.approx(ready.loudness_lufs, abs=LOUDNESS_TOLERANCE_LU)


def test_hidden_reference_is_the_open_one(trial):
    ready = prepared(trial)
    hidden = next(sound for sound in ready.stimuli if sound.role == "reference")
    np.testing.assert_array_equal(hidden.audio, ready.reference.audio)
    assert all(sound.role == "system" for sound in prepared(trial, hidden=False, anchors=()).stimuli)


def test_excerpts_start_and_end_in_silence_and_are_cut_in_step(tmp_path):
    audio = noise(3.0, 5, RATE)
    files = [StimulusFile(name, write(tmp_path / f"{name}.wav", audio, RATE)) for name in ("a", "b")]
    files[1] = StimulusFile("b", write(tmp_path / "late.wav", 0.5 * audio, RATE))
    cut = Cut(1.0, 0.0, 1.5)
    a, b = prepared(TrialFiles("x", tuple(files)), hidden=False, anchors=(), cut=cut).stimuli
    assert a.audio[:, [0, -1]] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(a.audio, b.audio, atol=1e-5)
    middle = slice(RATE // 2, RATE)
    expected = audio[RATE:][middle] * 10 ** (a.gain_db / 20)
    np.testing.assert_allclose(a.audio[0, middle], expected, atol=1e-5)  # 24-bit files


@pytest.mark.parametrize("name", ["low", "mid"])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_anchor_filters_keep_to_the_mask_of_the_standard(name, rate):
    cutoff_hz = anchors.CUTOFF_HZ[name]
    frequency_hz, response = freqz(anchors._taps(rate, cutoff_hz), worN=2**15, fs=rate)
    response_db = 20 * np.log10(np.maximum(np.abs(response), 1e-9))
    assert np.abs(response_db[frequency_hz <= cutoff_hz]).max() <= 0.1
    assert response_db[frequency_hz >= cutoff_hz + 500].max() <= -25
    assert response_db[frequency_hz >= cutoff_hz + 1000].max() <= -50


def test_anchors_are_not_late():
    audio = tone(440, 1.0, RATE)[None]
    low = anchors.low_passed(audio, RATE, "low")
    lag = np.argmax(np.correlate(low[0], audio[0], "full")) - (audio.shape[1] - 1)
    assert lag == 0


def test_anchor_needs_room_above_its_cut_off():
    with pytest.raises(ValueError, match="must be at least 8000 Hz"):
        anchors.low_passed(np.zeros((1, 100), np.float32), 6_000, "low")


def test_the_loudest_passage_is_found(tmp_path):
    audio = noise(6.0, 1, RATE, level=0.01)
    audio[3 * RATE : 4 * RATE] *= 10
    files = tuple(StimulusFile(name, write(tmp_path / f"{name}.wav", audio, RATE)) for name in ("a", "b"))
    trial = TrialFiles("x", files)
    assert choose_cut(trial, start_s=None, seconds=1.0, same_song=False).start_s == pytest.approx(3.0, abs=0.1)
    assert choose_cut(trial, start_s=2.0, seconds=1.0, same_song=False).start_s == 2.0
    assert choose_cut(replace(trial, start_s=1.5), start_s=2.0, seconds=1.0, same_song=False).start_s == 1.5


def test_the_reference_of_another_song_has_a_passage_of_its_own(tmp_path):
    song, other = noise(5.0, 1, RATE, level=0.01), noise(5.0, 2, RATE, level=0.01)
    song[RATE : 2 * RATE] *= 10
    other[3 * RATE : 4 * RATE] *= 10
    mix = StimulusFile("a", write(tmp_path / "a.wav", song, RATE))
    trial = TrialFiles("x", (mix,), StimulusFile("reference", write(tmp_path / "r.wav", other, RATE), "reference"))
    cut = choose_cut(trial, start_s=None, seconds=1.0, same_song=False)
    assert (cut.start_s, cut.reference_start_s) == (pytest.approx(1.0, abs=0.1), pytest.approx(3.0, abs=0.1))
    same = choose_cut(trial, start_s=None, seconds=1.0, same_song=True)
    assert same.start_s == same.reference_start_s


def test_the_shortest_file_decides_the_length(tmp_path):
    files = [
        StimulusFile(n, write(tmp_path / f"{n}.wav", noise(s, 1, RATE), RATE)) for n, s in (("a", 4.0), ("b", 2.5))
    ]
    trial = TrialFiles("x", tuple(files))
    assert choose_cut(trial, start_s=1.0, seconds=10.0, same_song=False).seconds == pytest.approx(1.5)
    with pytest.raises(UserError, match=r"b\.wav: has less than 1 s behind 2 s"):
        choose_cut(trial, start_s=2.0, seconds=10.0, same_song=False)


def test_silence_is_refused(tmp_path):
    files = (StimulusFile("a", write(tmp_path / "a.wav", np.zeros(2 * RATE), RATE)),)
    with pytest.raises(UserError, match=r"a\.wav: is silent"):
        prepared(TrialFiles("x", files), hidden=False, anchors=())


@pytest.mark.parametrize(("rates", "common"), [((22_050,), 44_100), ((44_100, 48_000), 48_000), ((96_000,), 48_000)])
def test_the_rate_is_one_that_browsers_play(tmp_path, rates, common):
    files = [StimulusFile(str(r), write(tmp_path / f"{r}.wav", noise(0.1, 1, r), r)) for r in rates]
    assert common_rate([TrialFiles("x", tuple(files))]) == common


def test_rounding_adds_noise_but_no_distortion():
    """A tone of half a step comes out as a tone with noise; without dither it would be silence or a square."""
    rng = np.random.default_rng(0)
    quiet = (0.5 / 32_767 * np.sin(2 * np.pi * 1000 / RATE * np.arange(4 * RATE)))[None].astype(np.float32)
    error = to_16_bits(quiet, rng)[0] - 32_767 * quiet[0]
    spectrum = np.abs(np.fft.rfft(error)) ** 2
    assert error.std() == pytest.approx(0.5, rel=0.02)  # of a step: sqrt(1/12 + 2/12)
    harmonics = [spectrum[4 * 1000 * n] for n in (1, 3, 5)]
    assert max(harmonics) < 25 * spectrum.mean()  # of noise, by chance, one bin in e^25


def test_copies_of_a_sound_differ_in_their_bytes():
    rng = np.random.default_rng(0)
    audio = np.full((2, 1000), 0.1, np.float32)
    assert (to_16_bits(audio, rng) != to_16_bits(audio, rng)).any()
