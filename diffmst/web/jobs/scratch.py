"""Folders that jobs write into, and what is left of them where a process was killed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from diffmst.outputs import write_errors
from diffmst.web.session import Session

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PREFIX = ".job-"
_HALF_WRITTEN = ".diffmst-*"
_IN_USE = ".in-use"  # locked by the server as long as it lives: two servers may have the same sessions


@contextmanager
def scratch(session: Session, job_id: str) -> Iterator[Path]:
    """A folder for a job, beside `mix/`, so that relative paths hold in both; it goes with the block.

    Raises:
        UserError: it cannot be made.
    """
    folder = session.folder / f"{_PREFIX}{job_id}"
    try:
        with write_errors(folder):
            folder.mkdir()
            mark = (folder / _IN_USE).open("xb")
        with mark:
            _lock(mark)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(session: Session) -> None:
    """Removes what jobs that were killed have left, unless one is at work in the session, for whatever server."""
    folders = list(session.folder.glob(f"{_PREFIX}*"))
    if any(_in_use(folder) for folder in folders):
        return
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for path in session.cache_folder.glob(_HALF_WRITTEN):
        with suppress(OSError):
            path.unlink()


def _in_use(folder: Path) -> bool:
    try:
        with (folder / _IN_USE).open("r+b") as mark:
            return not _lock(mark)
    except OSError:
        return False


def _lock(file: BinaryIO) -> bool:
    """Locks a file for as long as it is open, and its process lives; returns whether nobody else has."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
