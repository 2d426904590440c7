"""Sessions that are linked: stems, references and document are yours and stay where they are.

Work is kept in the session, as ever; your document changes only when you say so.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from fastapi import HTTPException

from diffmst.adjust import moved_to
from diffmst.data.checksum import file_sha256
from diffmst.mix import Mix
from diffmst.outputs import write_text_atomically
from diffmst.web.probing import described
from diffmst.web.session import Session
from diffmst.web.session_info import Reference, SessionInfo, Stem
from diffmst.web.store import Store

_MIX_FOLDER = re.compile(r"mix(-\d+)?")


def link(store: Store, document: Path) -> Session:
    """The session of a mix document of yours: the one that was opened from it before, or a new one.

    Where the document has changed since, the session takes it, and keeps what it had in its history.

    Raises:
        UserError: it is no mix document, or the session cannot be written.
    """
    document = document.resolve()
    mix, checksum = Mix.read(document), file_sha256(document)
    session = _linked_before(store, document) or store.create(SessionInfo(title=_title(document)))
    if session.info().linked_sha256 != checksum:
        stems, references = _files(session, mix, document.parent)
        session.change(
            lambda info: info.model_copy(update={"stems": stems, "references": references, "linked": str(document)})
        )
        session.put_document(moved_to(mix, document.parent, session.mix_folder), "link")
        # Last, so that whoever was killed before it begins anew.
        session.change(lambda info: info.model_copy(update={"linked_sha256": checksum}))
    return session


def save(session: Session, *, force: bool) -> Path:
    """Writes the mix of a linked session to the document that it was opened from; returns where that is.

    Raises:
        HTTPException: it is not linked, or the document was changed meanwhile and `force` is not given.
        UserError: it cannot be written.
    """
    with session.lock:
        info, found = session.info(), session.document()
        if info.linked is None or found is None:
            raise HTTPException(409, "the session was not opened from a mix document; download its mix.json instead")
        path = Path(info.linked)
        if not force and path.exists() and file_sha256(path) != info.linked_sha256:
            raise HTTPException(409, f"{path}: was changed by another program meanwhile; save again to replace it")
        write_text_atomically(path, moved_to(found.mix, session.mix_folder, path.parent).to_json())
        checksum = file_sha256(path)
        session.change(lambda info: info.model_copy(update={"linked_sha256": checksum}))
        return path


def _linked_before(store: Store, document: Path) -> Session | None:
    """Damaged sessions are passed over."""
    for session in store.sessions():
        if session.readable and session.info().linked == str(document):
            return session
    return None


def _title(document: Path) -> str:
    """The folder that `diffmst mix` wrote into is called mix or mix-2: then the song is the one above."""
    folder = document.parent
    name = folder.parent.name if _MIX_FOLDER.fullmatch(folder.name) else folder.name
    return "".join(c if c.isprintable() else " " for c in name).strip()[:200] or "Song"


def _files(session: Session, mix: Mix, folder: Path) -> tuple[tuple[Stem, ...], tuple[Reference, ...]]:
    """The files of a document in `folder`, each once, under the ids that they have already."""
    info = session.info()
    ids = {file.file: file.id for file in (*info.stems, *info.references)}

    def about(path: str, name: str) -> dict[str, object]:
        found = (folder / path).resolve()
        return {"id": ids.get(str(found)) or secrets.token_hex(4), "file": str(found), **described(found), "name": name}

    stems = [
        Stem.model_validate(about(track.path, track.name) | {"role": track.role if track.role_from == "user" else None})
        for track in mix.tracks
    ]
    references = [
        Reference.model_validate(
            about(one.path, Path(one.path).stem) | {"weight": one.weight, "aspects": one.aspects, "main": one.main}
        )
        for one in mix.references
    ]
    return tuple({stem.file: stem for stem in stems}.values()), tuple({one.file: one for one in references}.values())
