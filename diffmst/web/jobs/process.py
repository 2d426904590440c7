"""The working process as the server holds it: started, told, listened to, killed."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import wait

from diffmst.web.jobs.job import Message, Task
from diffmst.web.jobs.working import Cancel, Stop, serve

_END_S = 5.0  # for a process that was killed to be gone


class WorkerDiedError(Exception):
    """The working process has ended without being asked."""


class WorkerProcess:
    """A process that works, started at once; it ends with the process that has started it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._sending = threading.Lock()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True, name="diffmst jobs")
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be given work."""
        return self._process.is_alive()

    def send(self, order: Task | Stop | Cancel) -> None:
        """Gives it a task, or an order about the one it has; from any thread.

        Raises:
            WorkerDiedError: it is no more.
        """
        try:
            with self._sending:
                self._connection.send(order)
        except OSError:
            raise WorkerDiedError from None

    def receive(self, timeout_s: float) -> Message | None:
        """What it tells next; None if it tells nothing for so long.

        Raises:
            WorkerDiedError: it is no more, and has told everything.
        """
        try:
            if not self._connection.poll():
                wait([self._connection, self._process.sentinel], timeout_s)
            if self._connection.poll():
                message: Message = self._connection.recv()
                return message
        except (EOFError, OSError):
            raise WorkerDiedError from None
        if not self._process.is_alive():
            raise WorkerDiedError
        return None

    def kill(self) -> None:
        """Ends it, whatever it does; what it has begun to write lies in folders that are swept."""
        self._process.kill()
        self._process.join(_END_S)
