"""Mixes of stems alone, from files."""

import numpy as np
import pytest
from songs import RATE, write, write_song

from diffmst.adjust import changed_by_hand
from diffmst.balance import balanced, with_new_tracks
from diffmst.data.song import Song
from diffmst.dsp.stereo import SEND_OFF_DB
from diffmst.layout import DEFAULT
from diffmst.listening import hear, roles_of
from diffmst.prior import NOMINAL_LUFS
from diffmst.progress import SILENT
from diffmst.roles import BY_NAME

ROUNDING_DB = 0.011
INPUT, FADER = "input.gain_db", "fader.gain_db"


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """Bass, hats, keys, and a stem of silence."""
    folder = write_song(tmp_path_factory.mktemp("song"), 4.0)
    write(folder / "zero.wav", np.zeros(4 * RATE))
    song = Song.open(sorted(folder.iterdir()))
    return hear(song, [], SILENT, roles=roles_of(song, {}))


@pytest.fixture(scope="module")
def mix(heard, tmp_path_factory):
    return balanced(heard, tmp_path_factory.mktemp("mix"))


def track(mix, name):
    return next(one for one in mix.tracks if one.name == name)


def test_stems_are_as_loud_beside_each_other_as_their_roles_usually_are(mix, heard):
    faders = {name: track(mix, name).settings[FADER] for name in ("bass", "hats", "keys")}
    usual = {name: BY_NAME[track(mix, name).role].level_lu for name in faders}
    for name in ("hats", "keys"):
        assert faders[name] - faders["bass"] == pytest.approx(usual[name] - usual["bass"], abs=ROUNDING_DB)
    for stem, one in zip(heard.stems, mix.tracks, strict=True):
        if stem.audible:
            assert one.settings[INPUT] + stem.loudness_lufs == pytest.approx(NOMINAL_LUFS, abs=ROUNDING_DB)


def test_nothing_else_is_done_to_them(mix):
    neutral = dict(zip(DEFAULT.track.params, DEFAULT.track.defaults(), strict=True))
    for one in mix.tracks:
        assert one.settings["send.gain_db"] == SEND_OFF_DB
        others = {name: value for name, value in one.settings.items() if name not in (INPUT, FADER, "send.gain_db")}
        assert others == pytest.approx({name: neutral[name] for name in others})
    assert mix.render.loudness_lufs is None and mix.references == () and mix.comparison is None


def test_what_is_silent_is_muted(mix):
    assert [one.name for one in mix.tracks if one.mute] == ["zero"]


def test_what_the_user_changes_of_it_can_be_told(mix):
    assert not changed_by_hand(mix).tracks.any()
    moved = track(mix, "keys").model_copy(update={"settings": track(mix, "keys").settings | {FADER: -20.0}})
    others = [one for one in mix.tracks if one.name != "keys"]
    assert changed_by_hand(mix.model_copy(update={"tracks": (moved, *others)})).tracks.sum() == 1


def test_new_tracks_come_to_a_mix_at_their_level_beside_the_others(mix):
    own = [track(mix, name) for name in ("bass", "hats", "zero")]
    softer = [one.model_copy(update={"settings": one.settings | {FADER: one.settings[FADER] - 3.0}}) for one in own]
    before = mix.model_copy(update={"tracks": tuple(softer)})
    after = with_new_tracks(before, mix)
    assert after.tracks[:-1] == before.tracks
    keys = after.tracks[-1]
    assert keys.settings[FADER] == pytest.approx(track(mix, "keys").settings[FADER] - 3.0, abs=ROUNDING_DB)
    assert not changed_by_hand(after).tracks[0, -1].any()


def test_a_mix_that_has_all_tracks_stays_as_it_is(mix):
    assert with_new_tracks(mix, mix) == mix
