"""Routes of jobs, and of the pictures that they leave."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from diffmst.web.jobs.job import Job
from diffmst.web.jobs.options import (
    DemoOptions,
    ExportOptions,
    MatchOptions,
    NoOptions,
    RematchOptions,
    RenderOptions,
)
from diffmst.web.jobs.pictures import Pictures, pictures_of
from diffmst.web.jobs.runner import Runner, TooManyJobsError
from diffmst.web.problems import PROBLEMS
from diffmst.web.state import OfSession, State

router = APIRouter(prefix="/api/sessions/{session_id}", tags=["jobs"], responses=PROBLEMS)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Prepare(_Asked):
    """Decode stems and references into the cache; what is there already stays. Begins by itself when they change."""

    kind: Literal["prepare"]
    options: NoOptions = NoOptions()


class Balance(_Asked):
    """Mix the stems without a reference: as loud as such stems usually are. A mix that is there takes new stems in."""

    kind: Literal["balance"]
    options: NoOptions = NoOptions()


class Match(_Asked):
    """Mix the stems like the references; the document is new, the one before goes into the history."""

    kind: Literal["match"]
    options: MatchOptions = MatchOptions()


class Rematch(_Asked):
    """Match the document again; what is locked or muted stays as it is."""

    kind: Literal["rematch"]
    options: RematchOptions = RematchOptions()


class Measure(_Asked):
    """How the mix as it is now would leave the master bus; nothing is written but the pictures' data."""

    kind: Literal["measure"]
    options: NoOptions = NoOptions()


class Render(_Asked):
    """The mix as a WAV file, as `diffmst render` writes it."""

    kind: Literal["render"]
    options: RenderOptions = RenderOptions()


class Export(_Asked):
    """The mix as sessions of other programs, an archive each."""

    kind: Literal["export"]
    options: ExportOptions


class Demo(_Asked):
    """Stems and a reference that are made up, into a session without any."""

    kind: Literal["demo"]
    options: DemoOptions = DemoOptions()


NewJob = Annotated[Prepare | Balance | Match | Rematch | Measure | Render | Export | Demo, Field(discriminator="kind")]
JobId = Annotated[str, Path(description="As it was given when the job was started.", pattern="^[0-9a-f]{16}$")]
Wait = Annotated[
    float, Query(ge=0, le=60, description="Seconds to wait for its end, if it has not ended; ask again after that.")
]
_LOOK_EVERY_S = 0.1


def _runner(state: State) -> Runner:
    if not isinstance(state.runner, Runner):
        raise HTTPException(503, "this server does no work")
    return state.runner


OfRunner = Annotated[Runner, Depends(_runner)]


@router.post("/jobs", status_code=202, summary="Start a job")
def start_job(body: NewJob, session: OfSession, runner: OfRunner) -> Job:
    """Jobs wait for one another; a `prepare` or `measure` replaces one of its kind that waits."""
    if body.kind == "demo" and session.info().stems:
        raise HTTPException(409, "the session has stems already; the demo needs a new one")
    try:
        return runner.add(session, body.kind, body.options.model_dump())
    except TooManyJobsError as error:
        raise HTTPException(429, str(error)) from None


@router.get("/jobs", summary="The jobs of a session")
def list_jobs(session: OfSession, runner: OfRunner) -> list[Job]:
    """Oldest first; of those that have ended, the latest."""
    return runner.jobs(session)


@router.get("/jobs/{job_id}", summary="One job, once it has ended if you wait for that")
async def read_job(job_id: JobId, session: OfSession, runner: OfRunner, wait_s: Wait = 0) -> Job:
    """As in its last event."""
    until_s = time.monotonic() + wait_s
    while not (job := _found(runner.job(session, job_id), job_id)).ended and time.monotonic() < until_s:
        await asyncio.sleep(_LOOK_EVERY_S)
    return job


@router.post("/jobs/{job_id}/stop", summary="Stop a match, keep its best so far")
def stop_job(job_id: JobId, session: OfSession, runner: OfRunner) -> Job:
    """The document is written with the best settings found; jobs of other kinds go on."""
    return _found(runner.stop(session, job_id), job_id)


@router.delete("/jobs/{job_id}", summary="Cancel a job")
def cancel_job(job_id: JobId, session: OfSession, runner: OfRunner) -> Job:
    """Nothing becomes of it; a job that has ended stays as it is."""
    return _found(runner.cancel(session, job_id), job_id)


@router.get("/pictures", tags=["pictures"], summary="The mix against its reference, before and after, as data")
def read_pictures(session: OfSession) -> Pictures:
    """What there is by now: `prepare` brings reference and before, `match` and `measure` bring after."""
    return pictures_of(session)


def _found(job: Job | None, job_id: str) -> Job:
    if job is None:
        raise HTTPException(404, f"there is no job {job_id}")
    return job
