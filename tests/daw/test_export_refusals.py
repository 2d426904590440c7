"""Exports that cannot be: told in one line that names what is in the way, and nothing is left behind."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from mixes import make_mix, write_mix

from diffmst.daw import exporting
from diffmst.daw.exporting import chosen_formats, export_session
from diffmst.daw.formats import FORMAT_NAMES
from diffmst.daw.stems.format import Stems
from diffmst.errors import UserError


@pytest.fixture
def document(tmp_path):
    return write_mix(tmp_path, make_mix())


def contents(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize(("names", "message"), [(["logic"], "logic: there is no such format"), ([","], "no format")])
def test_formats_that_there_are_not_are_refused(document, names, message):
    with pytest.raises(UserError, match=rf"^{message}.*ardour, ardour-ace, .*stems, all$"):
        export_session(document, names)


def test_a_file_in_the_place_of_a_session_is_told_before_the_work(document, monkeypatch):
    (document.parent / "daw").mkdir()
    (document.parent / "daw" / "stems").write_text("mine")
    monkeypatch.setattr(exporting, "build_console_mix", lambda *_: pytest.fail("the work began"))
    with pytest.raises(UserError, match=r"stems: is a file, where a folder is to be written"):
        exporting.check_places(document.parent / "daw", chosen_formats(["stems"]), force=False)


def test_a_place_that_cannot_be_written_is_told_before_the_work(document, unwritable):
    unwritable(document.parent)
    with pytest.raises(UserError, match=r"daw/stems: cannot be written: permission denied; choose another folder"):
        exporting.check_places(document.parent / "daw", chosen_formats(["stems"]), force=True)


@pytest.mark.parametrize(("name", "rows"), [("reaper", 3 + 2), ("stems", 4 + 2), ("reaper,stems", 7 + 2)])
def test_room_for_the_audio_of_sessions_is_looked_for_before_the_work(tmp_path, nearly_full, monkeypatch, name, rows):
    """A mono and a stereo track, as recorded or behind their faders, and the return: half a second at 44.1 kHz."""
    document = write_mix(tmp_path, make_mix(), 0.5)
    nearly_full(22_050 * rows * 4)
    export_session(document, name)
    nearly_full(22_050 * rows * 4 - 1)
    monkeypatch.setattr(exporting, "build_console_mix", lambda *_: pytest.fail("the work began"))
    with pytest.raises(UserError, match=r"daw/\w+: takes 1 MB to write, and its disk has 0 MB free; free some space"):
        export_session(document, name, force=True)


@pytest.mark.parametrize("error", [UserError("no"), KeyboardInterrupt(), RuntimeError()])
def test_what_fails_leaves_nothing_behind(document, tmp_path, monkeypatch, error):
    def fail(self, mix, folder, advance):
        mix.reverb_return.place(folder / "half.wav")
        raise error

    before = contents(tmp_path)
    monkeypatch.setattr(Stems, "write", fail)
    with pytest.raises(type(error)):
        export_session(document, "stems")
    assert contents(tmp_path) == before


def test_a_missing_stem_is_named_as_render_names_it(run, document, tmp_path):
    (tmp_path / "song" / "001.wav").unlink()
    code, _, err = run("export", document, "--to", "stems")
    assert code == 2 and err == run("render", document)[2]
    assert err[0].startswith("error: ") and "001.wav: no such file; track 'pad' was made from it" in err[0]
    assert not (document.parent / "daw").exists()


def test_a_moved_song_is_found_when_it_moves_with_its_document(run, document, tmp_path):
    shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-moved")
    moved = tmp_path.parent / f"{tmp_path.name}-moved" / "mix" / "mix.json"
    assert run("export", moved, "--to", "stems")[0] == 0


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_refused(run, document, tmp_path, place):
    (tmp_path / "file").write_text("mine")
    code, _, err = run("export", document, tmp_path / place, "--to", "stems")
    assert code == 2 and len([line for line in err if line.startswith("error: ")]) == 1
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_folder_that_may_not_be_written_is_refused(run, document, tmp_path, monkeypatch, name):
    """The system itself refuses, except where root runs the tests, who may write anywhere."""
    (tmp_path / "out").mkdir(mode=0o500)
    mkdir = os.mkdir

    def refused(path, *arguments):
        if Path(path).is_relative_to(tmp_path / "out"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        mkdir(path, *arguments)

    monkeypatch.setattr(os, "mkdir", refused)
    code, _, err = run("export", document, tmp_path / "out", "--to", name)
    told = f"error: {tmp_path / 'out' / name}: cannot be written: permission denied; choose another folder"
    assert code == 2 and err[-1] == told and not any((tmp_path / "out").iterdir())


def test_a_session_that_may_not_be_read_is_told_so(document, monkeypatch):
    export_session(document, "stems")
    read = Path.read_text

    def refused(path, *arguments, **options):
        if path.name == "diffmst-session.json":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return read(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(UserError, match=r"diffmst-session\.json: cannot be read: Permission denied"):
        export_session(document, "stems", force=True)


def test_stems_that_are_to_be_read_back_are_refused(run, document):
    (exported,) = export_session(document, "stems")
    code, _, err = run("import", exported.path)
    told = f"error: {exported.path}: holds stems, which cannot be read back; import a session of another format"
    assert (code, err) == (2, [told])


def test_what_is_no_mix_is_told_before_what_is_in_the_way(run, document):
    export_session(document, "stems")
    sound = document.with_name("mix.wav")
    sound.write_bytes(b"RIFF\xff\xff")
    code, _, err = run("export", sound, "--to", "stems")
    assert (code, err) == (2, [f"error: {sound}: is no mix document; give the mix.json that `diffmst mix` wrote"])


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_full_disk_is_told_by_the_folder_that_the_user_knows(document, monkeypatch, name):
    """The audio, which formats share, is nobody's file yet."""
    monkeypatch.setattr("diffmst.audio.AudioWriter.write", full_disk)
    with pytest.raises(UserError) as error:
        export_session(document, name)
    assert str(error.value) == f"{document.parent / 'daw'}: cannot be written: the disk is full"


def full_disk(writer, x):
    raise UserError(f"{writer._output.path}: cannot be written: the disk is full")


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_disk_that_is_full_by_the_text_is_told_by_the_name_that_the_file_would_have(document, monkeypatch, name):
    def full(path, text):
        raise UserError(f"{path}: cannot be written: the disk is full")

    monkeypatch.setattr(exporting, "write_text_atomically", full)
    with pytest.raises(UserError) as error:
        export_session(document, name)
    assert str(error.value) == f"{document.parent / 'daw' / name / 'mix.json'}: cannot be written: the disk is full"
    assert not (document.parent / "daw").exists()
