"""The jobs of all sessions: what there is, and in which state."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict, defaultdict

from diffmst.web.hub import Hub
from diffmst.web.jobs.job import Job
from diffmst.web.jobs.options import Kind, Options
from diffmst.web.session import Session

_REMEMBERED = 50  # jobs of one session that have ended


class Entry:
    """A job, and what else the runner has to know of it.

    Attributes:
        session: that it is of.
        options: of its kind.
        job: as pages see it; replaced with every change.
        stop: it is to end with the best so far.
        cancelled: it is to end, and nothing is to become of it.
        over: set when nothing of the session is in use for it any more.
    """

    def __init__(self, session: Session, kind: Kind, options: Options) -> None:
        self.session, self.options = session, options
        self.job = Job(id=secrets.token_hex(8), kind=kind)
        self.stop = self.cancelled = self._home = False
        self.over = threading.Event()
        self._lock = threading.Lock()

    def cancel(self) -> bool:
        """Nothing is to become of it; returns whether that is still possible."""
        with self._lock:
            self.cancelled = self.cancelled or not self._home
            return self.cancelled

    def bring_home(self) -> bool:
        """What it made is about to become part of the session; returns whether it may, and was not cancelled."""
        with self._lock:
            self._home = not self.cancelled
            return self._home


class Board:
    """Keeps the jobs of every session, the latest of those that have ended, and publishes every change of one.

    Args:
        hub: told of changes.
        lock: held while anything changes.
    """

    def __init__(self, hub: Hub, lock: threading.RLock) -> None:
        self._hub, self._lock = hub, lock
        self._entries: defaultdict[str, OrderedDict[str, Entry]] = defaultdict(OrderedDict)

    def add(self, entry: Entry) -> None:
        """A new job."""
        with self._lock:
            entries = self._entries[entry.session.id]
            entries[entry.job.id] = entry
            ended = [job_id for job_id, one in entries.items() if one.job.ended]
            for job_id in ended[: max(0, len(ended) - _REMEMBERED)]:
                del entries[job_id]
            self._publish(entry)

    def of(self, session: Session) -> list[Entry]:
        """The jobs of a session, oldest first."""
        with self._lock:
            return list(self._entries.get(session.id, {}).values())

    def find(self, session: Session, job_id: str) -> Entry | None:
        """One of them."""
        with self._lock:
            entries = self._entries.get(session.id)
            return entries.get(job_id) if entries else None

    def remove(self, session: Session) -> None:
        """The session is no more."""
        with self._lock:
            self._entries.pop(session.id, None)

    def update(self, entry: Entry, **changes: object) -> None:
        """Changes what pages see of a job, unless it has ended."""
        with self._lock:
            if not entry.job.ended:
                entry.job = entry.job.model_copy(update=changes)
                self._publish(entry)

    def _publish(self, entry: Entry) -> None:
        self._hub.publish(entry.session.id, {"type": "job", "job": entry.job.model_dump()})
