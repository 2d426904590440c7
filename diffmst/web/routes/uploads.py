"""Stems and references: brought in, and taken out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from starlette.requests import ClientDisconnect

from diffmst.web.problems import PROBLEMS, Responses
from diffmst.web.removing import remove_file
from diffmst.web.session import Session
from diffmst.web.session_info import FileId, Reference, Stem
from diffmst.web.state import OfSession, ServerState, State
from diffmst.web.uploads import Received, Upload

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["files in"], responses=PROBLEMS)

Name = Annotated[
    str, Path(description="Of the file, with its ending; folders before it are left out.", max_length=1000)
]
_BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_STORED: Responses = {200: {"description": "It was there already, byte for byte."}}


@router.put("/stems/{name:path}", status_code=201, responses=_STORED, openapi_extra=_BYTES, summary="Upload a stem")
async def upload_stem(name: Name, session: OfSession, state: State, request: Request, response: Response) -> Stem:
    """The body is the file, of any length up to the limits of `GET /api/about`; it must be audio by its content.

    A second file of a name gets a number; the same file once more is the same stem.
    """
    received = await _receive(Upload(session, Stem, name, state.limits), session, state, request)
    response.status_code = 201 if received.new else 200
    assert isinstance(received.file, Stem)
    return received.file


@router.put(
    "/references/{name:path}", status_code=201, responses=_STORED, openapi_extra=_BYTES, summary="Upload a reference"
)
async def upload_reference(
    name: Name, session: OfSession, state: State, request: Request, response: Response
) -> Reference:
    """As a stem."""
    received = await _receive(Upload(session, Reference, name, state.limits), session, state, request)
    response.status_code = 201 if received.new else 200
    assert isinstance(received.file, Reference)
    return received.file


@router.delete("/stems/{file_id}", status_code=204, summary="Take a stem out, and its track out of the mix")
def delete_stem(file_id: FileId, session: OfSession, state: State) -> None:
    """An uploaded file is removed; one of a linked session stays where it is."""
    _remove(file_id, "stems", session, state)


@router.delete("/references/{file_id}", status_code=204, summary="Take a reference out")
def delete_reference(file_id: FileId, session: OfSession, state: State) -> None:
    """An uploaded file is removed; one of a linked session stays where it is."""
    _remove(file_id, "references", session, state)


async def _receive(upload: Upload, session: Session, state: ServerState, request: Request) -> Received:
    try:
        received = await upload.receive(request.stream(), _length(request))
    except ClientDisconnect:
        raise HTTPException(400, "the connection broke off") from None
    if received.new:
        _told(session, state)
    return received


def _length(request: Request) -> int | None:
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isdecimal() else None


def _remove(file_id: str, field: str, session: Session, state: ServerState) -> None:
    revision = remove_file(session, file_id, field)
    if revision is not None:
        state.hub.publish(session.id, {"type": "mix", "revision": revision, "origin": "page"})
    _told(session, state)


def _told(session: Session, state: ServerState) -> None:
    state.hub.publish(session.id, {"type": "session"})
    state.runner.prepare(session)
