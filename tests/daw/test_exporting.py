"""Sessions on disk: whole or not at all, beside what is there, with names and sizes as songs come."""

import json
import os

import numpy as np
import pytest
import soundfile
from mixes import make_mix, write_mix

import diffmst
from diffmst.daw import exporting
from diffmst.daw.console_mix import Audio
from diffmst.daw.exporting import FOLDER_NAME, chosen_formats, export_session
from diffmst.daw.formats import FORMAT_NAMES
from diffmst.daw.record import read_record
from diffmst.daw.stems.format import Stems
from diffmst.errors import UserError
from diffmst.mix import Mix

ODD_NAMES = ["AC/DC \\", "\"quotes' `", "🎸🥁", "x" * 200, "kick", "Kick", "...", "a\nb", "<&>", "%s"]


@pytest.fixture
def document(tmp_path):
    return write_mix(tmp_path, make_mix())


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_format_writes_a_song_with_odd_names(tmp_path, name):
    paths = [f"../song/{number:02d} {'🎸' * 20} 'so' & so.wav" for number in range(len(ODD_NAMES))]
    mix = make_mix(ODD_NAMES, rate=48_000, paths=paths, muted=[3])
    (session,) = export_session(write_mix(tmp_path, mix, 0.2), name, tmp_path / "out")
    assert session.path.exists() and session.path.is_relative_to(tmp_path / "out" / name)
    assert session.format == name and all("\n" not in note and note == note.strip() for note in session.notes)


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_format_writes_a_hundred_tracks(tmp_path, name):
    mix = make_mix([f"track {number}" for number in range(100)], rate=22_050)
    (session,) = export_session(write_mix(tmp_path, mix, 0.02), name, tmp_path / "out")
    assert session.path.exists()


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_nothing_in_a_session_says_where_it_was_made(tmp_path, name):
    export_session(write_mix(tmp_path, make_mix()), name)
    folder = tmp_path / "mix" / FOLDER_NAME / name
    for path in folder.rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes(), path


def test_sources_are_the_stems_at_the_rate_of_the_mix_from_its_beginning_to_its_end(tmp_path):
    document = write_mix(tmp_path, make_mix(["mono", "stereo"], rate=48_000))
    longer = document.parent / "../song/000.wav"
    audio, _ = soundfile.read(longer, dtype="float32")
    soundfile.write(longer, np.concatenate([audio, audio]), 48_000, "FLOAT")
    made = exporting.build_console_mix(document, tmp_path / "audio", {"sources"})
    mono, stereo = (soundfile.read(strip.audio.path, always_2d=True, dtype="float32")[0] for strip in made.tracks)
    assert made.frames == len(mono) == len(stereo) == made.reverb_return.frames == 48_000
    assert [strip.audio.channels for strip in made.tracks] == [1, 2] and made.tracks[0].processed is None
    assert np.array_equal(mono[:24_000, 0], audio) and np.array_equal(mono[24_000:, 0], audio)
    assert np.array_equal(stereo[:24_000], soundfile.read(document.parent / "../song/001.wav", dtype="float32")[0])
    assert not stereo[24_000:].any()


def test_two_sessions_share_no_audio(tmp_path):
    file = tmp_path / "audio.wav"
    file.write_bytes(b"sound")
    audio = Audio(file, 1, 1)
    audio.place(tmp_path / "one" / "audio.wav")
    audio.place(tmp_path / "two" / "audio.wav")
    file.unlink()
    (tmp_path / "one" / "audio.wav").write_bytes(b"other")
    assert (tmp_path / "two" / "audio.wav").read_bytes() == b"sound"


def test_audio_is_copied_where_there_are_no_links(tmp_path, monkeypatch):
    file = tmp_path / "audio.wav"
    file.write_bytes(b"sound")
    monkeypatch.setattr(os, "link", lambda *paths: (_ for _ in ()).throw(OSError("no links here")))
    Audio(file, 1, 1).place(tmp_path / "one.wav")
    assert (tmp_path / "one.wav").read_bytes() == b"sound"


def test_a_session_lies_beside_the_document_unless_told_otherwise(document, tmp_path):
    (session,) = diffmst.export_session(str(document), "stems")
    assert session.path == document.parent / "daw" / "stems"
    (session,) = diffmst.export_session(document, ["stems"], tmp_path / "a" / "b")
    assert session.path == tmp_path / "a" / "b" / "stems" and (session.path / "mix.json").exists()


def test_a_session_is_called_as_the_song_where_somebody_gave_it_a_title(document):
    (session,) = export_session(document, "reaper", title="Night: Drive")
    assert session.path.name == "Night_ Drive.rpp"


def test_formats_may_be_listed_in_any_way():
    def chosen(*names):
        return [kind.name for kind in chosen_formats(names)]

    assert chosen("stems,reaper", "stems") == chosen("Stems", " reaper ") == ["stems", "reaper"]
    assert chosen("all") == list(FORMAT_NAMES)


def test_an_existing_session_is_refused_before_the_work_and_replaced_by_force(document, monkeypatch):
    (session,) = export_session(document, "stems")
    mine = session.path / "mine.wav"
    mine.write_bytes(b"recorded since")
    (session.path / "settings.csv").write_text("old")
    with monkeypatch.context() as patched:
        patched.setattr(exporting, "build_console_mix", lambda *_: pytest.fail("the work began"))
        with pytest.raises(UserError, match=r"stems: already exists; use --force"):
            export_session(document, "stems")
    export_session(document, "stems", force=True)
    assert (session.path / "settings.csv").read_text(encoding="utf-8-sig").startswith("part,")
    assert mine.read_bytes() == b"recorded since"


def test_force_leaves_no_audio_of_tracks_that_were_called_otherwise(document):
    (session,) = export_session(document, "stems")
    document.write_text(document.read_text().replace('"kick"', '"bass drum"'))
    export_session(document, "stems", force=True)
    names = sorted(path.name for path in session.path.glob("*.wav"))
    assert names == ["01 bass drum.wav", "02 pad.wav", "03 Reverb return.wav"]


@pytest.mark.parametrize("name", ["../../mix.json", "/etc/hostname"])
def test_a_record_that_was_tampered_with_removes_nothing_outside(document, name):
    (session,) = export_session(document, "stems")
    record = session.path / "diffmst-session.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"files": [name]}))
    assert read_record(session.path).own_files() == set()


def test_an_empty_folder_is_not_in_the_way(document, tmp_path):
    (tmp_path / "out" / "stems").mkdir(parents=True)
    (session,) = export_session(document, "stems", tmp_path / "out")
    assert (session.path / "settings.html").exists()


def test_folders_that_a_session_leaves_empty_come_along_into_one_that_exists(document, tmp_path, monkeypatch):
    def write(self, mix, folder, advance):
        (folder / "peaks").mkdir()
        return ()

    monkeypatch.setattr(Stems, "write", write)
    (tmp_path / "out" / "stems").mkdir(parents=True)
    (session,) = export_session(document, "stems", tmp_path / "out")
    assert (session.path / "peaks").is_dir()


def test_a_stem_is_never_replaced(tmp_path):
    document = write_mix(tmp_path, make_mix(["a"], paths=["daw/stems/01 a.wav"]))
    before = (document.parent / "daw/stems/01 a.wav").read_bytes()
    with pytest.raises(UserError, match="is one of the inputs"):
        export_session(document, "stems", force=True)
    assert (document.parent / "daw/stems/01 a.wav").read_bytes() == before


def test_a_stem_that_an_earlier_session_wrote_is_never_removed(tmp_path):
    (earlier,) = export_session(write_mix(tmp_path, make_mix(["kick", "pad"])), "stems")
    again = make_mix(["other"], paths=["../mix/daw/stems/02 pad.wav"])
    document = tmp_path / "again" / "mix.json"
    document.parent.mkdir()
    document.write_text(again.to_json(), encoding="utf-8")
    export_session(document, "stems", tmp_path / "mix" / "daw", force=True)
    assert sorted(path.name for path in earlier.path.glob("*.wav")) == [
        "01 other.wav",
        "02 Reverb return.wav",
        "02 pad.wav",
    ]


def test_the_command_says_where_the_session_lies_and_what_it_is_not(run, document):
    code, out, err = run("export", document, "--to", "stems")
    assert code == 0 and out == [f"{document.parent / 'daw' / 'stems'}: stems with a settings sheet"]
    assert any("as the console makes it" in line and "aims at -14.0 LUFS under -1 dBTP" in line for line in err)
    assert len(json.loads((document.parent / "daw/stems/mix.json").read_text())["tracks"]) == 2


def test_what_holds_for_several_sessions_is_said_once(run, tmp_path):
    loud = make_mix().model_copy(update={"master": {"fader.gain_db": 40.0}})
    _, _, err = run("export", write_mix(tmp_path, loud), "--to", "ardour,dawproject,stems")
    assert len([line for line in err if "full scale" in line]) == 1
    assert len([line for line in err if line.startswith("note: a session plays the mix")]) == 1
    (reverb,) = (line for line in err if "the reverb is audio" in line)
    assert reverb.startswith("note: ardour, dawproject: ")


def test_a_mix_without_sound_is_told_and_has_no_loudness(tmp_path):
    (session,) = export_session(write_mix(tmp_path, make_mix(["kick"], muted=[0])), "stems")
    assert session.notes[0].startswith("the mix is silent") and not any("LUFS" in note for note in session.notes)


def test_a_changed_stem_is_told(run, document, tmp_path):
    err = run("export", document, "--to", "stems")[2]
    assert any("has changed since track “kick” was mixed from it" in line for line in err)  # its checksum is made up


def test_mixing_exports_what_it_made(run, song, reference, tmp_path):
    arguments = ("mix", song, "-r", reference, "--steps", 0, "--model", "none", "--export", "stems,reaper")
    code, out, _ = run(*arguments, "-o", tmp_path / "mix")
    assert code == 0 and Mix.read(tmp_path / "mix" / "daw" / "stems" / "mix.json")
    assert sum(str(tmp_path / "mix" / "daw") in line for line in out) == 2
    (tmp_path / "mix" / "mix.wav").unlink()
    code, _, err = run(*arguments, "-o", tmp_path / "mix")
    assert code == 2 and "daw/stems: already exists; use --force" in err[0] and not (tmp_path / "mix/mix.wav").exists()
