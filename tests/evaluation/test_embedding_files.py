from dataclasses import dataclass

import numpy as np
import pytest
import soundfile
from pyloudnorm import Meter
from songs import noise, tone, write

from diffmst.errors import UserError
from diffmst.evaluation.frechet import embed_file

RATE = 16_000


@dataclass
class Spy:
    """Tells of a window its first and its last sample on the left, and its rms; keeps what it was given."""

    sample_rate: int = RATE
    window_s: float = 1.0
    hop_s: float = 0.5
    dims: int = 3
    loudness_lufs: float = -20.0
    name: str = "spy"

    def __post_init__(self):
        self.heard = []

    def __call__(self, windows):
        assert windows.dtype == np.float32 and windows.shape[1] == 2
        self.heard += list(windows)
        return np.stack([windows[:, 0, 0], windows[:, 0, -1], np.sqrt(np.square(windows).mean((1, 2)))], 1)


def test_windows_are_those_of_the_file_at_the_wanted_loudness(tmp_path):
    audio = np.stack([noise(4.3, 1, RATE), noise(4.3, 2, RATE)])
    path, spy = write(tmp_path / "mix.wav", audio, RATE, "FLOAT"), Spy()
    vectors = embed_file(path, spy)
    assert vectors.shape == (7, 3) and vectors.dtype == np.float32  # every 0.5 s to 4 s; the rest is no whole window
    gain = 10 ** ((-20 - Meter(RATE, filter_class="DeMan").integrated_loudness(audio.T)) / 20)
    # The gain is float32, and pyloudnorm's filters differ in the last digits.
    expected = [gain * audio[:, start : start + RATE] for start in range(0, 7 * RATE // 2, RATE // 2)]
    np.testing.assert_allclose(spy.heard, expected, rtol=1e-4)


def test_level_and_format_of_the_file_make_no_difference(tmp_path):
    audio = np.stack([noise(3, 1, RATE), noise(3, 2, RATE)])
    loud = embed_file(write(tmp_path / "loud.wav", audio, RATE, "FLOAT"), Spy())
    quiet = embed_file(write(tmp_path / "quiet.flac", 0.03 * audio, RATE), Spy())
    np.testing.assert_allclose(quiet, loud, atol=2e-4)  # 24 bits, 30 dB down


def test_mono_sounds_like_both_sides_alike(tmp_path):
    audio = tone(440, 3, RATE)
    mono = embed_file(write(tmp_path / "mono.wav", audio, RATE, "FLOAT"), Spy())
    both = embed_file(write(tmp_path / "both.wav", np.stack([audio, audio]), RATE, "FLOAT"), Spy())
    np.testing.assert_allclose(mono, both, rtol=1e-5)


def test_windows_are_resampled_and_in_time(tmp_path):
    path = write(tmp_path / "mix.wav", np.stack([tone(440, 6, 48_000)] * 2), 48_000, "FLOAT")
    same = write(tmp_path / "same.wav", np.stack([tone(440, 6, RATE)] * 2), RATE, "FLOAT")
    spies = Spy(), Spy()
    for spy, file in zip(spies, (path, same), strict=True):
        embed_file(file, spy)
    assert len(spies[0].heard) == len(spies[1].heard) == 11
    apart = np.sqrt(np.square(np.subtract(spies[0].heard, spies[1].heard)).mean())
    assert apart < 0.03 * np.sqrt(
        np.square(spies[1].heard).mean()
    )  # the steps of the plucks, which are not band-limited


def test_pauses_are_not_heard(tmp_path):
    audio = np.concatenate([np.zeros(3 * RATE, np.float32), noise(4, 1, RATE), 0.01 * noise(4, 2, RATE)])
    assert len(embed_file(write(tmp_path / "mix.wav", audio, RATE), Spy(hop_s=1.0))) == 4


def test_where_only_an_end_is_loud_that_is_no_whole_window_the_rest_must_do(tmp_path):
    audio = np.concatenate([1e-3 * noise(4, 1, RATE), noise(1.5, 2, RATE)])
    assert len(embed_file(write(tmp_path / "mix.wav", audio, RATE), Spy(window_s=2.0, hop_s=2.0))) == 2


def test_a_file_shorter_than_a_window_is_followed_by_silence(tmp_path):
    spy = Spy(window_s=6.0, hop_s=6.0)
    assert embed_file(write(tmp_path / "mix.wav", noise(1.5, 1, RATE), RATE), spy).shape == (1, 3)
    assert np.abs(spy.heard[0][:, : RATE * 3 // 2]).min(0).max() > 0 and not spy.heard[0][:, RATE * 3 // 2 :].any()


def test_long_files_are_heard_a_few_windows_at_a_time(tmp_path):
    class Counting(Spy):
        def __call__(self, windows):
            assert len(windows) <= 8
            return super().__call__(windows)

    assert len(embed_file(write(tmp_path / "mix.wav", noise(20, 1, RATE), RATE), Counting(hop_s=1.0))) == 20


def test_what_cannot_be_embedded_is_named(tmp_path):
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros((RATE, 2)), RATE)
    with pytest.raises(UserError, match=r"silent\.wav: is silent"):
        embed_file(silent, Spy())
    with pytest.raises(UserError, match=r"missing\.wav"):
        embed_file(tmp_path / "missing.wav", Spy())


def test_vectors_of_a_plug_in_are_checked(tmp_path):
    path = write(tmp_path / "mix.wav", noise(2, 1, RATE), RATE)
    with pytest.raises(UserError, match=r"spy: vectors must have 4 numbers, got \[3\]"):
        embed_file(path, Spy(dims=4))

    class Broken(Spy):
        def __call__(self, windows):
            return np.full((len(windows), 3), np.nan)

    with pytest.raises(UserError, match=r"mix\.wav: spy hears numbers in it that are not finite"):
        embed_file(path, Broken())
