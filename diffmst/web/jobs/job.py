"""A job as the page sees it, and what is told of it between the server and the process that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from diffmst.mix import Mix
from diffmst.web.hub import ENDED
from diffmst.web.jobs.options import Kind, Options
from diffmst.web.session_info import SessionInfo

JobState = Literal["queued", "running", "stopping", "done", "stopped", "cancelled", "failed"]


class Job(BaseModel):
    """One job, as in its events."""

    id: str
    kind: Kind
    state: JobState = Field(default="queued", description="`stopped`: it ended early, and its best was kept.")
    phase: str = Field(default="", description="What is being done, in words.")
    phase_share: float = Field(default=0.0, description="Of the phase that is done, 0 to 1.")
    share: float = Field(default=0.0, description="Of the whole job, as far as can be foreseen, 0 to 1.")
    seconds_left: float | None = Field(default=None, description="Null as long as nothing can be said.")
    message: str | None = Field(default=None, description="Why it failed, in one line.")
    result: dict[str, Any] | None = Field(
        default=None,
        description="What came of it: `files` for `GET /files/{path}`, `notes` to the listener, and, by kind, "
        "distances, delivery, sources or sessions.",
    )

    @property
    def ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in ENDED


class Task(NamedTuple):
    """What the working process needs to know to do a job; a picture of the session as it was when the job began.

    Attributes:
        job_id: of the job.
        kind: of the job.
        folder: of the session.
        scratch: takes what is made. It lies beside `mix/`, so that paths relative to that hold in it.
        info: what the session knows of itself.
        mix: its document, and
        revision: of that; 0 where there is none.
        options: what was asked for.
    """

    job_id: str
    kind: Kind
    folder: Path
    scratch: Path
    info: SessionInfo
    mix: Mix | None
    revision: int
    options: Options

    @property
    def cache(self) -> Path:
        """Folder for what can be made again."""
        return self.folder / "cache"


class Done(NamedTuple):
    """What a job has made.

    Attributes:
        result: for the page, JSON.
        files: that lie in the scratch folder, and are for `mix/`.
        cached: that lie there, and are for `cache/`.
        mix: the new document, if there is one.
        stopped: the user ended it early.
        delivery: how the mix leaves the master bus, if that was measured.
        stems: that lie in the scratch folder and become stems of the session, and
        references: likewise.
    """

    result: dict[str, Any]
    files: tuple[str, ...] = ()
    cached: tuple[str, ...] = ()
    mix: Mix | None = None
    stopped: bool = False
    delivery: dict[str, Any] | None = None
    stems: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class Phase(NamedTuple):
    """How far a job is; see `Job`."""

    phase: str
    phase_share: float
    share: float
    seconds_left: float | None


class Happened(NamedTuple):
    """Something that the page is told as it is."""

    event: dict[str, Any]


class Ended(NamedTuple):
    """A job is over.

    Attributes:
        done: what it made; None where it made nothing.
        problem: why, in one line; empty where it was cancelled.
    """

    done: Done | None
    problem: str = ""


class Message(NamedTuple):
    """What the working process tells of a job."""

    job_id: str
    content: Phase | Happened | Ended
