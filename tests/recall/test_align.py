"""Where stems are within their mix."""

import numpy as np
import pytest

from diffmst.errors import UserError
from diffmst.recall.align import Alignment, coarse_alignment, fine_alignment
from diffmst.recall.interpolation import samples_at

RATE = 12_000
SECONDS = 20
WITHIN_SAMPLES = 0.1  # a fifth of what moves a residual at 1 kHz to -40 dB at 12 kHz
WITHIN_PPM = 1.0
INTERPOLATED = 2e-4  # of a signal that ends at 0.8 of the Nyquist frequency


def music(seed=0, seconds=SECONDS):
    """Notes of noise, so that no two moments are alike."""
    rng = np.random.default_rng(seed)
    notes = np.repeat(rng.uniform(0, 1, 4 * seconds) ** 3, RATE // 4)
    return (0.2 * notes * rng.standard_normal(len(notes))).astype(np.float32)


def test_samples_between_are_those_of_the_signal():
    time = np.arange(4000)
    tone = np.sin(2 * np.pi * 0.4 * time)[None].astype(np.float32)
    between = samples_at(tone, 100.3, 1 + 5e-5, 3000)[0]
    expected = np.sin(2 * np.pi * 0.4 * (100.3 + (1 + 5e-5) * np.arange(3000)))
    np.testing.assert_allclose(between, expected, atol=INTERPOLATED)


def test_whole_samples_are_exact_and_silence_lies_beyond_the_ends():
    x = np.arange(1, 11, dtype=np.float32)[None]
    np.testing.assert_array_equal(samples_at(x, -2.0, 1.0, 5), [[0, 0, 1, 2, 3]])
    np.testing.assert_array_equal(samples_at(x, 8.0, 1.0, 4), [[9, 10, 0, 0]])


@pytest.mark.parametrize(
    ("offset", "drift", "inverted"),
    [(0.0, 0.0, False), (3210.0, 0.0, True), (-4567.0, 0.0, False), (1000.4, 0.0, False), (800.25, 6e-5, True)],
)
def test_offset_speed_and_polarity_are_found(offset, drift, inverted):
    song = music()
    equalized = np.convolve(song, [0.3, 1, 0.3], "same").astype(np.float32)  # another tone, and no delay of its own
    played = samples_at(equalized[None], -offset / (1 + drift), 1 / (1 + drift), len(song) + 5000)
    mix = -played if inverted else played
    found = fine_alignment(song, mix, RATE, coarse_alignment(song, mix[0]))
    assert found.inverted == inverted
    assert found.offset_samples == pytest.approx(offset, abs=WITHIN_SAMPLES)
    assert found.drift_ppm == pytest.approx(1e6 * drift, abs=WITHIN_PPM)


def test_files_that_were_cut_at_samples_are_aligned_to_samples():
    song = music()
    mix = np.concatenate([np.zeros(777, np.float32), 0.5 * song])[None]
    found = fine_alignment(song, mix, RATE, coarse_alignment(song, mix[0]))
    assert (found.offset_samples, found.drift) == (777.0, 0.0)
    np.testing.assert_array_equal(found.cut(mix, 100, 50), 0.5 * song[None, 100:150])


def test_a_mix_of_another_song_is_refused():
    with pytest.raises(UserError, match=r"their\.wav: is no mix of these stems"):
        coarse_alignment(music(), music(seed=1), "their.wav")


def test_an_inverted_mix_is_turned_back():
    x = np.ones((2, 10), np.float32)
    np.testing.assert_array_equal(Alignment(0.0, inverted=True).cut(x, 0, 10), -x)


@pytest.mark.parametrize(
    "alignment", [Alignment(-50.5), Alignment(20.0), Alignment(-30.0, 1e-3), Alignment(7.3, -1e-3)]
)
def test_what_song_and_mix_share_are_the_samples_whose_place_is_in_the_mix(alignment):
    places = alignment.offset_samples + (1 + alignment.drift) * np.arange(500)
    (inside,) = np.nonzero((places >= 0) & (places <= 399))
    assert alignment.shared(500, 400) == slice(inside[0], inside[-1] + 1)
    in_mix = alignment.in_mix(alignment.shared(500, 400))
    assert abs(in_mix.start - places[inside[0]]) <= 0.5 and abs(in_mix.stop - 1 - places[inside[-1]]) <= 1


def test_a_mix_that_lies_beyond_the_song_shares_nothing():
    shared = Alignment(-900.0).shared(500, 400)
    assert shared.stop == shared.start
