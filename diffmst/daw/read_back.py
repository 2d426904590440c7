"""Sessions read back: what the musician has changed in one goes into its mix document, and is locked there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from diffmst.adjust import moved_to
from diffmst.daw.exporting import FOLDER_NAME
from diffmst.daw.formats import Format, all_formats
from diffmst.daw.merging import Change, merge_session, values_of
from diffmst.daw.record import DOCUMENT_NAME, Record
from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder, write_text_atomically


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
    the last digit, stays as it is. Where nothing tells what was written, the session is compared with the document.

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
    record = _record(found, document)
    before = record.values() if record else values_of(mix)
    merged = merge_session(mix, before, read)
    if merged.strangers == len(mix.tracks):
        raise UserError(f"{found.path}: has no track of {document}; give the mix.json that it was exported from")
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
        known = ", ".join(sorted(kinds))
        raise UserError(f"{session}: is no session and holds none; what can be read back ends in {known}")
    if len(found) > 1:
        raise UserError(f"{session}: holds several sessions, {', '.join(path.name for path in found)}; give one file")
    return _Session(kinds[found[0].suffix.lower()], found[0])


def _own_document(session: _Session) -> Path:
    """The document that a session was made from, or the copy beside it where that is gone."""
    folder = session.path.parent
    record = Record.read(folder, session.kind)
    copy = folder / DOCUMENT_NAME
    if record and (original := folder / record.document).exists():
        plain = Path(os.path.normpath(original))  # as the user would write it, unless a link leads elsewhere
        return plain if plain.exists() and plain.samefile(original) else original
    if record and copy.exists():
        return copy
    raise UserError(f"{session.path}: nothing beside it says which mix it is; give its mix.json too")


def _record(session: _Session, document: Path) -> Record | None:
    """What the session was when it was written; one that was saved elsewhere is looked up where export writes."""
    places = (session.path.parent, document.parent, document.parent / FOLDER_NAME / session.kind.name)
    return next(filter(None, (Record.read(place, session.kind) for place in places)), None)
