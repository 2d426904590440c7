"""Events of a session as they happen: server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse

from diffmst.web.hub import Hub
from diffmst.web.problems import PROBLEMS, Responses
from diffmst.web.state import OfSession, State

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["events"], responses=PROBLEMS)

KEEP_ALIVE_S = 15.0
"""Without an event for so long, a comment goes out: connections that are silent are cut by what lies between."""

_RETRY_MS = 1_000
_STREAM: Responses = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "JSON objects with a `type`.",
    }
}


@router.get("/events", response_class=StreamingResponse, responses=_STREAM, summary="Events as they happen")
async def watch(session: OfSession, state: State) -> StreamingResponse:
    """Begins with the last state of every job that is under way. Each is JSON on a line that begins with `data: `.

    `job`: a `job` as `GET /jobs/{job_id}` tells it, ten times a second at most.

    `distance`: while matching, the `best` distance so far and its `terms`, at `step` of `total` of a `stage` (master,
    tracks); `job` is its id.

    `mix`: the document has a new `revision`, by `origin` (page, balance, match, rematch, restore, removal); from a
    job also what was `kept` since you had changed it meanwhile, as `Kick: fader.gain_db`.

    `session`: its files, or what is said of them, have changed; read it again.

    `delivery`: how the mix of a `revision` leaves the master bus: `gain_db`, `trim_db`, `limited`, `limiting_db`,
    `loudness_lufs`, `true_peak_dbtp`, `target_lufs`.

    `prepared`: a `source` of `GET /audio/{source}` is there: `rows`, `frames`, `sample_rate`, and the id of the `job`.

    Whoever reads too slowly is let go, and comes back: nothing is lost that the other routes do not tell.
    """
    if state.hub.full(session.id):
        raise HTTPException(429, "too many pages watch this session; close some")
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(state.hub, session.id), media_type="text/event-stream", headers=headers)


async def _stream(hub: Hub, session_id: str) -> AsyncIterator[bytes]:
    with hub.subscribed(session_id) as subscription:
        yield f"retry: {_RETRY_MS}\n\n".encode()
        while subscription.open:
            event = await subscription.take(KEEP_ALIVE_S)
            if event is not None:
                yield f"data: {json.dumps(event, allow_nan=False)}\n\n".encode()
            elif subscription.open:
                yield b": still here\n\n"
