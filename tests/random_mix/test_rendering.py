import pytest
import torch
from staged_songs import RATE, staged

from diffmst.console import sum_tracks
from diffmst.dsp.loudness import pooled_loudness
from diffmst.layout import DEFAULT, PAPER
from diffmst.prior import MASTER_LUFS
from diffmst.random_mix.amounts import Amounts
from diffmst.random_mix.draw import MixDraw
from diffmst.random_mix.rendering import mix_at_full_scale, mix_at_loudness
from diffmst.random_mix.song_sound import hear_song

SAME_SAMPLES = 1e-5  # float32, and a fader that is a factor here and part of the console there
SAME_LU = 0.01


@pytest.fixture(scope="module")
def song():
    excerpts, stems = staged(("kick", "snare", "lead", "keys"), channels=(1, 1, 1, 2))
    return excerpts._replace(lead_frames=RATE // 2), stems


def draw(song, layout, kind="sane", **amounts):
    return MixDraw(kind, 3, 4, Amounts(**amounts)).settings(hear_song(*song), layout)


@pytest.mark.parametrize("layout", [DEFAULT, PAPER], ids=lambda layout: layout.name)
def test_a_mix_is_what_the_console_makes_of_its_settings(song, layout):
    mix = mix_at_loudness(song[0], draw(song, layout), layout, -16.0, windows=2)
    torch.testing.assert_close(song[0].mixed(mix.settings, layout), mix.audio, atol=SAME_SAMPLES, rtol=0)


def test_tracks_reach_the_master_and_leave_it_at_their_loudness(song):
    excerpts = song[0]
    mix = mix_at_loudness(excerpts, draw(song, DEFAULT), DEFAULT, -18.0, windows=2)
    bus = sum_tracks(excerpts.audio, RATE, mix.settings, excerpts.channels)[..., excerpts.lead_frames :]
    gain_db = mix.settings.master[0, list(DEFAULT.master.params).index("input.gain_db")]
    assert float(pooled_loudness(bus, RATE) + gain_db) == pytest.approx(MASTER_LUFS, abs=SAME_LU)
    assert float(pooled_loudness(mix.audio, RATE)) == pytest.approx(-18.0, abs=SAME_LU)


def test_the_first_windows_alone_can_set_the_level(song):
    mix = mix_at_loudness(song[0], draw(song, DEFAULT), DEFAULT, -16.0, windows=1)
    assert float(pooled_loudness(mix.audio[:1], RATE)) == pytest.approx(-16.0, abs=SAME_LU)
    torch.testing.assert_close(song[0].mixed(mix.settings, DEFAULT), mix.audio, atol=SAME_SAMPLES, rtol=0)


def test_the_peak_is_at_full_scale_where_the_fader_reaches_it(song):
    mix = mix_at_full_scale(song[0], draw(song, PAPER), PAPER, windows=2)
    assert float(mix.audio.abs().max()) == pytest.approx(1.0, abs=1e-4)
    torch.testing.assert_close(song[0].mixed(mix.settings, PAPER), mix.audio, atol=SAME_SAMPLES, rtol=0)


def test_a_fader_at_its_end_leaves_the_peak_where_it_is(song):
    quiet = song[0]._replace(audio=song[0].audio * 1e-6)
    settings = draw(song, PAPER, level=0, compression=0, master=0)
    mix = mix_at_full_scale(quiet, settings, PAPER, windows=2)
    assert float(mix.settings.master[0, list(PAPER.master.params).index("fader.gain_db")]) == 48.0
    assert float(mix.audio.abs().max()) < 0.1
    torch.testing.assert_close(quiet.mixed(mix.settings, PAPER), mix.audio, atol=SAME_SAMPLES, rtol=0)


def test_without_sends_the_fx_bus_can_be_left_out(song):
    settings = draw(song, DEFAULT, space=0)
    both = [mix_at_loudness(song[0], settings, DEFAULT, -16.0, windows=2, fx=fx).audio for fx in (True, False)]
    torch.testing.assert_close(*both, atol=SAME_SAMPLES, rtol=0)


def test_silence_keeps_its_settings(song):
    silent, settings = song[0]._replace(audio=torch.zeros_like(song[0].audio)), draw(song, DEFAULT)
    for mix in (
        mix_at_loudness(silent, settings, DEFAULT, -16.0, windows=2),
        mix_at_full_scale(silent, settings, DEFAULT, windows=2),
    ):
        assert not mix.audio.any() and all(part.isfinite().all() for part in mix.settings)


def test_swapped_tracks_and_pans_give_the_swapped_mix(song):
    """Without reverb, whose left and right are noises of their own."""
    excerpts, settings = song[0], draw(song, DEFAULT, space=0).tensors()
    pans = settings.tracks.clone()
    pans[..., list(DEFAULT.track.params).index("panner.pan")] *= -1
    swapped = excerpts._replace(audio=excerpts.audio[:, [0, 1, 2, 4, 3]])
    one = mix_at_loudness(excerpts, settings, DEFAULT, -16.0, windows=2, fx=False).audio
    other = mix_at_loudness(swapped, settings._replace(tracks=pans), DEFAULT, -16.0, windows=2, fx=False).audio
    torch.testing.assert_close(one, other.flip(1), atol=SAME_SAMPLES, rtol=0)
