"""What lies where a session is to go: an earlier one gives way, or moves aside where it holds work of the user."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import TracebackType
from typing import Self

from diffmst.data.checksum import file_sha256
from diffmst.daw.formats import Format
from diffmst.daw.record import read_record
from diffmst.errors import UserError
from diffmst.outputs import write_errors


class EarlierSession:
    """What lies in the folder of a session that is about to be written.

    A context: on an exception, what moved aside moves back. Enter it before anything new comes into the folder.

    Args:
        kind: the format of the new session.
        folder: of both; it may not exist.

    Raises:
        UserError: the folder has a record that cannot be understood.
    """

    def __init__(self, kind: Format, folder: Path) -> None:
        self._kind, self._folder = kind, folder
        self._record = read_record(folder)
        self._entries = sorted(folder.iterdir()) if folder.is_dir() else []
        self._moved: list[tuple[Path, Path]] = []
        self._aside: Path | None = None

    def make_way(self, inputs: Collection[Path]) -> tuple[str, ...]:
        """Moves all of it aside if a program has saved something there that is not as it was exported.

        Args:
            inputs: what the new session is made from.

        Returns:
            A line on where it is now; none where it lies there still.

        Raises:
            UserError: it holds one of the inputs, or cannot be moved.
        """
        if not self._has_work():
            return ()
        for path in inputs:
            if self._folder.resolve() in path.resolve().parents:
                raise UserError(
                    f"{self._folder}: has a session of yours and holds {path.name}, which this mix is made from; "
                    "export to another folder"
                )
        aside = _unused_folder(self._folder)
        with write_errors(aside):
            aside.mkdir()
            self._aside = aside
            for entry in self._entries:
                self._moved.append((entry, entry.rename(aside / entry.name)))
        kept = f"is kept as {aside} ({_size_mb(aside)} MB, yours to remove)"
        if not self._record:
            return (f"{self._folder} had a session that was not exported to it, and {kept}",)
        return (
            f"{self._folder} had been saved by your program since it was exported, and {kept}; "
            "`diffmst import` reads it there too",
        )

    def clear(self, written: Collection[str], inputs: Collection[Path]) -> None:
        """Removes what was exported earlier and is not in the new session, and what programs made of it.

        Call it once the new session is in its place. What the user has added stays.

        Args:
            written: the files of the new session, relative to its folder.
            inputs: what it is made from; never removed.

        Raises:
            UserError: something cannot be removed.
        """
        if self._aside:
            return
        obsolete = set(self._record.own_files() if self._record else ()) - set(written)
        made = (path for path in self._files() if _fits(path, (*self._kind.caches, *self._kind.saves)))
        obsolete |= {name for path in made if (name := path.relative_to(self._folder).as_posix()) not in written}
        for path in (self._folder / name for name in sorted(obsolete)):
            with write_errors(path):
                if path.is_file() and not any(path.samefile(source) for source in inputs):
                    path.unlink()
                    _remove_empty(path.parents, self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or self._aside is None:
            return
        self._folder.mkdir(exist_ok=True)
        for entry, moved in reversed(self._moved):
            moved.rename(entry)
        self._aside.rmdir()

    def _has_work(self) -> bool:
        """Whether there is a session, or a backup of one, that export has not written as it is."""
        written = self._record.sha256 if self._record else ""
        return any(_sha256(path) != written for path in self._files() if _fits(path, self._kind.saves))

    def _files(self) -> Iterator[Path]:
        """All files that were there, at any depth."""
        for entry in self._entries:
            yield from (path for path in (entry, *entry.rglob("*")) if path.is_file())


def _sha256(path: Path) -> str | None:
    """None for a file that cannot be read: nobody knows what it holds."""
    try:
        return file_sha256(path)
    except OSError:
        return None


def _fits(path: Path, patterns: Iterable[str]) -> bool:
    return any(fnmatch(path.name.lower(), pattern) for pattern in patterns)


def _unused_folder(folder: Path) -> Path:
    """The first of `reaper-old`, `reaper-old-2` … beside the folder that does not exist."""
    candidate, number = folder.with_name(f"{folder.name}-old"), 1
    while candidate.exists():
        number += 1
        candidate = folder.with_name(f"{folder.name}-old-{number}")
    return candidate


def _size_mb(folder: Path) -> int:
    """Megabytes of all files in a folder, rounded up."""
    return math.ceil(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


def _remove_empty(folders: Iterable[Path], last: Path) -> None:
    """Removes folders that hold nothing any more, from the innermost up to below the last."""
    for folder in folders:
        if folder == last or any(folder.iterdir()):
            return
        folder.rmdir()
