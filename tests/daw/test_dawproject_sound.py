"""DAWprojects sound as the console does, in a program that plays what the format says."""

import numpy as np
import pytest
import soundfile
import torch
from dawproject_files import export
from dawproject_player import play
from mixes import make_mix

from diffmst import console
from diffmst.dsp.stereo import SEND_OFF_DB

NEAR = 1e-5  # of the peak: audio is float32 in either, settings have ten decimals


def without_knees_and_width(mix):
    """The format does not know them; nor do limits of the frequency matter then."""
    settings = mix.settings
    for section, values in ((mix.console_layout.track, settings.tracks), (mix.console_layout.master, settings.master)):
        values[..., section.column("compressor.knee_db")] = section.params["compressor.knee_db"].low
    settings.master[..., mix.console_layout.master.column("image.width")] = 1.0
    return mix.with_settings(settings)


def audio(path):
    return soundfile.read(path, dtype="float64", always_2d=True)[0].T


def assert_near(played, expected):
    np.testing.assert_allclose(played, expected, rtol=0, atol=NEAR * max(np.abs(expected).max(), 1e-3))


@pytest.fixture(scope="module", params=[44_100, 48_000])
def session(request, tmp_path_factory):
    """Six tracks, mono and stereo, of which two are a group, one is muted and one sends nothing; drawn settings."""
    names = ("Kick in", "Pad", "Kick out", "Keys", "Vox", "Strings")
    mix = without_knees_and_width(make_mix(names, rate=request.param, muted=(4,), seed=3))
    tracks = [track.model_copy(update={"group": "kick"} if "Kick" in track.name else {}) for track in mix.tracks]
    silent = tracks[1].settings | {"send.gain_db": SEND_OFF_DB}
    tracks[1] = tracks[1].model_copy(update={"settings": silent})
    folder = tmp_path_factory.mktemp("sound")
    return export(folder, mix.model_copy(update={"tracks": tuple(tracks)}), seconds=0.2)


@pytest.fixture(scope="module")
def played(session):
    return play(session.path)


def test_every_track_is_what_the_console_makes_of_it(session, played):
    for strip in session.mix.tracks:
        if strip.muted:
            assert not played.tracks[strip.name].any()
        else:
            assert_near(played.tracks[strip.name], audio(strip.processed.path))


def test_tracks_groups_and_return_add_up_to_the_bus(session, played):
    heard = [strip.processed.path for strip in session.mix.tracks if not strip.muted]
    assert_near(played.bus, sum(audio(path) for path in [*heard, session.mix.reverb_return.path]))


def test_the_master_is_that_of_the_console(session, played):
    heard = [strip.processed.path for strip in session.mix.tracks if not strip.muted]
    bus = torch.tensor(sum(audio(path) for path in [*heard, session.mix.reverb_return.path]))[None]
    mix = session.mix.document
    expected = console.master(bus, mix.sample_rate, mix.settings, layout=mix.console_layout)[0].numpy()
    assert_near(played.mix, expected)


def test_extreme_gains_sound_the_same_wherever_they_go(tmp_path):
    """The master's input gain is in its threshold, and what its fader has above +6 dB in its output gain."""
    mix = without_knees_and_width(make_mix(("one", "two"), seed=5))
    gains = {"input.gain_db": 30.0, "fader.gain_db": 20.0}
    master = mix.master | gains | {"compressor.threshold_db": -20.0, "compressor.ratio": 4.0}
    tracks = [track.model_copy(update={"settings": track.settings | {"fader.gain_db": 12.0}}) for track in mix.tracks]
    mix = mix.model_copy(update={"master": master, "tracks": tuple(tracks)})
    session = export(tmp_path, mix, seconds=0.1)
    played = play(session.path)
    bus = sum(audio(path) for path in [*(s.processed.path for s in session.mix.tracks), session.mix.reverb_return.path])
    expected = console.master(torch.tensor(bus)[None], mix.sample_rate, mix.settings, layout=mix.console_layout)
    assert_near(played.mix, expected[0].numpy())
