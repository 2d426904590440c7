"""Every contender works in a process of its own, asked by turns: none inherits another's memory, threads or crash."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self, TypeVar

from bench import memory

Result = TypeVar("Result")

_WATCH_S = 0.02
_SPARE = 0.85
"""Share of the memory available at the start that a contender may take."""


class Stopped(Exception):  # noqa: N818 it is a result of the bench, not a fault of it
    """A contender could not do it; the message is what the table says."""


class Turn(NamedTuple):
    """One sample: the median over the calls made in it."""

    wall_s: float
    cpu_s: float


class Outcome(NamedTuple):
    """The turns of a contender, and why there are no more if it was stopped."""

    turns: tuple[Turn, ...]
    note: str


class Worker:
    """A process that holds one object and calls functions on it.

    Args:
        make: makes the object, there.
        arguments: of `make`.
        threads: that all libraries in the process may use.
        limit_mb: of memory; above it the process is ended. Most of what is free if None.
        limit_s: of time per call.

    Raises:
        Stopped: the object could not be made.
    """

    def __init__(
        self,
        make: Callable[..., object],
        *arguments: object,
        threads: int,
        limit_mb: float | None = None,
        limit_s: float = 600,
    ) -> None:
        self._limit_mb = limit_mb or (_SPARE * memory.available_mb() if memory.MEASURABLE else float("inf"))
        self._limit_s = limit_s
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _thread_count(threads):
            self._process.start()
        theirs.close()
        try:
            self.call(_hold, make, arguments)
        except Stopped:
            self.close()
            raise

    def call(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What the function returns for the object and these arguments.

        Raises:
            Stopped: out of memory or time, or an exception there.
        """
        self._send(function, arguments)
        until = time.monotonic() + self._limit_s
        while not self._connection.poll(_WATCH_S):
            if memory.MEASURABLE and memory.resident_mb(self._process.pid or "self") > self._limit_mb:
                self._stop(f"out of memory above {self._limit_mb / 1e3:.1f} GB")
            if time.monotonic() > until:
                self._stop(f"not done after {self._limit_s:.0f} s")
        try:
            failed, answer = self._connection.recv()
        except EOFError:
            self._stop("ended by the system, most likely for its memory")
        if failed:
            raise Stopped(answer)
        result: Result = answer
        return result

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        try:
            self._connection.send((function, arguments))
        except OSError:
            raise Stopped("has ended before") from None

    def _stop(self, reason: str) -> NoReturn:
        self._process.kill()
        self._process.join()
        raise Stopped(reason)


def invoke(held: object, method: str, *arguments: object) -> Any:  # noqa: ANN401 whatever the method returns
    """Calls a method of the object."""
    return getattr(held, method)(*arguments)


def turn(held: object, method: str, least_s: float) -> Turn:
    """Calls a method until the time has passed, at least once."""
    run = getattr(held, method)
    turns: list[Turn] = []
    gc.collect()
    gc.disable()
    until = time.perf_counter() + least_s
    while not turns or time.perf_counter() < until:
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        turns.append(Turn(time.perf_counter() - wall, time.process_time() - cpu))
    gc.enable()
    return Turn(*(median(times) for times in zip(*turns, strict=True)))


def extra_peak(held: object, method: str) -> float:
    """How much more memory than before one call of a method takes, MB."""
    before_mb = memory.reset_peak()
    getattr(held, method)()
    return memory.peak_mb() - before_mb


def interleaved(
    workers: Mapping[str, Worker], method: str, *, rounds: int, least_s: float, budget_s: float
) -> dict[str, Outcome]:
    """Turns of all contenders, one after the other, round by round; one that is stopped drops out.

    Args:
        workers: warm, by the name of the contender.
        method: to call on what they hold.
        rounds: at most.
        least_s: length of a turn, at least; at least one call.
        budget_s: no round begins that would probably end later, but for the first.
    """
    turns: dict[str, list[Turn]] = {name: [] for name in workers}
    notes: dict[str, str] = {}
    began, round_s = time.monotonic(), 0.0
    for _ in range(rounds):
        round_began = time.monotonic()
        if round_s and round_began - began + round_s > budget_s:
            break
        for name in [name for name in turns if name not in notes]:
            try:
                turns[name].append(workers[name].call(turn, method, least_s))
            except Stopped as stopped:
                notes[name] = str(stopped)
        round_s = time.monotonic() - round_began
    return {name: Outcome(tuple(taken), notes.get(name, "")) for name, taken in turns.items()}


@contextmanager
def _thread_count(threads: int) -> Iterator[None]:
    """For libraries that read how many threads they may use when they are loaded, in a process started inside."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


class _Holder:
    """Of the object in a worker process."""

    held: object = None


def _hold(held: object, make: Callable[..., object], arguments: tuple[object, ...]) -> None:
    _Holder.held = make(*arguments)


def _serve(connection: Connection) -> None:
    """The worker process: calls what it is sent until nobody is there."""
    with suppress(OSError):  # should the machine run out of memory all the same, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            function, arguments = connection.recv()
            try:
                answer = (False, function(_Holder.held, *arguments))
            except Exception:  # whatever a contender raises is a result
                answer = (True, traceback.format_exc(limit=-1).strip().splitlines()[-1])
            connection.send(answer)
