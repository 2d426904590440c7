"""The mix document: read, changed, adjusted, brought back from its history, and saved where it came from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from diffmst.amount import Amounts
from diffmst.mix import Mix
from diffmst.web.documents import Document
from diffmst.web.linking import save
from diffmst.web.problems import PROBLEMS
from diffmst.web.session import Session
from diffmst.web.state import OfSession, State

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["mix"], responses=PROBLEMS)

NO_MIX = "there is no mix yet; match the song to a reference, or balance its stems, first"


class PastMix(BaseModel):
    """A document of the history."""

    name: str
    revision: int
    origin: str = Field(description="What came after it: page, balance, match, rematch, restore, removal, link.")
    saved_at_s: float = Field(description="When it was replaced, in seconds since 1970.")


class RevisedMix(BaseModel):
    """The document, its revision, and what it may be brought back to."""

    revision: int
    mix: Mix
    can_undo_to: list[PastMix]


class ChangedMix(BaseModel):
    """The document, changed: what `GET /mix` answers may come back as it is, with other settings in it."""

    revision: int = Field(ge=0, description="That the change was made on.")
    mix: Mix


class Revision(BaseModel):
    """Of the document now."""

    revision: int


class Adjustment(BaseModel):
    """How much of what was matched is wanted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amounts": {"overall": 70}}]})

    amounts: Amounts
    mix: Mix | None = Field(default=None, description="To begin with; the document of the session if not given.")


class AdjustedMix(BaseModel):
    """A document with other amounts, not saved yet."""

    mix: Mix
    kept: list[str] = Field(description="What stayed as it was since you had changed it, as `Kick: fader.gain_db`.")


class Save(BaseModel):
    """How a linked session is saved."""

    model_config = ConfigDict(extra="forbid")

    force: bool = Field(default=False, description="Even where the file was changed by another program meanwhile.")


_GENTLY = Save()


class Saved(BaseModel):
    """Where it was saved."""

    path: str


@router.get("/mix", response_model=RevisedMix, summary="The mix document and its revision")
def read_mix(session: OfSession) -> Response:
    """404 before the stems are balanced or matched."""
    found = session.document()
    if found is None:
        raise HTTPException(404, NO_MIX)
    return _answer(session, found)


@router.put("/mix", summary="Save a changed document")
def write_mix(body: ChangedMix, session: OfSession, state: State) -> Revision:
    """409 where another page or a job has changed it since the revision that the change was made on."""
    return _published(session, state, session.put_document(body.mix, revision=body.revision), "page")


@router.post("/mix/adjust", response_model=AdjustedMix, summary="More or less of what was matched")
def adjust_mix(body: Adjustment, session: OfSession) -> Response:
    """What is locked stays, and so does what you have changed. Nothing is saved."""
    from diffmst.adjust import adjusted, remembers  # when first used

    document = None if body.mix else session.document()
    mix = body.mix or (document and document.mix)
    if mix is None:
        raise HTTPException(404, NO_MIX)
    if not remembers(mix):
        raise HTTPException(409, "the document does not say what was matched; match it again first")
    found = adjusted(mix, body.amounts)
    return _json(AdjustedMix.model_construct(mix=found.mix.spelled_out(), kept=found.kept))


@router.get("/mix/history", summary="What the document was before, newest first")
def list_history(session: OfSession) -> list[PastMix]:
    """The last 50: before and after every job, and every few minutes of work by hand."""
    return _past(session)


@router.post("/mix/history/{name}/restore", response_model=RevisedMix, summary="Bring an earlier document back")
def restore_mix(
    name: Annotated[str, Path(max_length=80)],
    session: OfSession,
    state: State,
) -> Response:
    """The current one goes into the history."""
    try:
        found = session.restore(name)
    except FileNotFoundError:
        raise HTTPException(404, f"there is no document {name} in the history") from None
    _published(session, state, found.revision, "restore")
    return _answer(session, found)


@router.post("/save", summary="Write a linked session's mix to the document that it was opened from")
def save_linked(session: OfSession, body: Save = _GENTLY) -> Saved:
    """Only asked for does anything outside the session change; 409 where that file has changed meanwhile."""
    return Saved(path=str(save(session, force=body.force)))


def _published(session: Session, state: State, revision: int, origin: str) -> Revision:
    state.hub.publish(session.id, {"type": "mix", "revision": revision, "origin": origin})
    return Revision(revision=revision)


def _answer(session: Session, found: Document) -> Response:
    return _json(
        RevisedMix.model_construct(revision=found.revision, mix=found.mix.spelled_out(), can_undo_to=_past(session))
    )


def _past(session: Session) -> list[PastMix]:
    return [PastMix(**past._asdict()) for past in session.documents.history()]


def _json(model: BaseModel) -> Response:
    """Without validating once more what was validated on its way in."""
    return Response(model.model_dump_json(), media_type="application/json")
