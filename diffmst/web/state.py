"""What the routes share: the store, the hub, the runner of jobs, and the session that a request is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, HTTPException, Path, Request

from diffmst.web.access import Access
from diffmst.web.hub import Hub
from diffmst.web.limits import Limits
from diffmst.web.session import Session
from diffmst.web.store import Store


class Runner(Protocol):
    """What works on sessions, beside the server. Its methods may be called from any thread, and return at once."""

    def start(self) -> None:
        """The server is up: get ready for work."""

    def close(self) -> None:
        """The server goes down: end all work, with nothing half-written. Returns when it has ended."""

    def prepare(self, session: Session) -> None:
        """The files of a session, or its document, have come or changed: make the cache be of them, if it is not."""

    def submit(self, session: Session, kind: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Queues a job; returns it as in its events."""

    def forget(self, session: Session) -> None:
        """A session is about to be deleted: cancel its jobs. Returns when nothing of it is in use any more."""


RunnerFactory = Callable[[Store, Hub], Runner]


@dataclass(frozen=True)
class ServerState:
    """What the routes share."""

    store: Store
    hub: Hub
    runner: Runner
    access: Access
    limits: Limits


def _state(request: Request) -> ServerState:
    state: ServerState = request.app.state.server
    return state


State = Annotated[ServerState, Depends(_state)]
"""In the signature of a route: what the routes share."""

SessionId = Annotated[
    str,
    Path(description="As `GET /api/sessions` lists it.", json_schema_extra={"pattern": "^[0-9a-f]{16}$"}),
]


def _session(session_id: SessionId, state: State) -> Session:
    session = state.store.get(session_id)
    if session is None:
        raise HTTPException(404, f"there is no session {session_id[:40]}")
    return session


OfSession = Annotated[Session, Depends(_session)]
"""In the signature of a route below `/sessions/{session_id}`: the session; 404 where there is none."""
