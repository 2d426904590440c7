"""What was made for the user: listed, and downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from diffmst.web.problems import PROBLEMS, Responses
from diffmst.web.session import Session
from diffmst.web.state import OfSession

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["files out"], responses=PROBLEMS)

_MOST_LISTED = 5_000
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""For pages that are looked at in the browser: they run nothing and load nothing."""

_BYTES: Responses = {200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


class FileInfo(BaseModel):
    """A file that may be downloaded."""

    path: str = Field(description="For `GET /files/{path}`.")
    bytes: int
    changed_at_s: float = Field(description="In seconds since 1970.")


class Files(BaseModel):
    """Files that may be downloaded."""

    folder: str = Field(description="Where they lie on the machine of the server.")
    files: list[FileInfo]


@router.get("/files", summary="Files of the mix that may be downloaded")
def list_files(session: OfSession) -> Files:
    """All that lies in the mix folder of the session: the document, renders, the report, exports."""
    folder = session.mix_folder
    found = sorted(_regular_files(folder))[:_MOST_LISTED]
    return Files(folder=str(folder), files=[_info(path, folder) for path in found])


@router.get("/files/{path:path}", response_class=FileResponse, responses=_BYTES, summary="Download a file of the mix")
def read_file(
    path: Annotated[str, Path(max_length=2000)],
    session: OfSession,
    view: Annotated[
        bool, Query(description="Show a page or picture instead of saving it; it can run nothing.")
    ] = False,
) -> Response:
    """As an attachment."""
    file = _inside(session, path)
    disposition = "inline" if view and file.suffix in (".html", ".png", ".svg") else "attachment"
    headers = {"content-security-policy": _SANDBOX}
    return FileResponse(file, filename=file.name, content_disposition_type=disposition, headers=headers)


def _regular_files(folder: FilePath) -> Iterator[FilePath]:
    """Neither hidden, nor behind a link."""
    for place, folders, names in () if folder.is_symlink() else os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = FilePath(place) / name
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def _info(path: FilePath, folder: FilePath) -> FileInfo:
    status = path.stat()
    return FileInfo(path=path.relative_to(folder).as_posix(), bytes=status.st_size, changed_at_s=status.st_mtime)


def _inside(session: Session, path: str) -> FilePath:
    """A file below the mix folder, which no `..`, no absolute path and no link leads out of."""
    missing = HTTPException(404, "there is no such file")
    parts = path.replace("\\", "/").split("/")
    if "\0" in path or any(part in ("", ".", "..") or part.startswith(".") or ":" in part for part in parts):
        raise missing
    file = session.mix_folder.joinpath(*parts)
    real = session.folder.resolve().joinpath(session.mix_folder.name, *parts)
    try:
        if not file.is_file() or file.resolve() != real:
            raise missing
    except OSError:  # a name too long for the system
        raise missing from None
    return file
