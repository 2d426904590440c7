"""The working process: takes tasks from a pipe, does one after the other, and tells how far it is.

Light to import, as the numeric libraries may only be loaded once they have been told how to use threads.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.web.jobs.job import Ended, Happened, Phase, Task
    from diffmst.web.jobs.reporting import Reporter

_NICE = 10  # the page that plays, and the browser around it, come first
_PARENT_GONE = 3

_logger = logging.getLogger(__name__)


class Stop(NamedTuple):
    """A job is to end with the best so far."""

    job_id: str


class Cancel(NamedTuple):
    """A job is to end, and nothing is to become of it."""

    job_id: str


def serve(connection: Connection) -> None:
    """Works until the process on the other side closes the pipe, or ends in whatever way."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # see `diffmst.cli`
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the server
    if hasattr(os, "nice"):
        os.nice(_NICE)
    _Worker(connection).run()


class _Worker:
    """Takes orders on one thread, and does the work on another, which is the main one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        self._sending = threading.Lock()
        self._job_id = ""
        self._stopping, self._cancelled = threading.Event(), threading.Event()

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        _load()
        while True:
            task = self._tasks.get()
            self._send(task.job_id, self._done(task))

    def _listen(self) -> None:
        """Orders from the other side; when there is no other side any more, the process ends at once."""
        while True:
            try:
                order = self._connection.recv()
            except (EOFError, OSError):
                os._exit(_PARENT_GONE)
            if isinstance(order, Stop | Cancel):
                if order.job_id == self._job_id:
                    (self._stopping if isinstance(order, Stop) else self._cancelled).set()
            else:
                self._job_id = order.job_id
                self._stopping.clear()
                self._cancelled.clear()
                self._tasks.put(order)

    def _done(self, task: Task) -> Ended:
        from diffmst.web.jobs.job import Ended
        from diffmst.web.jobs.reporting import CancelledError
        from diffmst.web.jobs.tasks import work_of

        try:
            reporter = self._reporter(task)
            done = work_of(task.kind)(task, reporter)
            reporter.check()
            return Ended(done)
        except CancelledError:
            return Ended(None)
        except UserError as error:
            return Ended(None, _one_line(error))
        except MemoryError:
            return Ended(None, "there is not enough memory; close other programs, or leave out some stems")
        except OSError as error:
            return Ended(None, f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
        except Exception as error:
            _logger.exception("job %s (%s)", task.job_id, task.kind)
            return Ended(
                None, f"this is a fault of diffmst, please report it: {type(error).__name__}: {_one_line(error)}"
            )

    def _reporter(self, task: Task) -> Reporter:
        from diffmst.web.jobs.foreseeing import size_of, usual_shares_of, weights_of
        from diffmst.web.jobs.reporting import Reporter

        return Reporter(
            lambda content: self._send(task.job_id, content),
            weights_of(task.kind, task.options, size_of(task.info, mixed=task.mix is not None)),
            usual_shares_of(task.options),
            self._stopping,
            self._cancelled,
        )

    def _send(self, job_id: str, content: Phase | Happened | Ended) -> None:
        from diffmst.web.jobs.job import Message

        with self._sending:
            self._connection.send(Message(job_id, content))


def _load() -> None:
    """What all jobs need, so that the first one begins at once."""
    from diffmst.progress import SILENT
    from diffmst.render import compile_kernels
    from diffmst.web.jobs.tasks import MODULES, work_of

    compile_kernels(SILENT)
    for kind in MODULES:
        work_of(kind)


def _one_line(error: Exception) -> str:
    from diffmst.terminal import one_line

    return one_line(str(error))
