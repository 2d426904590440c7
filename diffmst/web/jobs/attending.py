"""One working process, kept alive, and given one job after the other."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diffmst.errors import UserError
from diffmst.web.hub import Hub
from diffmst.web.jobs.board import Board, Entry
from diffmst.web.jobs.bringing import bring_home
from diffmst.web.jobs.job import Done, Ended, Happened, Phase, Task
from diffmst.web.jobs.process import WorkerDiedError, WorkerProcess
from diffmst.web.jobs.scratch import scratch, sweep
from diffmst.web.jobs.working import Cancel, Stop

CANCEL_GRACE_S = 5.0
"""A job that is cancelled has so long to end by itself; then its process is killed, and started anew."""

_POLL_S = 0.1
_DIED = "the process that worked on it has ended (killed, or out of memory); nothing was changed, try again"

_logger = logging.getLogger(__name__)


class Attendant:
    """Gives jobs to the working process and brings home what they make; used by one thread, but for orders.

    Args:
        board: told of the states of jobs.
        hub: told of all else.
        follow: called with a job that is done, before that is told: whoever waits for its end finds what follows it
            on the board.
    """

    def __init__(self, board: Board, hub: Hub, follow: Callable[[Entry], None]) -> None:
        self._board, self._hub, self._follow = board, hub, follow
        self._lock = threading.RLock()
        self._worker: WorkerProcess | None = None
        self._closed = False

    @property
    def worker_pid(self) -> int | None:
        """Of the working process, if there is one now."""
        return self._worker.pid if self._worker else None

    def keep_alive(self) -> WorkerProcess:
        """The working process: a new one where there is none, or none any more.

        Raises:
            WorkerDiedError: there are to be no more.
            OSError: the system starts none.
        """
        with self._lock:
            if self._closed:
                raise WorkerDiedError
            if self._worker is None or not self._worker.alive:
                self._worker = WorkerProcess()
            return self._worker

    def warm_up(self) -> None:
        """Has the working process started, so that the next job begins at once; that job sees to it where this fails.

        Nothing is done about a process that ends while it has nothing to do: one that never starts, for lack of memory
        or a broken installation, would be started for ever.
        """
        try:
            self.keep_alive()
        except (WorkerDiedError, OSError) as error:
            _logger.info("the working process was not started: %s", error)

    def close(self) -> None:
        """Ends the working process, whatever it does; from any thread."""
        with self._lock:
            self._closed = True
            if self._worker:
                self._worker.kill()

    def order(self, order: Stop | Cancel) -> None:
        """Tells the process something about the job that it does; from any thread."""
        with self._lock:
            if self._worker:
                try:
                    self._worker.send(order)
                except WorkerDiedError:
                    _logger.info("the working process was gone before it could be told")

    def do(self, entry: Entry) -> None:
        """Does a job, from the beginning to the end; raises nothing."""
        try:
            with scratch(entry.session, entry.job.id) as folder:
                task = _task(entry, folder)
                done = self._finish(entry, task, self._result(entry, task))
            if done:
                self._follow(entry)
                self._tell(entry, done)
        except WorkerDiedError:
            sweep(entry.session)
            self._fail(entry, _DIED)
        except UserError as error:
            self._fail(entry, str(error))
        except Exception as error:
            _logger.exception("job %s (%s)", entry.job.id, entry.job.kind)
            self._fail(entry, f"{type(error).__name__}: {error}")
        finally:
            entry.over.set()

    def _result(self, entry: Entry, task: Task) -> Ended:
        worker = self.keep_alive()
        worker.send(task)
        self._board.update(entry, state="stopping" if entry.stop else "running")
        if entry.stop:
            worker.send(Stop(entry.job.id))
        if entry.cancelled:
            worker.send(Cancel(entry.job.id))
        patience = _Patience()
        while True:
            if entry.cancelled and patience.lost():
                worker.kill()
            message = worker.receive(_POLL_S)
            if message is None or message.job_id != entry.job.id:
                continue
            if isinstance(message.content, Ended):
                return message.content
            self._pass_on(entry, message.content)

    def _pass_on(self, entry: Entry, content: Phase | Happened) -> None:
        if entry.cancelled:
            return
        if isinstance(content, Phase):
            self._board.update(entry, **content._asdict())
        else:
            self._hub.publish(entry.session.id, {**content.event, "job": entry.job.id})

    def _finish(self, entry: Entry, task: Task, ended: Ended) -> Done | None:
        """Brings home what a job has made; returns it, or None where nothing is to become of it."""
        if ended.done is None:
            raise UserError(ended.problem or "it ended without a result")
        if not entry.bring_home():
            return None
        for event in list(bring_home(entry.session, task, ended.done)):
            self._hub.publish(entry.session.id, event)
        return ended.done

    def _fail(self, entry: Entry, message: str) -> None:
        message = message.replace(f"{entry.session.folder}{os.sep}", "")  # the page knows files by their names
        self._board.update(entry, state="failed", message=message, seconds_left=None)

    def _tell(self, entry: Entry, done: Done) -> None:
        state: Any = "stopped" if done.stopped else "done"
        self._board.update(
            entry, state=state, phase="", phase_share=1.0, share=1.0, seconds_left=None, result=done.result
        )


class _Patience:
    """Runs out when it has been asked for long enough."""

    def __init__(self) -> None:
        self._asked_at: float | None = None

    def lost(self) -> bool:
        """Whether it is over; begins to count when first asked."""
        now = time.monotonic()
        self._asked_at = self._asked_at or now
        return now - self._asked_at > CANCEL_GRACE_S


def _task(entry: Entry, folder: Path) -> Task:
    """The session as it is now, and the folder to write into.

    Raises:
        UserError: it is damaged.
    """
    session, job = entry.session, entry.job
    document = session.document()
    return Task(
        job_id=job.id,
        kind=job.kind,
        folder=session.folder,
        scratch=folder,
        info=session.info(),
        mix=document.mix if document else None,
        revision=document.revision if document else 0,
        options=entry.options,
    )
