"""Sessions read back: what was changed in them, and nothing else, goes into the document."""

import json
import math
import re
import shutil

import numpy as np
import pytest
from mixes import make_mix, write_mix
from notebook import edit, edit_all, only_notebooks

import diffmst
from diffmst.daw.exporting import export_session
from diffmst.daw.read_back import read_session
from diffmst.daw.record import RECORD_NAME
from diffmst.errors import UserError
from diffmst.layout import LAYOUTS
from diffmst.mix import Mix

FIVE_DIGITS = 1e-4  # what a document shows


@pytest.fixture(autouse=True, scope="module")
def notebook():
    with only_notebooks():
        yield


@pytest.fixture(scope="module")
def albums(tmp_path_factory):
    """A folder per layout with a song, its mix and a session of it; only to be copied."""
    home = tmp_path_factory.mktemp("albums")
    for layout in LAYOUTS:
        export_session(write_mix(home / layout, make_mix(["kick", "pad"], layout=layout), 0.1), "notebook")
    return home


@pytest.fixture
def document(albums, tmp_path):
    return shutil.copytree(albums / "default", tmp_path / "album") / "mix" / "mix.json"


@pytest.fixture
def session(document):
    return document.parent / "daw" / "notebook" / "song.notebook"


def same_settings(one, other):
    return [np.array_equal(a, b) for a, b in zip(one.settings, other.settings, strict=True)]


def test_a_session_as_it_was_written_changes_nothing(document, session):
    read = read_session(session)
    assert read.changes == () and read.mix == Mix.read(document) and read.document.samefile(document)
    assert read.notes == ("a plugin “Sparkle”: has no place in the console",)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_control_that_is_changed_arrives_and_is_locked_and_no_other(albums, tmp_path, layout):
    home = shutil.copytree(albums / layout, tmp_path / layout) / "mix"
    mix, session = Mix.read(home / "mix.json"), home / "daw" / "notebook" / "song.notebook"
    text = session.read_text()
    sections = mix.console_layout.track, mix.console_layout.master
    for name, section, part in zip(("pad", "master"), sections, ("001.wav", None), strict=True):
        for control, param in section.params.items():
            if control == "compressor.knee_db" and part:
                continue  # the notebook cannot say it
            value = round(float(param.from_unit(np.array([0.37]))[0]), 3)
            edit(session, part, **{control: value})
            read = read_session(session)
            session.write_text(text)
            assert [(change.part, change.control) for change in read.changes] == [(name, control)]
            locked, was = read.mix.locked, mix.locked
            assert sum((a ^ b).sum() for a, b in zip(locked, was, strict=True)) == 1
            settings = read.mix.tracks[1].settings if part else read.mix.master
            assert settings[control] == pytest.approx(value, rel=FIVE_DIGITS)
            assert sum((a != b).sum() for a, b in zip(read.mix.settings, mix.settings, strict=True)) == 1


def test_rounding_of_a_program_that_saved_it_is_no_change(session):
    data = json.loads(session.read_text())
    for controls in data["tracks"].values():
        controls.update({name: float(np.float32(value)) * (1 + 1e-6) for name, value in controls.items()})
    edit_all(session, tracks=data["tracks"])
    assert read_session(session).changes == ()


def test_a_tenth_of_a_decibel_is_a_change(session):
    value = json.loads(session.read_text())["tracks"]["000.wav"]["fader.gain_db"]
    edit(session, "000.wav", fader__gain_db=value - 0.1)
    assert len(read_session(session).changes) == 1


def test_levels_of_nothing_are_the_lowest_and_what_is_too_high_is_the_highest_and_told(session):
    edit(session, "000.wav", send__gain_db=-math.inf, fader__gain_db=-math.inf, eq__peak_1__gain_db=15.5)
    read = read_session(session)
    kick = read.mix.tracks[0].settings
    assert (kick["send.gain_db"], kick["fader.gain_db"], kick["eq.peak_1.gain_db"]) == (-80, -60, 12)
    assert [note for note in read.notes if "console" in note and "kick" in note] == [
        "kick: eq.peak_1.gain_db is +15.5 dB in the session; the console goes no further than +12.0 dB"
    ]


def test_what_is_no_number_or_no_control_is_left_out(session):
    edit(session, "000.wav", fader__gain_db=math.nan, chorus__depth=1.0)
    assert read_session(session).changes == ()


def test_mutes_and_names_come_along(session, document):
    data = json.loads(session.read_text())
    edit_all(session, muted=data["muted"] | {"000.wav": True}, names=data["names"] | {"001.wav": "Big Pad"})
    read = read_session(session)
    assert [track.mute for track in read.mix.tracks] == [True, False]
    assert [track.name for track in read.mix.tracks] == ["kick", "Big Pad"]
    assert [(change.part, *change[1:]) for change in read.changes] == [
        ("kick", "mute", "off", "on"),
        ("pad", "name", "pad", "Big Pad"),
    ]
    assert all(same_settings(read.mix, Mix.read(document)))


def test_a_return_that_was_turned_down_turns_down_every_band_of_the_reverb(session, document):
    edit_all(session, return_gain_db=-3.0)
    before, read = Mix.read(document), read_session(session)
    for control, value in read.mix.fx.items():
        fallen_db = 3 if control.endswith("gain_db") else 0
        assert value == pytest.approx(
            max(before.fx[control] - fallen_db, before.console_layout.fx.params[control].low), rel=FIVE_DIGITS
        )
    assert {change.part for change in read.changes} == {"fx"}


def test_a_return_that_was_turned_up_past_the_range_is_told(session):
    edit_all(session, return_gain_db=60.0)
    read = read_session(session)
    params = read.mix.console_layout.fx.params
    bands = [control for control in params if control.endswith("gain_db")]
    assert [read.mix.fx[control] for control in bands] == [params[control].high for control in bands]
    assert len([note for note in read.notes if note.startswith("fx: reverb.") and "goes no further" in note]) == len(
        bands
    )


def test_what_was_read_into_a_document_before_is_not_read_into_it_once_more(session, document):
    edit_all(session, return_gain_db=-3.0)
    edit(session, "001.wav", fader__gain_db=-7.25)
    once = read_session(session)
    document.write_text(once.mix.to_json(), encoding="utf-8")
    again = read_session(session)
    assert len(once.changes) > 1 and again.changes == () and again.mix == once.mix


def test_a_track_that_was_deleted_is_told_and_left(session, document):
    data = json.loads(session.read_text())
    del data["tracks"]["001.wav"]
    edit_all(session, tracks=data["tracks"])
    read = read_session(session)
    assert "pad: is not in the session; left as it was" in read.notes and read.mix == Mix.read(document)


def test_changes_go_into_a_document_that_was_matched_anew_and_keep_the_rest_of_it(session, document):
    data = json.loads(document.read_text())
    data["tracks"][0]["settings"]["fader.gain_db"] = -20.0
    data["tracks"][1]["locks"] = ["panner.pan"]
    other = document.with_name("other.json")
    other.write_text(json.dumps(data))
    edit(session, "000.wav", panner__pan=-0.75)
    read = read_session(session, other)
    assert [change.control for change in read.changes] == ["panner.pan"]
    kick, pad = read.mix.tracks
    assert (kick.settings["fader.gain_db"], kick.settings["panner.pan"]) == (-20.0, -0.75)
    assert (kick.locks, pad.locks) == (("panner.pan",), ("panner.pan",))


def test_a_session_that_moved_alone_brings_its_own_document(session, tmp_path):
    moved = shutil.copytree(session.parent, tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "album")
    edit(moved / session.name, fader__gain_db=-2.5)
    read = read_session(moved)
    assert read.document == moved / "mix.json" and read.mix.master["fader.gain_db"] == -2.5


def test_a_session_saved_elsewhere_is_compared_with_what_was_exported(session, document, tmp_path):
    elsewhere = shutil.copy(session, tmp_path / "new.notebook")
    with pytest.raises(UserError, match=r"new\.notebook: nothing beside it says which mix it is; give its mix\.json"):
        read_session(elsewhere)
    assert read_session(elsewhere, document).changes == ()
    assert read_session(elsewhere, session.parent / "mix.json").changes == ()


def test_without_a_record_the_document_is_what_it_is_compared_with(session, document, tmp_path):
    elsewhere = shutil.copy(session, tmp_path / "new.notebook")
    shutil.rmtree(session.parent)
    assert {change.control for change in read_session(elsewhere, document).changes} == {"compressor.attack_ms"}


def test_a_session_saved_elsewhere_is_compared_with_that_export_from_which_it_differs_the_least(session, document):
    shutil.copytree(session.parent, session.parent.with_name("notebook-earlier"))
    edit(session, "000.wav", fader__gain_db=-31.0, input__gain_db=2.0)
    shutil.move(session.parent, session.parent.with_name("notebook-later"))
    later = session.parent.with_name("notebook-later")
    data = json.loads((later / RECORD_NAME).read_text())
    data["tracks"]["000.wav"] |= {"fader.gain_db": -31.0, "input.gain_db": 2.0}
    (later / RECORD_NAME).write_text(json.dumps(data))
    elsewhere = shutil.copy(later / session.name, document.parent.parent / "new.notebook")
    edit(elsewhere, "000.wav", fader__gain_db=-7.0)
    assert [change.control for change in read_session(elsewhere, document).changes] == ["fader.gain_db"]


@pytest.mark.parametrize("gain_db", [-3.0, 60.0])
def test_without_a_record_a_return_is_not_read_over_and_over(session, document, gain_db):
    edit_all(session, return_gain_db=gain_db)
    edit(session, "000.wav", fader__gain_db=-7.0)
    (session.parent / RECORD_NAME).unlink()
    read = read_session(session, document)
    assert not [change for change in read.changes if change.part == "fx"]
    assert read.notes[0].startswith("there is no diffmst-session.json of its export")
    assert read.notes[0].endswith(f"but for the return of the reverb, which stands at {gain_db:+.1f} dB")
    document.write_text(read.mix.to_json(), encoding="utf-8")
    assert read.changes and read_session(session, document).changes == ()


def test_without_a_record_levels_of_a_reverb_that_are_told_are_read_once(session, document):
    fx = {name: value - 3 for name, value in Mix.read(document).fx.items() if name.endswith("gain_db")}
    edit_all(session, return_gain_db=-2.0, fx=fx)
    (session.parent / RECORD_NAME).unlink()
    once = read_session(session, document)
    document.write_text(once.mix.to_json(), encoding="utf-8")
    assert len(once.changes) >= len(fx) and read_session(session, document).changes == ()


@pytest.mark.parametrize(("also", "shared"), [("else", 0), ("000", 1)])
def test_a_session_of_another_song_is_refused_even_if_a_stem_is_called_alike(tmp_path, also, shared):
    stems = [f"../song/{name}.wav" for name in ("000", "001", "002")]
    document = write_mix(tmp_path / "one", make_mix(["a", "b", "c"], paths=stems), 0.05)
    (exported,) = export_session(document, "notebook")
    other = write_mix(tmp_path / "other", make_mix(["a"], paths=[f"../song/{also}.wav"]), 0.05)
    told = rf"has {shared} of its 3 tracks in common with .*mix\.json; give the mix\.json that it was exported from"
    with pytest.raises(UserError, match=told):
        read_session(exported.path, other)


def test_folders_without_a_session_or_with_several_are_refused(session, tmp_path):
    with pytest.raises(UserError, match=r"gone: no such file or folder"):
        read_session(tmp_path / "gone")
    with pytest.raises(
        UserError, match=r"album: is no session that can be read back, and holds none; those end in \.notebook"
    ):
        read_session(tmp_path / "album")
    for folder in (session.parent.parent, session.parent.parent.parent):
        with pytest.raises(UserError, match=rf"is a folder of sessions; give one of them: {session.parent}$"):
            read_session(folder)
    shutil.copy(session, session.with_name("take 2.notebook"))
    with pytest.raises(UserError, match=r"holds several sessions, \S+\.notebook, take 2\.notebook; give one file"):
        read_session(session.parent)


def test_a_record_that_was_spoilt_is_refused(session):
    (session.parent / "diffmst-session.json").write_text("{}")
    with pytest.raises(UserError, match=r"diffmst-session\.json: is not what `diffmst export` wrote"):
        read_session(session)


def test_the_command_shows_what_changed_and_keeps_the_old_document(run, session, document):
    edit(session, "001.wav", fader__gain_db=-7.25, send__gain_db=-math.inf)
    before = document.read_text()
    code, out, err = run("import", session.parent)
    new = document.parent.parent / "mix-2" / "mix.json"
    assert code == 0 and document.read_text() == before and any("Sparkle" in line for line in err)
    assert out[-1].startswith(f"{new}: ") and Mix.read(new).tracks[1].locks == ("fader.gain_db", "send.gain_db")
    assert any(re.search(r"pad +fader\.gain_db +\S+ dB +−7\.2 dB", line) for line in out)
    assert any(re.search(r"pad +send\.gain_db +\S+ dB +off", line) for line in out)
    assert (new.parent / Mix.read(new).tracks[0].path).exists()


def test_in_place_replaces_the_document_and_out_says_where(run, session, document, tmp_path):
    edit(session, "001.wav", fader__gain_db=-7.25)
    assert run("import", session, "-o", tmp_path / "new")[0] == 0
    assert Mix.read(tmp_path / "new" / "mix.json").tracks[1].locks == ("fader.gain_db",)
    code, _, err = run("import", session, "-o", tmp_path / "new")
    assert code == 2 and "already exists" in err[-1]
    assert run("import", session, document, "--in-place")[0] == 0
    assert Mix.read(document).tracks[1].settings["fader.gain_db"] == -7.25


def test_two_places_for_the_document_are_refused_whether_anything_was_changed_or_not(run, session, tmp_path):
    for fader_db in (None, -7.25):
        if fader_db:
            edit(session, "001.wav", fader__gain_db=fader_db)
        code, out, err = run("import", session, "--in-place", "-o", tmp_path / "new")
        assert (code, out, err) == (2, [], ["error: --in-place and --out exclude each other; give one"])


def test_nothing_is_written_where_nothing_was_changed(run, session, document):
    code, out, _ = run("import", session)
    assert code == 0 and "nothing was changed" in out[0] and not (document.parent.parent / "mix-2").exists()


def test_import_from_python(session, tmp_path):
    edit(session, input__gain_db=1.5)
    read = diffmst.import_session(session, tmp_path / "new")
    assert Mix.read(tmp_path / "new" / "mix.json").master["input.gain_db"] == 1.5 == read.mix.master["input.gain_db"]
