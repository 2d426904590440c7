"""Sessions: what there is, and what is said of one."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from diffmst.errors import UserError
from diffmst.roles import roles_by_name
from diffmst.web.problems import PROBLEMS
from diffmst.web.session import Session
from diffmst.web.session_changes import SessionPatch, patched
from diffmst.web.session_info import FileId, SessionInfo, Title
from diffmst.web.state import OfSession, State

router = APIRouter(prefix="/api/sessions", tags=["sessions"], responses=PROBLEMS)

DEMO_TITLE = "Demo song"


class SessionSummary(BaseModel):
    """A session in the list."""

    id: str
    title: str
    created_at: datetime | None
    changed_at: datetime | None
    stems: int
    references: int
    seconds: float = Field(description="Of its longest stem.")
    revision: int = Field(description="Of its mix; 0 where there is none yet.")
    linked: str | None = Field(description="The mix document, yours, that it was opened from.")
    problem: str | None = Field(description="Why it cannot be opened.")


class SessionDetail(SessionInfo):
    """All that is known of a session."""

    id: str
    revision: int = Field(description="Of its mix; 0 where there is none yet.")
    roles_by_name: dict[FileId, str] = Field(
        description="What stems are as far as their names tell, by id; before a match, which listens to them too."
    )


class NewSession(BaseModel):
    """What a session begins with."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Ballad"}]})

    title: Title = "New song"


_UNTITLED = NewSession()


@router.get("", summary="All sessions, last changed first")
def list_sessions(state: State) -> list[SessionSummary]:
    """Damaged ones are listed with their problem."""
    found = [_summary(session) for session in state.store.sessions()]
    return sorted(found, key=lambda one: (one.changed_at.timestamp() if one.changed_at else 0.0, one.id), reverse=True)


@router.post("", status_code=201, summary="A new session")
def create_session(state: State, body: NewSession = _UNTITLED) -> SessionDetail:
    """Empty: stems and references are uploaded next."""
    return _detail(_created(body.title, state))


@router.post("/demo", status_code=201, summary="A new session with a song and a reference made on the spot")
def create_demo(state: State) -> SessionDetail:
    """They are made by a job of kind `demo`, which takes some seconds: see its events."""
    session = _created(DEMO_TITLE, state)
    state.runner.submit(session, "demo", {})
    return _detail(session)


@router.get("/{session_id}", summary="One session")
def read_session(session: OfSession, state: State) -> SessionDetail:
    """Its files are prepared for playing, if they are not."""
    detail = _detail(session)
    state.runner.prepare(session)
    return detail


@router.patch("/{session_id}", summary="Change what is said of a session")
def change_session(body: SessionPatch, session: OfSession, state: State) -> SessionDetail:
    """What is left out stays as it is."""
    session.change(lambda info: patched(info, body))
    state.hub.publish(session.id, {"type": "session"})
    return _detail(session)


@router.delete("/{session_id}", status_code=204, summary="Remove a session with all its files")
def delete_session(session: OfSession, state: State) -> None:
    """Jobs that are under way are cancelled. What a linked session was opened from stays where it is."""
    state.runner.forget(session)
    state.store.delete(session)
    state.hub.forget(session.id)


def _created(title: str, state: State) -> Session:
    if len(state.store.sessions()) >= state.limits.max_sessions:
        raise HTTPException(409, f"there are {state.limits.max_sessions} sessions already; delete some first")
    return state.store.create(SessionInfo(title=title))


def _detail(session: Session) -> SessionDetail:
    info = session.info()
    by_name = zip(info.stems, roles_by_name([stem.name for stem in info.stems]), strict=True)
    return SessionDetail(
        id=session.id,
        revision=session.documents.revision(),
        roles_by_name={stem.id: found.role.name for stem, found in by_name if found.role.name},
        **dict(info),
    )


def _summary(session: Session) -> SessionSummary:
    try:
        info = session.info()
        return SessionSummary(
            id=session.id,
            title=info.title,
            created_at=info.created_at,
            changed_at=info.changed_at,
            stems=len(info.stems),
            references=len(info.references),
            seconds=max((stem.seconds for stem in info.stems), default=0.0),
            revision=session.documents.revision(),
            linked=info.linked,
            problem=None,
        )
    except UserError as error:
        return SessionSummary(
            id=session.id,
            title="Damaged session",
            created_at=None,
            changed_at=None,
            stems=0,
            references=0,
            seconds=0.0,
            revision=0,
            linked=None,
            problem=str(error),
        )
