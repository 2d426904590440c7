"""Small sessions on disk and jobs on them, for the tests of jobs."""

import hashlib
import os
import threading
import time
from pathlib import Path

import songs

from diffmst.web.hub import Hub
from diffmst.web.jobs.job import Task
from diffmst.web.jobs.options import OPTIONS
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.runner import Runner
from diffmst.web.pcm import PcmReader
from diffmst.web.session import Session
from diffmst.web.session_info import Reference, SessionInfo, Stem
from diffmst.web.store import Store

ENOUGH_S = 120.0
"""For anything here to end, on the slowest machine."""


class RecordingHub(Hub):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict] = []

    def publish(self, session_id: str, event: dict) -> None:
        self.events.append(event)
        super().publish(session_id, event)

    def of_job(self, job_id: str) -> list[dict]:
        return [event["job"] for event in self.events if event["type"] == "job" and event["job"]["id"] == job_id]

    def of_type(self, kind: str) -> list[dict]:
        return [event for event in self.events if event["type"] == kind]


class Working:
    """A runner that has been started, and what is told of it."""

    def __init__(self, root):
        self.hub, self.store = RecordingHub(), Store(root)
        self.runner = Runner(self.store, self.hub)
        self.runner.start()


def session_with_song(store: Store, seconds: float = 4.0, title: str = "Song") -> Session:
    """Three stems and a reference."""
    session = store.create(SessionInfo(title=title))
    stems = sorted(songs.write_song(session.stems_folder, seconds).iterdir())
    reference = songs.write_reference(session.references_folder / "hit.wav", seconds, rate=44_100)
    session.change(
        lambda info: info.model_copy(
            update={
                "stems": tuple(
                    Stem(id=f"{number:08x}", name=path.stem, file=f"stems/{path.name}")
                    for number, path in enumerate(stems)
                ),
                "references": (Reference(id="0000000f", name="hit", file=f"references/{reference.name}"),),
            }
        )
    )
    return session


def wait_for(condition, what="it"):
    """Until a condition holds; its value."""
    deadline = time.monotonic() + ENOUGH_S
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {ENOUGH_S:g} s")


def ended(runner: Runner, session: Session, job_id: str):
    """A job once it has ended."""
    return wait_for(lambda: (job := runner.job(session, job_id)) and job.ended and job, f"the end of {job_id}")


def at_rest(runner: Runner, session: Session) -> None:
    """Until all jobs of a session have ended."""
    wait_for(lambda: all(job.ended for job in runner.jobs(session)), "the end of all jobs")


def done(runner: Runner, session: Session, kind: str, **options):
    """A job done, and nothing left to do after it."""
    job = ended(runner, session, runner.add(session, kind, options).id)
    assert job.state in ("done", "stopped"), job
    at_rest(runner, session)
    return job


def contents(folder: Path) -> dict[str, str]:
    """All files of a folder but those that can be made again, with their checksums."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "cache" not in path.relative_to(folder).parts
    }


def leftovers(folder: Path) -> list[str]:
    """What nobody should find; it may be going while one looks."""
    found = [name for _, folders, files in os.walk(folder) for name in (*folders, *files)]
    return [name for name in found if name.startswith((".job-", ".diffmst-"))]


def cached(session: Session, source: str):
    """What is prepared of a source: about it, and its samples."""
    found = PcmReader.open(session.cache_folder, source)
    return found.info, found.read(0, found.info.frames)


def task_of(session, kind, **options) -> Task:
    """A task to be done here; its scratch folder stays."""
    document = session.document()
    scratch = session.folder / ".job-0"
    scratch.mkdir(exist_ok=True)
    return Task(
        "0",
        kind,
        session.folder,
        scratch,
        session.info(),
        document.mix if document else None,
        document.revision if document else 0,
        OPTIONS[kind].model_validate(options),
    )


def reporter(cancel_in=None) -> Reporter:
    """One that cancels the job when a phase begins, if one is named."""
    cancelled = threading.Event()

    def tell(content):
        if cancel_in and getattr(content, "phase", None) == cancel_in:
            cancelled.set()

    return Reporter(tell, {}, {}, threading.Event(), cancelled)
