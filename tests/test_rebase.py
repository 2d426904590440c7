"""What was changed of one document, brought into another of the same song."""

import pytest

from diffmst.mix import Mix
from diffmst.mix_parts import ReferenceMix, RenderSettings, TrackMix
from diffmst.rebase import rebased

SHA = "0" * 64
KICK, PAD = (TrackMix(name=name, path=f"{name}.wav", sha256=SHA, channels=1) for name in ("kick", "pad"))
SONG = ReferenceMix(path="song.wav", sha256=SHA, loudness_lufs=-14.0, window_s=1, windows_at_s=(0,))
FADER, SEND = "fader.gain_db", "send.gain_db"


def changed(part, **changes):
    return part.model_copy(update=changes)


def set_to(part, **values):
    """A track with other settings; `__` stands for a dot."""
    return changed(part, settings=part.settings | {name.replace("__", "."): at for name, at in values.items()})


@pytest.fixture
def before():
    tracks = (set_to(KICK, fader__gain_db=-1.0, send__gain_db=-20.0), set_to(PAD, fader__gain_db=-2.0))
    return Mix(sample_rate=48_000, tracks=tracks, master={FADER: 1.0}, references=(SONG,)).spelled_out()


@pytest.fixture
def found():
    """Another mix of the song, in another order, with a track more."""
    new = TrackMix(name="new", path="new.wav", sha256=SHA, channels=1)
    kick = set_to(KICK, fader__gain_db=-5.0, send__gain_db=-30.0)
    tracks = (set_to(PAD, fader__gain_db=-6.0), set_to(new, fader__gain_db=-7.0), kick)
    return Mix(sample_rate=48_000, tracks=tracks, master={FADER: 2.0}, references=(SONG,)).spelled_out()


def settings(mix, name):
    (track,) = (track for track in mix.tracks if track.name == name)
    return track.settings


def test_where_nothing_was_changed_the_mix_stays_as_it_was_found(before, found):
    assert rebased(found, before, before) == (found, [])


def test_what_was_moved_stays_where_it_was_moved_to_and_all_else_is_as_it_was_found(before, found):
    kick, pad = before.tracks
    edited = changed(before, tracks=(set_to(kick, fader__gain_db=-3.0), pad), master=before.master | {FADER: 0.5})
    mix, kept = rebased(found, before, edited)
    assert kept == ["kick: fader.gain_db", "master: fader.gain_db"]
    assert settings(mix, "kick") == settings(found, "kick") | {FADER: -3.0}
    assert mix.master == found.master | {FADER: 0.5}
    assert (mix.tracks[:2], mix.fx, mix.locked.tracks.any()) == (found.tracks[:2], found.fx, False)


def test_a_lock_that_was_closed_holds_what_was_seen_then(before, found):
    kick, pad = before.tracks
    mix, kept = rebased(found, before, changed(before, tracks=(changed(kick, locks=("send",)), pad)))
    assert kept == ["kick: send.gain_db"]
    assert settings(mix, "kick") == settings(found, "kick") | {SEND: -20.0}
    assert mix.tracks[2].locks == ("send.gain_db",)


def test_a_lock_that_was_opened_is_open_and_those_that_the_match_has_closed_stay(before, found):
    kick, pad = before.tracks
    edited, before = before, changed(before, tracks=(changed(kick, locks=("send",)), pad))
    found = changed(found, tracks=(*found.tracks[:2], changed(found.tracks[2], locks=("fader", "send"))))
    mix, kept = rebased(found, before, edited)
    assert kept == [] and mix.tracks[2].locks == ("fader.gain_db",)
    assert mix.settings.tracks.tolist() == found.settings.tracks.tolist()


def test_names_mutes_and_roles_are_as_the_user_says(before, found):
    kick, pad = before.tracks
    said = {"name": "boom", "mute": True, "role": "kick", "role_from": "user", "role_confidence": 1.0}
    mix, kept = rebased(found, before, changed(before, tracks=(changed(kick, **said), pad)))
    assert kept == ["boom: name", "boom: mute", "boom: role"]
    assert mix.tracks[2] == changed(found.tracks[2], **said)


def test_what_was_said_of_the_delivery_stays_and_the_rest_of_it_is_of_the_match(before, found):
    found = changed(found, render=RenderSettings(loudness_lufs=-9.0))
    mix, kept = rebased(found, before, changed(before, render=changed(before.render, ceiling_dbtp=-3.0)))
    assert kept == ["render: ceiling_dbtp"]
    assert mix.render == RenderSettings(loudness_lufs=-9.0, ceiling_dbtp=-3.0)


def test_files_that_were_taken_out_stay_out(before, found):
    mix, kept = rebased(found, before, changed(before, tracks=before.tracks[:1], references=()))
    assert [track.name for track in mix.tracks] == ["new", "kick"] and mix.references == () and kept == []


def test_tracks_of_one_file_are_told_apart(before, found):
    twice = (before.tracks[0], changed(before.tracks[0], name="parallel"))
    before, found = changed(before, tracks=twice), changed(found, tracks=twice)
    mix, _ = rebased(found, before, changed(before, tracks=(twice[0], set_to(twice[1], fader__gain_db=-9.0))))
    assert [track.settings[FADER] for track in mix.tracks] == [-1.0, -9.0]


def test_of_another_console_nothing_is_taken(before, found):
    edited = changed(before, layout="paper", tracks=(changed(KICK, mute=True),))
    assert rebased(found, before, edited) == (found, [])
