"""What becomes of an earlier session where a new one goes: nothing that the user has done is lost."""

import json

import pytest
from mixes import make_mix, write_mix
from notebook import edit, only_notebooks

from diffmst.daw.exporting import export_session
from diffmst.daw.formats import FORMAT_NAMES, VARIANT_NAMES, format_named
from diffmst.daw.read_back import read_session
from diffmst.daw.record import RECORD_NAME
from diffmst.errors import UserError


@pytest.fixture(autouse=True)
def notebook():
    with only_notebooks():
        yield


@pytest.fixture
def document(tmp_path):
    return write_mix(tmp_path, make_mix(), 0.05)


@pytest.fixture
def session(document):
    (exported,) = export_session(document, "notebook")
    return exported.path


def export_again(document):
    (exported,) = export_session(document, "notebook", force=True)
    return exported


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_session_that_was_saved_since_is_kept_whole_and_can_be_imported(document, session):
    edit(session, "000.wav", fader__gain_db=-7.25)
    (session.parent / "takes").mkdir()
    (session.parent / "takes" / "new.wav").write_bytes(bytes(2_000_000))
    before, kept = contents(session.parent), session.parent.with_name("notebook-old")
    exported = export_again(document)
    assert contents(kept) == before and not (session.parent / "takes").exists()
    assert exported.notes[0] == (
        f"{session.parent} had been saved by your program since it was exported, and is kept as {kept} "
        "(3 MB, yours to remove); `diffmst import` reads it there too"
    )
    assert [change.control for change in read_session(kept).changes] == ["fader.gain_db"]
    assert read_session(session).changes == ()


def test_every_one_that_was_saved_is_kept(document, session):
    for faders_db in (-7.0, -8.0):
        edit(session, "000.wav", fader__gain_db=faders_db)
        export_again(document)
    first, second = (
        json.loads((session.parent.with_name(name) / session.name).read_text())["tracks"]["000.wav"]["fader.gain_db"]
        for name in ("notebook-old", "notebook-old-2")
    )
    assert (first, second) == (-7.0, -8.0)


def test_a_session_as_it_was_exported_gives_way_with_what_programs_made_of_it(document, session):
    folder = session.parent
    (folder / "peaks" / "more").mkdir(parents=True)
    (folder / "peaks" / "more" / "KICK.INK").write_bytes(b"drawn")
    (folder / "song.notebook.bak").write_bytes(session.read_bytes())
    (folder / "mine.txt").write_text("mine")
    exported = export_again(document)
    assert sorted(path.name for path in folder.iterdir()) == [RECORD_NAME, "mine.txt", "mix.json", "song.notebook"]
    assert not any("kept" in note for note in exported.notes)
    assert [path.name for path in folder.parent.iterdir()] == ["notebook"]


@pytest.mark.parametrize("name", ["song.notebook.bak", "take 2.NOTEBOOK", "backups/song.notebook"])
def test_a_backup_or_copy_with_other_content_is_work_too(document, session, name):
    (session.parent / name).parent.mkdir(exist_ok=True)
    (session.parent / name).write_text("{}")
    export_again(document)
    assert (session.parent.with_name("notebook-old") / name).read_text() == "{}"


def test_a_session_that_export_did_not_write_is_kept(document):
    folder = document.parent / "daw" / "notebook"
    folder.mkdir(parents=True)
    (folder / "my own.notebook").write_text("{}")
    kept = folder.with_name("notebook-old")
    note, *_ = export_again(document).notes
    assert note == f"{folder} had a session that was not exported to it, and is kept as {kept} (1 MB, yours to remove)"
    assert (kept / "my own.notebook").exists() and (folder / "song.notebook").exists()


def test_a_session_that_was_saved_and_holds_a_stem_of_the_mix_is_refused(tmp_path):
    document = write_mix(tmp_path, make_mix(["kick"], paths=["daw/notebook/takes/kick.wav"]), 0.05)
    (document.parent / "daw" / "notebook" / "song.notebook").write_text("{}")
    before = contents(document.parent)
    with pytest.raises(UserError, match=r"notebook: has a session of yours and holds kick\.wav, .* another folder"):
        export_again(document)
    assert contents(document.parent) == before


def test_what_fails_at_the_end_leaves_a_session_where_it_was(document, session, monkeypatch):
    edit(session, "000.wav", fader__gain_db=-7.25)
    before = contents(session.parent)

    def fail(outputs):
        assert not session.exists(), "the session must have moved aside for this to mean something"
        raise KeyboardInterrupt

    monkeypatch.setattr("diffmst.outputs.OutputFolder._commit", fail)
    with pytest.raises(KeyboardInterrupt):
        export_again(document)
    assert contents(session.parent) == before and [one.name for one in session.parent.parent.iterdir()] == ["notebook"]


def test_a_session_that_cannot_be_moved_is_told_and_left(document, session, monkeypatch):
    edit(session, "000.wav", fader__gain_db=-7.25)
    before, rename = contents(session.parent), type(session).rename

    def in_use(path, target):
        if path == session:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(type(session), "rename", in_use)
    with pytest.raises(UserError, match="notebook-old: cannot be written: permission denied"):
        export_again(document)
    assert contents(session.parent) == before and [one.name for one in session.parent.parent.iterdir()] == ["notebook"]


@pytest.mark.parametrize("name", (*FORMAT_NAMES, *VARIANT_NAMES))
def test_every_format_says_in_what_the_work_of_the_user_is(name):
    kind = format_named(name)
    assert (f"*{kind.suffix}" in kind.saves) == bool(kind.suffix)
    assert all(pattern == pattern.lower() for pattern in (*kind.saves, *kind.caches))
    assert not set(kind.saves) & set(kind.caches)
