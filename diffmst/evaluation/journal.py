"""What a run has done so far, on disk line by line, so that it can be stopped and gone on with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from diffmst.errors import UserError
from diffmst.evaluation.row import Row
from diffmst.evaluation.work import Unit
from diffmst.outputs import write_errors

VERSION = 1
"""Of the figures: rows of another version are not used again."""


def unit_key(unit: Unit, extra: str = "") -> str:
    """A hash of all that the figures of a unit depend on; files count by name, size and time of their last change.

    Args:
        unit: with the seed of its chance.
        extra: what else they depend on.
    """
    pair = unit.pair
    paths = (pair.stems, pair.reference, unit.heard_reference, pair.truth, pair.truth_stems)
    facts = [VERSION, pair.name, pair.song, pair.task, unit.system.name, unit.system.identity()]
    facts += [unit.wrong, unit.seed, extra, *(list(_stamps(path)) for path in paths)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _stamps(path: Path | None) -> Iterable[tuple[str, int, int]]:
    """Name, size and time of a file, or of all files in a folder."""
    if path is None:
        return
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file():
            status = file.stat()
            yield str(file.absolute()), status.st_size, status.st_mtime_ns


class Journal:
    """Rows by the key of their unit, in a file to which each is added when it is done.

    Args:
        path: of the file; made if it is not there.

    Raises:
        UserError: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, Row] = {}
        self._made_last: dict[str, str] = {}
        with write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        self._read()

    def _read(self) -> None:
        lines = self._path.read_bytes().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]  # the last was cut off where the disk was full
        try:
            records = [json.loads(line) for line in whole]
            for record in records:
                self._keep(record["key"], Row(**record["row"]))
        except (ValueError, TypeError, KeyError):
            raise UserError(f"{self._path}: is not the journal of an evaluation; use --force to start again") from None
        if len(whole) < len(lines):
            with write_errors(self._path):
                self._path.write_bytes(b"".join(whole))

    def _keep(self, key: str, row: Row) -> None:
        self._rows[key] = row
        self._made_last[row.mix] = key

    def row(self, key: str) -> Row | None:
        """The row of a unit, if it was done, and its mix is not one that another has replaced since."""
        row = self._rows.get(key)
        return row if row and (not row.mix or self._made_last[row.mix] == key) else None

    @property
    def mixes(self) -> list[str]:
        """Paths of all mixes that were kept, relative to the folder of the run."""
        return [mix for mix in self._made_last if mix]

    def add(self, key: str, row: Row) -> None:
        """Keeps a row."""
        self._keep(key, row)
        with write_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "row": asdict(row)}) + "\n")
