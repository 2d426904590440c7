import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from diffmst.errors import UserError
from diffmst.outputs import AtomicFile, OutputFolder, write_text_atomically


def tree(folder):
    return {str(p.relative_to(folder)): p.read_text() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def produce(folder, contents, fail=None, **options):
    with OutputFolder(folder, **options) as outputs:
        for name, text in contents.items():
            outputs.path(name).write_text(text)
        if fail:
            raise fail


def test_a_text_replaces_what_was_there(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    write_text_atomically(path, "ñ 音")
    assert path.read_bytes() == "ñ 音".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_files_have_the_usual_permissions(tmp_path):
    write_text_atomically(tmp_path / "a", "")
    (tmp_path / "b").write_text("")
    produce(tmp_path / "out", {"c": ""})
    modes = {path.stat().st_mode for path in (tmp_path / "a", tmp_path / "b", tmp_path / "out" / "c")}
    assert len(modes) == 1
    (tmp_path / "folder").mkdir()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "folder").stat().st_mode


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError, SystemExit])
def test_an_interrupted_file_leaves_what_was_there(tmp_path, kind):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(kind), AtomicFile(path) as file:
        file.write(b"half")
        raise kind
    assert tree(tmp_path) == {"a.json": "old"}


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "permission denied"),
        (errno.EMFILE, "raise the limit"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_what_the_system_refuses_is_named_in_one_line(tmp_path, number, reason):
    path = tmp_path / "a.json"
    with pytest.raises(UserError, match=reason) as caught, AtomicFile(path):
        raise OSError(number, os.strerror(number))
    assert str(caught.value).startswith(f"{path}: cannot be written")
    assert not list(tmp_path.iterdir())


def test_outputs_appear_together_at_the_end(tmp_path):
    folder = tmp_path / "new" / "mix"
    with OutputFolder(folder, ["mix.json"]) as outputs:
        outputs.path("mix.json").write_text("{}")
        outputs.path("stems/01 Kick.wav").write_text("kick")
        assert not folder.exists()
    assert tree(folder) == {"mix.json": "{}", "stems": None, "stems/01 Kick.wav": "kick"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("fail", [KeyboardInterrupt(), ValueError("no"), UserError("no")])
@pytest.mark.parametrize("existing", [{}, {"mix.json": "old", "other.txt": "mine"}])
def test_a_failure_leaves_the_folder_as_it_was(tmp_path, fail, existing):
    for name, text in existing.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(type(fail)):
        produce(tmp_path, {"mix.json": "new", "stems/a": "a"}, fail, force=True)
    assert tree(tmp_path) == existing


def test_existing_outputs_are_refused_before_the_work(tmp_path):
    (tmp_path / "mix.json").write_text("old")
    with pytest.raises(UserError, match=r"mix\.json: already exists; use --force"):
        OutputFolder(tmp_path, ["mix.wav", "mix.json"])
    with pytest.raises(UserError, match="already exists"):
        produce(tmp_path, {"mix.json": "new"})
    assert tree(tmp_path) == {"mix.json": "old"}


def test_force_replaces_our_own_and_nothing_else(tmp_path):
    (tmp_path / "stems").mkdir()
    for name in ("mix.json", "song.txt", "stems/mine.wav", "stems/a.wav"):
        (tmp_path / name).write_text("old")
    produce(tmp_path, {"mix.json": "new", "stems/a.wav": "new", "mix.wav": "new"}, force=True)
    replaced = {"mix.json": "new", "mix.wav": "new", "stems/a.wav": "new"}
    assert tree(tmp_path) == replaced | {"song.txt": "old", "stems": None, "stems/mine.wav": "old"}


@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize("before", [True, False])
def test_ctrl_c_while_moving_in_brings_everything_back(tmp_path, monkeypatch, step, before):
    """With an interrupt before or after each of the renames that move three outputs in, over two existing ones."""
    for name in ("a", "c", "mine"):
        (tmp_path / name).write_text("old")
    rename, calls = Path.rename, []

    def interrupted(path, target):
        calls.append(path)
        if len(calls) - 1 == step and before:
            raise KeyboardInterrupt
        rename(path, target)
        if len(calls) - 1 == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    contents = {"a": "new", "b": "new", "c": "new"}
    if step < 5:
        with pytest.raises(KeyboardInterrupt):
            produce(tmp_path, contents, force=True)
        assert tree(tmp_path) == {"a": "old", "c": "old", "mine": "old"}
    else:
        produce(tmp_path, contents, force=True)
        assert tree(tmp_path) == {**contents, "mine": "old"}


def test_an_output_that_was_not_written_after_all_is_no_harm(tmp_path):
    (tmp_path / "mix.json").write_text("old")
    with OutputFolder(tmp_path, force=True) as outputs:
        outputs.path("mix.json")
        outputs.path("mix.wav").write_text("new")
    assert tree(tmp_path) == {"mix.json": "old", "mix.wav": "new"}


def test_what_appeared_meanwhile_is_not_replaced(tmp_path):
    def racing():
        with OutputFolder(tmp_path) as outputs:
            outputs.path("mix.json").write_text("ours")
            (tmp_path / "mix.json").write_text("theirs")

    with pytest.raises(UserError, match="already exists"):
        racing()
    assert tree(tmp_path) == {"mix.json": "theirs"}


def test_places_that_cannot_hold_outputs_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file: is a file; the outputs need a folder"):
        OutputFolder(tmp_path / "file")
    with pytest.raises(UserError, match="a part of the path is a file"):
        produce(tmp_path / "file" / "below", {})
    (tmp_path / "mix.wav").mkdir()
    with pytest.raises(UserError, match=r"mix\.wav: is a folder"):
        OutputFolder(tmp_path, ["mix.wav"], force=True)


def test_folders_that_cannot_be_written_are_told_before_the_work(tmp_path, unwritable):
    (tmp_path / "mix_stems").mkdir()
    unwritable(tmp_path / "mix_stems")
    with pytest.raises(UserError, match=r"mix_stems: cannot be written: permission denied; choose another folder$"):
        OutputFolder(tmp_path, ["mix.wav", "mix_stems/01 Kick.wav"])
    assert tree(tmp_path) == {"mix_stems": None}


def test_a_disk_with_too_little_room_is_told(tmp_path, nearly_full):
    outputs = OutputFolder(tmp_path / "far" / "mix")
    nearly_full(2_000_000)
    outputs.check_room(2_000_000)
    with pytest.raises(UserError, match=r"mix: takes 3 MB to write, and its disk has 2 MB free; free some space or"):
        outputs.check_room(2_000_001)


@pytest.mark.parametrize("disk", [SimpleNamespace(total=0, free=0), OSError()])
def test_a_disk_that_does_not_tell_its_room_is_tried(tmp_path, monkeypatch, disk):
    def usage(path):
        if isinstance(disk, OSError):
            raise disk
        return disk

    monkeypatch.setattr(shutil, "disk_usage", usage)
    OutputFolder(tmp_path).check_room(1)


def test_errors_name_the_place_in_the_end_and_not_the_one_in_between(tmp_path):
    def failing():
        with OutputFolder(tmp_path / "mix") as outputs, AtomicFile(outputs.path("mix.wav")):
            raise OSError(errno.ENOSPC, "")

    with pytest.raises(UserError, match="disk is full") as caught:
        failing()
    assert str(caught.value).startswith(str(tmp_path / "mix" / "mix.wav"))
    assert tree(tmp_path) == {}


def test_a_drive_that_is_not_there_is_refused(monkeypatch, tmp_path):
    def refused(path, *_, **__):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))

    monkeypatch.setattr(type(tmp_path), "exists", lambda path: False)
    monkeypatch.setattr(type(tmp_path), "mkdir", refused)
    with pytest.raises(UserError, match="cannot be written: there is no such folder"):
        produce(tmp_path / "mix", {})
