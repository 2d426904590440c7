"""Jobs of all sessions: queued, done one after the other, stopped and cancelled."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from diffmst.errors import UserError
from diffmst.web.hub import Hub
from diffmst.web.jobs.attending import Attendant
from diffmst.web.jobs.board import Board, Entry
from diffmst.web.jobs.job import Job
from diffmst.web.jobs.options import OPTIONS, Kind, NoOptions
from diffmst.web.jobs.scratch import sweep
from diffmst.web.jobs.working import Cancel, Stop
from diffmst.web.session import Session
from diffmst.web.store import Store

MOST_QUEUED = 32
"""Jobs of one session that wait at a time."""

_LATEST_ONLY: frozenset[Kind] = frozenset({"prepare", "measure"})
"""One that is asked for anew replaces one that waits; so there are never many, and they are never refused."""

_STOPPABLE: frozenset[Kind] = frozenset({"match", "rematch"})
_PREPARED_AFTER: frozenset[Kind] = frozenset({"balance", "match", "rematch", "demo"})


class TooManyJobsError(Exception):
    """The session has as many jobs waiting as it may."""


class Runner:
    """Works on sessions: one thread that gives jobs to the working process. See `diffmst.web.state.Runner`.

    Args:
        store: the sessions.
        hub: told of everything.
    """

    def __init__(self, store: Store, hub: Hub) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._queue: deque[Entry] = deque()
        self._board = Board(hub, self._lock)
        self._attendant = Attendant(self._board, hub, self._follow)
        self._prepared: dict[str, _Prepared] = {}
        self._served = ""
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="diffmst jobs", daemon=True)

    @property
    def worker_pid(self) -> int | None:
        """Of the working process, if there is one now."""
        return self._attendant.worker_pid

    def start(self) -> None:
        """Gets ready for work, in the background."""
        self._thread.start()

    def close(self) -> None:
        """Ends all work; returns when it has ended. What was under way leaves nothing."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._attendant.close()
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, session: Session, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Queues a job; returns it as in its events.

        Raises:
            pydantic.ValidationError: the options do not fit.
            TooManyJobsError: too many are waiting.
        """
        return self.add(session, kind, options).model_dump()  # type: ignore[arg-type]  # a KeyError tells of any other

    def add(self, session: Session, kind: Kind, options: Mapping[str, Any]) -> Job:
        """Queues a job; see `submit`."""
        return self._add(Entry(session, kind, OPTIONS[kind].model_validate(options))).job

    def _add(self, entry: Entry) -> Entry:
        with self._changed:
            waiting = [one for one in self._queue if one.session.id == entry.session.id]
            if entry.job.kind in _LATEST_ONLY:
                for one in waiting:
                    if one.job.kind == entry.job.kind:
                        self._cancel(one)
            elif len(waiting) >= MOST_QUEUED:
                raise TooManyJobsError(f"{MOST_QUEUED} jobs of this session are waiting already; cancel some first")
            self._board.add(entry)
            self._queue.append(entry)
            self._changed.notify_all()
            return entry

    def prepare(self, session: Session) -> None:
        """Has the cache of a session brought up to date, unless it is, as far as can be seen from here."""
        try:
            signature = _signature(session)
        except (UserError, OSError):
            return  # whoever reads the session is told
        with self._lock:
            last = self._prepared.get(session.id)
            if last and last.signature == signature and last.holds:
                return
            if last and not last.entry.job.ended:
                self._cancel(last.entry)  # of files that are no more, or not all: they come one after the other
            entry = self._add(Entry(session, "prepare", NoOptions()))
            self._prepared[session.id] = _Prepared(signature, entry)

    def jobs(self, session: Session) -> list[Job]:
        """The jobs of a session, oldest first; of those that have ended, the latest."""
        return [entry.job for entry in self._board.of(session)]

    def job(self, session: Session, job_id: str) -> Job | None:
        """One job; None if there is no such."""
        entry = self._board.find(session, job_id)
        return entry.job if entry else None

    def stop(self, session: Session, job_id: str) -> Job | None:
        """Ends matching with the best so far; any other job goes on. None if there is no such job."""
        with self._lock:
            entry = self._board.find(session, job_id)
            if entry and entry.job.kind in _STOPPABLE and not entry.job.ended:
                entry.stop = True
                if entry.job.state == "running":
                    self._attendant.order(Stop(job_id))
                    self._board.update(entry, state="stopping")
            return entry.job if entry else None

    def cancel(self, session: Session, job_id: str) -> Job | None:
        """Ends a job; nothing becomes of it, unless it is done by then. None if there is no such job."""
        with self._lock:
            entry = self._board.find(session, job_id)
            if entry:
                self._cancel(entry)
            return entry.job if entry else None

    def forget(self, session: Session) -> None:
        """Cancels all jobs of a session; returns when nothing works on it any more."""
        entries = self._board.of(session)
        with self._lock:
            for entry in entries:
                self._cancel(entry)
        for entry in entries:
            entry.over.wait()
        with self._lock:
            self._board.remove(session)
            self._prepared.pop(session.id, None)

    def _cancel(self, entry: Entry) -> None:
        if entry.job.ended or not entry.cancel():
            return
        if entry in self._queue:
            self._queue.remove(entry)
            entry.over.set()
        else:
            self._attendant.order(Cancel(entry.job.id))
        self._board.update(entry, state="cancelled", seconds_left=None)

    def _run(self) -> None:
        for session in self._store.sessions():
            sweep(session)
        while entry := self._next():
            self._attendant.do(entry)

    def _follow(self, entry: Entry) -> None:
        if entry.job.kind in _PREPARED_AFTER:
            self.prepare(entry.session)

    def _next(self) -> Entry | None:
        """The next job to be done, once there is one; None when there are to be no more."""
        with self._changed:
            if not self._queue:
                self._attendant.warm_up()
            self._changed.wait_for(lambda: self._queue or self._closing)
            return None if self._closing else self._take()

    def _take(self) -> Entry:
        """The job that has waited longest; sessions take turns, so that none waits for all jobs of another."""
        others = (entry for entry in self._queue if entry.session.id != self._served)
        entry = next(others, self._queue[0])
        self._queue.remove(entry)
        self._served = entry.session.id
        return entry


class _Prepared(NamedTuple):
    """What was to be prepared of a session last, and the job that does it."""

    signature: str
    entry: Entry

    @property
    def holds(self) -> bool:
        """Whether it is done and the cache still there, or will be."""
        job = self.entry.job
        return not job.ended or (job.state == "done" and self.entry.session.cache_folder.is_dir())


def _signature(session: Session) -> str:
    """Changes with what is prepared, as far as can be told without opening audio files.

    Raises:
        UserError: the session is damaged.
        OSError: a file is not there.
    """
    info, document = session.info(), session.document()
    paths = [session.path(file) for file in (*info.stems, *info.references)]
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    mix = document.mix if document else None
    tracks = [(track.path, track.channels, track.mute, track.ends) for track in mix.tracks] if mix else []
    buses = (mix.layout, mix.sample_rate, mix.fx_ends, mix.master_ends) if mix else ()
    return json.dumps([files, tracks, buses], default=lambda part: part.model_dump())
