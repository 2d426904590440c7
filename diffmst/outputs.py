"""Outputs that appear whole or not at all."""

from __future__ import annotations

import errno
import math
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from diffmst.errors import UserError

HIDDEN = ".diffmst-"
"""How the names of outputs begin that are not complete."""

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file would be larger than this disk allows; choose another folder",
    errno.EACCES: "permission denied; choose another folder",
    errno.EPERM: "permission denied; choose another folder",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EMFILE: "too many files are open at once; raise the limit, as by `ulimit -n 4096`, and try again",
    errno.ENOENT: "there is no such folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
}

_UNSAFE_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)[\d¹²³]) *(\.|$)", re.IGNORECASE)  # no file of Windows is called so
_LONGEST_NAME_BYTES = 180  # file systems take 255, and endings follow


def file_name(text: str, longest_bytes: int = _LONGEST_NAME_BYTES) -> str:
    """A text as every file system takes it for the beginning of a name.

    Args:
        text: as people write it.
        longest_bytes: what is left of it, at most.

    >>> file_name("AC/DC: Live?"), file_name("Kick..."), file_name("Aux")
    ('AC_DC_ Live_', 'Kick', '_Aux')
    """
    safe = _UNSAFE_IN_NAMES.sub("_", text).encode(errors="ignore")[:longest_bytes]
    name = safe.decode(errors="ignore").strip(". ")
    return f"_{name}" if _DEVICES.match(name) else name


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turns what the system refuses inside the block into a UserError that names `path`."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise UserError(f"{path}: cannot be written: {reason}") from error


class AtomicFile:
    """A file that appears under its name when complete, and leaves nothing behind otherwise.

    It is written beside its place under a hidden name. `commit` puts it on the disk for good and renames it,
    replacing what was there; `discard` removes it. As a context it commits on success and discards on any exception,
    Ctrl-C included.

    Attributes:
        path: its name in the end.
        file: open for writing, and for going back to the header.

    Raises:
        UserError: from `write_errors`, on any step.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path.parent / _hidden_name()
        with write_errors(path):
            self.file: BinaryIO = self._temporary.open("xb")

    def commit(self) -> None:
        """Rename the complete file into place."""
        try:
            with write_errors(self.path):
                self.file.flush()
                os.fsync(self.file.fileno())
                self.file.close()
                self._temporary.replace(self.path)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove what was written."""
        try:
            self.file.close()
        except OSError:
            pass  # A full disk refuses the last buffer; the file goes all the same.
        finally:
            self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> BinaryIO:
        return self.file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.commit()
            return
        self.discard()
        if isinstance(error, OSError):
            with write_errors(self.path):
                raise error


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all, replacing what was there.

    Raises:
        UserError: it cannot be written.
    """
    with AtomicFile(path) as file:
        file.write(text.encode())


def check_writable(folder: Path) -> None:
    """Makes sure, ahead of the work, that something can be written into a folder, which may not exist yet.

    Raises:
        UserError: it cannot.
    """
    trial = _existing_part(folder.absolute()) / _hidden_name()
    with write_errors(folder):
        trial.mkdir()
        trial.rmdir()


class OutputFolder:
    """The outputs of one command: written aside, and moved into the folder together at the end.

    A context. Inside it, `path(name)` says where to write an output. On success the outputs move into the folder, which
    is made if need be; on any exception, Ctrl-C included, the folder is left as it was. What else lies in the folder
    is never touched.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "mix"
    >>> with OutputFolder(folder, ["mix.json"]) as outputs:
    ...     _ = outputs.path("mix.json").write_text("{}")
    >>> [entry.name for entry in folder.iterdir()]
    ['mix.json']

    Args:
        folder: where the outputs go.
        names: what will be written, as far as is known, so that a conflict shows before the work.
        force: replace outputs of the same names; refused otherwise.

    Raises:
        UserError: an output exists and `force` is not given, or the folder cannot be written.
    """

    def __init__(self, folder: Path, names: Iterable[str] = (), *, force: bool = False) -> None:
        self.folder = folder
        self._force = force
        self._names: list[str] = []
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder}: is a file; the outputs need a folder")
        self.claim(names)
        self._stage = _existing_part(folder.absolute()) / _hidden_name()

    def claim(self, names: Iterable[str], inputs: Iterable[Path] = ()) -> None:
        """Makes sure, ahead of the work, that outputs of these names may be written.

        Args:
            names: of the outputs.
            inputs: what they are made from; never replaced, not by force either.

        Raises:
            UserError: one may not.
        """
        names = list(dict.fromkeys(names))
        for name in names:
            target = self.folder / name
            if target.exists() and any(path.exists() and path.samefile(target) for path in inputs):
                raise UserError(f"{target}: is one of the inputs, and would be replaced; choose another output")
            self._check(name)
        new = [name for name in names if name not in self._names]
        for place in dict.fromkeys((self.folder / name).parent for name in new):
            check_writable(place)
        self._names += new

    def check_room(self, needed_bytes: int) -> None:
        """Makes sure, ahead of the work, that the disk has room for the outputs, as far as it tells.

        Args:
            needed_bytes: of the outputs, and of what is needed meanwhile.

        Raises:
            UserError: it has not.
        """
        with suppress(OSError):
            disk = shutil.disk_usage(_existing_part(self.folder.absolute()))
            if disk.total and disk.free < needed_bytes:
                raise UserError(
                    f"{self.folder}: takes {math.ceil(needed_bytes / 1e6)} MB to write, and its disk has "
                    f"{disk.free // 1_000_000} MB free; free some space or choose another folder"
                )

    def path(self, name: str) -> Path:
        """Where to write the output that will be `folder / name`; `name` may have folders of its own."""
        self.claim([name])
        path = self._stage / "new" / name
        with write_errors(self.folder / name):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def aside(self) -> Path:
        """A folder on the disk of the outputs, for what is needed meanwhile; it goes when they are done."""
        path = self._stage / "aside"
        with write_errors(self.folder):
            path.mkdir(exist_ok=True)
        return path

    def __enter__(self) -> OutputFolder:
        with write_errors(self.folder):
            (self._stage / "new").mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._commit()
        finally:
            shutil.rmtree(self._stage, ignore_errors=True)
        if isinstance(error, UserError):
            message = str(error)
            for part in ("new", "aside"):
                message = message.replace(str(self._stage / part), str(self.folder))
            if message != str(error):
                raise UserError(message) from error

    def _check(self, name: str) -> None:
        target = self.folder / name
        if target.is_dir():
            raise UserError(f"{target}: is a folder, where a file is to be written; choose another output folder")
        if target.exists() and not self._force:
            raise UserError(f"{target}: already exists; use --force to replace it, or choose another folder")

    def _commit(self) -> None:
        with write_errors(self.folder):
            if not self.folder.exists():  # One rename: nothing can come between.
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                (self._stage / "new").rename(self.folder)
                return
            written = [name for name in self._names if (self._stage / "new" / name).exists()]
            for name in written:
                self._check(name)
            try:
                for name in written:
                    self._move_in(name)
                self._make_empty_folders()
            except BaseException:
                self._undo(written)
                raise

    def _move_in(self, name: str) -> None:
        new, target, old = self._stage / "new" / name, self.folder / name, self._stage / "old" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            old.parent.mkdir(parents=True, exist_ok=True)
            target.rename(old)
        new.rename(target)

    def _make_empty_folders(self) -> None:
        """Folders without files, which no file has brought along."""
        new = self._stage / "new"
        for folder in (path for path in new.rglob("*") if path.is_dir()):
            (self.folder / folder.relative_to(new)).mkdir(parents=True, exist_ok=True)

    def _undo(self, written: list[str]) -> None:
        """Bring the folder back to what it was, from whichever step was the last: the files themselves tell."""
        for name in written:
            new, target, old = self._stage / "new" / name, self.folder / name, self._stage / "old" / name
            if old.exists():
                old.replace(target)
            elif not new.exists():
                target.unlink()


def _existing_part(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists: on the same disk, so that moving is renaming.

    Where not even the root exists, as on a drive that is not there, the root.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _hidden_name() -> str:
    return f"{HIDDEN}{secrets.token_hex(6)}"
