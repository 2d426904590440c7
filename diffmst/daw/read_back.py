"""Sessions read back: what the musician has changed in one goes into its mix document, and is locked there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from diffmst.adjust import moved_to
from diffmst.daw.exporting import FOLDER_NAME
from diffmst.daw.formats import Format, SessionValues, all_formats, format_named
from diffmst.daw.merging import Change, Merged, is_unity, merge_session, values_of
from diffmst.daw.record import DOCUMENT_NAME, RECORD_NAME, Record, read_record
from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder, write_text_atomically

_SHARED_AT_LEAST = 0.5  # of its tracks a session shares with its mix: stems of two songs may be called alike


class ReadBack(NamedTuple):
    """What a session said.

    Attributes:
        mix: the document with what was changed in the session, locked.
        document: where the document lies.
        changes: one each; none where the session is as it was written.
        notes: a line each on what the session has that the console cannot say.
    """

    mix: Mix
    document: Path
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


class _Session(NamedTuple):
    kind: Format
    path: Path


def import_session(
    session: Path | str, folder: Path | str, document: Path | str | None = None, *, force: bool = False
) -> ReadBack:
    """Reads a session as `read_session` does, and writes the document that it makes into a folder.

    Args:
        session: its folder or file.
        folder: for the document, which keeps its name.
        document: the mix.json that takes the changes; the one that was exported if not given.
        force: replace a document that is there.

    Raises:
        UserError: the session or the document cannot be used, or the result not written.
    """
    read = read_session(session, document)
    write_document(read, Path(folder), force=force)
    return read


def read_session(session: Path | str, document: Path | str | None = None) -> ReadBack:
    """The mix of a session that `export_session` wrote, and that the musician has changed since.

    Only what differs from the session as it was written goes into the document: what its format cannot say, or not to
    the last digit, stays as it is. Where nothing tells what was written, the session is compared with the document,
    and where the return of a printed reverb stands is left out.

    Args:
        session: its folder or file.
        document: the mix.json that takes the changes; the one that was exported if not given.

    Raises:
        UserError: the session or the document cannot be used, or they are of different mixes.
    """
    found = _find(Path(session))
    document = Path(document) if document else _own_document(found)
    mix = Mix.read(document)
    read = found.kind.read(found.path)
    shared = len(read.tracks.keys() & values_of(mix).tracks.keys())
    if not shared or shared < _SHARED_AT_LEAST * len(read.tracks):
        told = f"has {shared} of its {len(read.tracks)} tracks in common with {document}"
        raise UserError(f"{found.path}: {told}; give the mix.json that it was exported from")
    merged = _merged(mix, list(_records(found, document)), read)
    return ReadBack(merged.mix, document, merged.changes, (*merged.notes, *read.ignored))


def write_document(read: ReadBack, folder: Path, *, force: bool = False) -> Path:
    """Writes what `read_session` found into a folder, under the name of the document; returns where.

    Raises:
        UserError: it cannot be written, or there is one already and `force` is not given.
    """
    name = read.document.name
    with OutputFolder(folder, [name], force=force) as outputs:
        write_text_atomically(outputs.path(name), moved_to(read.mix, read.document.parent, folder).to_json())
    return folder / name


def _find(session: Path) -> _Session:
    """The file of a session and its format."""
    if not session.exists():
        raise UserError(f"{session}: no such file or folder; give the session that `diffmst export` wrote")
    kinds = {kind.suffix: kind for kind in all_formats() if kind.suffix}
    candidates = sorted(session.iterdir()) if session.is_dir() else [session]
    found = [path for path in candidates if path.suffix.lower() in kinds and path.is_file()]
    if not found:
        raise UserError(f"{session}: {_nothing_found(session, sorted(kinds))}")
    if len(found) > 1:
        raise UserError(f"{session}: holds several sessions, {', '.join(path.name for path in found)}; give one file")
    return _Session(kinds[found[0].suffix.lower()], found[0])


def _nothing_found(session: Path, suffixes: Sequence[str]) -> str:
    """What a file or folder is that is no session, and what to give instead."""
    if (record := read_record(session)) and not format_named(record.session).suffix:
        return f"holds {record.session}, which cannot be read back; import a session of another format"
    below = (path for pattern in ("*/*", f"{FOLDER_NAME}/*/*") for path in session.glob(pattern))
    if within := sorted({str(path.parent) for path in below if path.suffix.lower() in suffixes}):
        return f"is a folder of sessions; give one of them: {', '.join(within)}"
    return f"is no session that can be read back, and holds none; those end in {', '.join(suffixes)}"


def _own_document(session: _Session) -> Path:
    """The document that a session was made from, or the copy beside it where that is gone."""
    folder = session.path.parent
    record = _record_in(folder, session.kind)
    copy = folder / DOCUMENT_NAME
    if record and (original := folder / record.document).exists():
        plain = Path(os.path.normpath(original))  # as the user would write it, unless a link leads elsewhere
        return plain if plain.exists() and plain.samefile(original) else original
    if record and copy.exists():
        return copy
    raise UserError(f"{session.path}: nothing beside it says which mix it is; give its mix.json too")


def _merged(mix: Mix, records: Sequence[Record], read: SessionValues) -> Merged:
    """The document with what was changed since that export of which the session differs the least."""
    if records:
        each = (merge_session(mix, record.values(), read) for record in records)
        return min(each, key=lambda merged: len(merged.changes))
    return _merged_unrecorded(mix, read)


def _merged_unrecorded(mix: Mix, read: SessionValues) -> Merged:
    """The same where nothing tells what was exported.

    A fader of a printed reverb would be added at every import, while one of a reverb that tells its levels is not.
    """
    told = f"there is no {RECORD_NAME} of its export: all that differs from the document is taken for a change"
    if not (read.fx or is_unity(read.return_gain_db)):
        told += f", but for the return of the reverb, which stands at {read.return_gain_db:+.1f} dB"
        read = read._replace(return_gain_db=0.0)
    merged = merge_session(mix, values_of(mix), read)
    return merged._replace(notes=(told, *merged.notes))


def _records(session: _Session, document: Path) -> Iterator[Record]:
    """What a session may have been when it was written.

    One that was saved elsewhere is looked up where export writes, which may have written several of its kind.
    """
    if own := _record_in(session.path.parent, session.kind):
        yield own
        return
    for folder in (document.parent, *sorted((document.parent / FOLDER_NAME).glob("*/"))):
        if found := _record_in(folder, session.kind):
            yield found


def _record_in(folder: Path, kind: Format) -> Record | None:
    """The record in a folder if it is of a session of that kind."""
    record = read_record(folder)
    return record if record and format_named(record.session).suffix == kind.suffix else None
