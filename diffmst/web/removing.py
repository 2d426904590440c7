"""Files taken out of a session, and out of its mix."""

from __future__ import annotations

from pathlib import Path

from fastapi import HTTPException

from diffmst.mix import Mix
from diffmst.web.session import Session


def remove_file(session: Session, file_id: str, field: str) -> int | None:
    """Takes a stem or reference out; returns the new revision of the mix where that had it.

    Args:
        session: that has it.
        file_id: of the file.
        field: stems or references.

    Raises:
        HTTPException: there is none of this id, or it is the only track of the mix.
        UserError: the session cannot be written.
    """
    with session.lock:
        files = getattr(session.info(), field)
        file = next((one for one in files if one.id == file_id), None)
        if file is None:
            raise HTTPException(404, f"there is no file {file_id} in the {field} of the session")
        path, revision = session.path(file), None
        found = session.document()
        if found and (mix := _without(found.mix, session.mix_folder, path)) != found.mix:
            revision = session.put_document(mix, "removal")
        left = tuple(one for one in files if one is not file)
        session.change(lambda info: info.model_copy(update={field: left}))
        if path.parent == session.folder / field:
            path.unlink(missing_ok=True)
        return revision


def _without(mix: Mix, folder: Path, path: Path) -> Mix:
    """A mix without a file.

    Raises:
        HTTPException: nothing would be left of it.
    """
    tracks = tuple(track for track in mix.tracks if (folder / track.path).resolve() != path.resolve())
    references = tuple(one for one in mix.references if (folder / one.path).resolve() != path.resolve())
    if not tracks:
        raise HTTPException(409, f"{path.stem}: is the only track of the mix; bring another stem in first, or mute it")
    return mix.model_copy(update={"tracks": tracks, "references": references})
