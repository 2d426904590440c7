"""Pairs in a table: a CSV file with a line for each."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import count
from pathlib import Path

from diffmst.audio.discovery import AUDIO_EXTENSIONS, folded, natural_key
from diffmst.data.song import song_title
from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.outputs import file_name, write_text_atomically

NEEDED = ("stems", "reference")
COLUMNS = tuple(field.name for field in fields(Pair))
"""All there may be; those that are not needed may be left out, or be empty."""

LONGEST_NAME = 100
"""Characters, of a pair that was given none."""

_LONGEST_PART, _LONGEST_PART_BYTES = 44, 80  # of a song and of a reference in it; what is left is for a number
_PATHS = ("stems", "reference", "truth", "truth_stems", "wrong_reference")


def read_pairs(path: Path) -> list[Pair]:
    """The pairs in a CSV file; paths in it are relative to it.

    A pair that is given no song is of the one that its stems are named after, and one that is given no name is called
    by its song and its reference. Whether the files exist is not asked.

    Args:
        path: of the file, with the columns `stems` and `reference` and any other of `COLUMNS`.

    Raises:
        UserError: the file cannot be read, lacks a column, has one that is not known, a line that says too little or
            too much, a name that is taken or that no file can have; or it is empty.
    """
    reader = csv.DictReader(io.StringIO(_text(path)), restkey="more", restval="", strict=True)
    try:
        _check_columns(path, reader.fieldnames or ())
        lines = [(reader.line_num, _checked(path, reader.line_num, row)) for row in reader]
    except csv.Error as error:
        raise UserError(f"{path}: line {reader.reader.line_num}: is no CSV ({error})") from None
    if not lines:
        raise UserError(f"{path}: has no pairs; add a line with a folder of stems and a reference")
    _check_names(path, lines)
    return _named([_pair(path.parent, row) for _, row in lines])


def write_pairs(path: Path, pairs: Sequence[Pair], folder: Path | None = None) -> None:
    """Writes pairs as `read_pairs` reads them, with paths relative to the file; replaces what was there.

    Args:
        path: of the file.
        pairs: names unique.
        folder: where the file will lie, if it is written aside.

    Raises:
        UserError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        values = ((name, getattr(pair, name)) for name in COLUMNS)
        writer.writerow(
            _relative(value, folder or path.parent) if name in _PATHS and value else value for name, value in values
        )
    write_text_atomically(path, text.getvalue())


def all_pairs(songs: Path, references: Path) -> list[Pair]:
    """Every song with every reference.

    Args:
        songs: a folder of songs, each a folder of stems.
        references: a folder of finished songs.

    Raises:
        UserError: a folder is missing or holds none.
    """
    for folder in (songs, references):
        if not folder.is_dir():
            raise UserError(f"{folder}: is not a folder")
    stems = [path for path in _listed(songs) if path.is_dir()]
    finished = [path for path in _listed(references) if path.suffix.lower() in AUDIO_EXTENSIONS and path.is_file()]
    if not stems:
        raise UserError(f"{songs}: holds no folders; every song needs one, with its stems")
    if not finished:
        raise UserError(f"{references}: holds no audio files; it needs at least one finished song")
    return _named([Pair("", song_title(song), song, reference) for song in stems for reference in finished])


def _listed(folder: Path) -> list[Path]:
    """What is in a folder and not hidden, in natural order."""
    return sorted(
        (path for path in folder.iterdir() if not path.name.startswith(".")), key=lambda path: natural_key(path.name)
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a CSV file with the columns {','.join(NEEDED)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error.__class__.__name__})") from None


def _check_columns(path: Path, found: Sequence[str]) -> None:
    if missing := [name for name in NEEDED if name not in found]:
        raise UserError(f"{path}: has no column {' and '.join(missing)}; it needs {','.join(NEEDED)}")
    if unknown := [name for name in found if name not in COLUMNS]:
        raise UserError(f"{path}: there is no column {unknown[0]!r}; known are {', '.join(COLUMNS)}")
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise UserError(f"{path}: has the column {twice!r} more than once; keep one")


def _checked(path: Path, line: int, row: Mapping[str, str]) -> Mapping[str, str]:
    """The row, if it says neither too little nor too much."""
    if missing := [name for name in NEEDED if not row[name].strip()]:
        raise UserError(f"{path}: line {line}: lacks {' and '.join(missing)}; every line needs {' and '.join(NEEDED)}")
    if "more" in row:
        raise UserError(f"{path}: line {line}: has more values than columns; quote what holds a comma")
    return row


def _check_names(path: Path, lines: Iterable[tuple[int, Mapping[str, str]]]) -> None:
    """Refuses names that are given and that no file can have, or twice."""
    lines_by_name: dict[str, int] = {}
    for line, row in lines:
        name = row.get("name", "").strip()
        if not name:
            continue
        if name != file_name(name):
            raise UserError(f"{path}: line {line}: no file can be called {name!r}; {file_name(name)!r} would do")
        first = lines_by_name.setdefault(folded(name), line)
        if first != line:
            raise UserError(f"{path}: line {line}: the name {name!r} is that of line {first}; give another")


def _pair(folder: Path, row: Mapping[str, str]) -> Pair:
    """What a row says; without a name where it has none."""
    texts = {name: (row.get(name) or "").strip() for name in COLUMNS}
    paths = {name: folder / texts[name] if texts[name] else None for name in _PATHS}
    stems, reference = folder / texts["stems"], folder / texts["reference"]
    return Pair(
        name=texts["name"],
        song=texts["song"] or song_title(stems),
        stems=stems,
        reference=reference,
        truth=paths["truth"],
        truth_stems=paths["truth_stems"],
        wrong_reference=paths["wrong_reference"],
        task=texts["task"],
    )


def _named(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs, each with a name that no other has."""
    taken = {folded(pair.name) for pair in pairs if pair.name}
    named = []
    for pair in pairs:
        name = pair.name or _free_name(pair, taken)
        taken.add(folded(name))
        named.append(replace(pair, name=name))
    return named


def _free_name(pair: Pair, taken: set[str]) -> str:
    """A pair by its song and reference, and by a number from the second one on."""
    song, reference = (
        file_name(text[:_LONGEST_PART], _LONGEST_PART_BYTES) for text in (pair.song, pair.reference.stem)
    )
    name = file_name(f"{song} like {reference}")
    numbered = (f"{name} {number}" for number in count(2))
    return name if folded(name) not in taken else next(other for other in numbered if folded(other) not in taken)


def _relative(path: Path, folder: Path) -> str:
    """As a file in `folder` refers to it, with forward slashes; absolute where it lies on another drive."""
    path = path.parent.resolve() / path.name  # what a link is called, not where it leads
    try:
        return Path(os.path.relpath(path, folder.resolve())).as_posix()
    except ValueError:
        return path.as_posix()
