import numpy as np
import pyloudnorm
import pytest
import torch
from staged_songs import RATE, heard, staged

from diffmst.excerpts import Excerpts
from diffmst.prior import Stem
from diffmst.random_mix.song_sound import band_centres_hz, hear_song, k_weights

SAMPLED_LU = 1.0  # one frame of three is heard of strokes that decay by 22 dB between two of them


def mono(x):
    return Excerpts(torch.as_tensor(x, dtype=torch.float32)[None, None], (1,), 0, RATE)


def test_loudness_is_that_of_the_standard():
    excerpts, stems = staged(["snare", "pad", "bass", "hats"], seconds=24.0)
    meter = pyloudnorm.Meter(RATE)
    expected = [meter.integrated_loudness(row.flatten().double().numpy()) for row in excerpts.audio.transpose(0, 1)]
    np.testing.assert_allclose(hear_song(excerpts, stems).loudness_lufs, expected, atol=SAMPLED_LU)


@pytest.mark.parametrize("freq_hz", [100.0, 1000.0, 6000.0])
def test_a_tone_is_in_its_band_with_its_power(freq_hz):
    tone = 0.1 * np.sin(2 * np.pi * freq_hz * np.arange(2 * RATE) / RATE)
    sound = hear_song(mono(tone), [Stem(-24, 1, 0)])
    nearest = np.abs(np.log(band_centres_hz() / freq_hz)).argmin()
    assert abs(int(sound.band_power[0].argmax()) - nearest) <= 1
    assert sound.band_power[0].sum() == pytest.approx(0.005, rel=0.02)
    assert sound.loud_peak_db[0] == pytest.approx(-20, abs=0.1)
    assert sound.crest_db[0] == pytest.approx(3.01, abs=0.1)


def test_pauses_do_not_count():
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.standard_normal(4 * RATE)
    paused = noise * (np.arange(len(noise)) < 2 * RATE)
    both = [hear_song(mono(x), [Stem(-24, 1, 0)]).loudness_lufs[0] for x in (noise, paused)]
    assert both[1] == pytest.approx(both[0], abs=1.0)  # it would be 3 dB


def test_a_stereo_track_has_the_power_of_both_channels():
    x = torch.randn(1, 1, RATE, generator=torch.Generator().manual_seed(0))
    one = hear_song(Excerpts(x, (1,), 0, RATE), [Stem(-24, 1, 0)])
    two = hear_song(Excerpts(x.expand(1, 2, -1), (2,), 0, RATE), [Stem(-24, 2, 0)])
    np.testing.assert_allclose(two.band_power, 2 * one.band_power, rtol=1e-5)
    np.testing.assert_allclose(two.peak_db, one.peak_db)


def test_a_stroke_at_the_very_end_is_heard():
    x = np.zeros(2 * RATE)
    x[-RATE // 4 :] = 0.1 * np.sin(np.arange(len(x[-RATE // 4 :])))
    sound = hear_song(mono(x), [Stem(-24, 1, 0)])
    assert sound.audible[0] and np.isfinite(sound.loudness_lufs[0])


def test_silence_is_inaudible_and_finite():
    sound = hear_song(mono(np.zeros(RATE)), [Stem(-24, 1, 0)])
    assert not sound.audible[0] and sound.crest_db[0] == 0
    assert np.isfinite(sound.peak_db).all()


def test_a_window_shorter_than_a_frame_is_heard():
    assert hear_song(mono(np.full(300, 0.1)), [Stem(-24, 1, 0)]).audible[0]


def test_there_has_to_be_a_stem_for_every_track():
    excerpts, stems = staged(["lead", "bass"])
    with pytest.raises(ValueError, match="a stem for each of 2 tracks, got 1"):
        hear_song(excerpts, stems[:1])


def test_the_weighting_is_0_db_near_1_khz_and_4_db_above():
    weights_db = 10 * np.log10(k_weights())
    assert np.interp(997, band_centres_hz(), weights_db) == pytest.approx(0.69, abs=0.1)
    assert weights_db[-3] == pytest.approx(4.0, abs=0.1)


def test_roles_are_places_in_the_table():
    assert heard(["lead", "", "kick"]).roles.tolist() == [11, 13, 0]
