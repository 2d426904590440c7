"""Where the work is done: in this process, in others on this machine, or on a cluster by Ray.

A worker does one unit at a time and keeps what it has read of the pair at hand, so the units of one pair go to one
worker, one after the other.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from diffmst.errors import UserError
from diffmst.evaluation.work import Bench, Outcome, Plan, Unit

DIED = "the process that worked on it was ended, most likely for lack of memory; try fewer --jobs"

_KNOCK_S = 5.0
_PATIENCE_S = 5.0  # for a process that was asked to end
_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}


class Worker(ABC):
    """Does units, one at a time."""

    @abstractmethod
    def do(self, unit: Unit) -> Outcome:
        """What came of a unit; if the worker dies of it, that."""

    def close(self) -> None:  # noqa: B027
        """Ends it, in the middle of a unit too."""


class HereWorker(Worker):
    """Works in this process."""

    def __init__(self, plan: Plan) -> None:
        self._bench = Bench(plan)

    def do(self, unit: Unit) -> Outcome:
        """See `Worker.do`."""
        return self._bench.do(unit)


class _FarWorker(Worker):
    """Works elsewhere, where it may die; it is started again then, unless it was closed meanwhile.

    Args:
        plan: of the run.
        threads: that it may use.
    """

    def __init__(self, plan: Plan, threads: int) -> None:
        self._plan, self._threads = plan, threads
        self._lock, self._closed = Lock(), False  # `close` comes from another thread than `do`
        self._start()

    @abstractmethod
    def _start(self) -> None: ...

    @abstractmethod
    def _end(self) -> None: ...

    def _died(self, unit: Unit) -> Outcome:
        with self._lock:
            if not self._closed:
                self._end()
                self._start()
        return unit.failed(DIED)

    def close(self) -> None:
        """See `Worker.close`."""
        with self._lock:
            self._closed = True
            self._end()


class ProcessWorker(_FarWorker):
    """A process of its own."""

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, self._plan, self._threads), daemon=True)
        self._process.start()
        far_end.close()  # so that the end of the process is the end of the line

    def do(self, unit: Unit) -> Outcome:
        """See `Worker.do`."""
        try:
            self._line.send(unit)
            outcome: Outcome = self._line.recv()
        except (EOFError, OSError):
            return self._died(unit)
        return outcome

    def _end(self) -> None:
        self._process.terminate()
        self._process.join(_PATIENCE_S)
        self._process.kill()
        self._process.join()
        self._line.close()


def _serve(line: Connection, plan: Plan, threads: int) -> None:
    """Does what comes over the line until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the one who asked ends this process
    signal.signal(signal.SIGTERM, _leave)
    use_threads(threads)
    bench = Bench(plan)
    while True:
        try:
            line.send(bench.do(line.recv()))
        except (EOFError, BrokenPipeError):
            return


def _leave(*_: object) -> None:
    """Ends this process so that what it was at is undone: temporary folders, and programs that it has started."""
    raise SystemExit


def use_threads(threads: int) -> None:
    """Lets torch and the compiled kernels use so many threads."""
    import numba
    import torch

    torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))


class RayWorker(_FarWorker):
    """An actor on a cluster, whose machines see the same files under the same paths."""

    def _start(self) -> None:
        import ray

        self._actor = ray.remote(_RayBench).options(num_cpus=self._threads).remote(self._plan, self._threads)

    def do(self, unit: Unit) -> Outcome:
        """See `Worker.do`."""
        import ray

        try:
            outcome: Outcome = ray.get(self._actor.do.remote(unit))
        except ray.exceptions.RayActorError:
            return self._died(unit)
        return outcome

    def _end(self) -> None:
        import ray

        ray.kill(self._actor)


class _RayBench:
    """A bench at the far end."""

    def __init__(self, plan: Plan, threads: int) -> None:
        use_threads(threads)
        self._bench = Bench(plan)

    def do(self, unit: Unit) -> Outcome:
        """See `Worker.do`."""
        return self._bench.do(unit)


def connect_ray(address: str) -> list[int]:
    """Joins a cluster, or starts one on this machine for the address `local`; returns the processors of each machine.

    Raises:
        UserError: Ray is not installed, or nobody answers at the address.
    """
    try:
        import ray
    except ImportError:
        raise UserError("--ray: Ray is not installed; pip install 'diffmst[cluster]'") from None
    _knock(address)
    try:
        if not ray.is_initialized():
            ray.init(address, include_dashboard=False if address == "local" else None, **_QUIET)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"--ray {address}: cannot be used: {reason}") from None
    return [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]


def _knock(address: str) -> None:
    """Raises UserError unless somebody answers at an address of host and port: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), _KNOCK_S).close()
    except (OSError, OverflowError):
        raise UserError(f"--ray {address}: nobody answers there; give HOST:PORT of a cluster, or local") from None


def do_all(groups: Sequence[Sequence[Unit]], workers: Sequence[Worker]) -> Iterator[Outcome]:
    """What came of every unit, as it comes.

    Args:
        groups: units that one worker does one after the other.
        workers: closed at the end, or when the caller stops listening.
    """
    stop = Event()
    try:
        if len(workers) == 1:
            yield from (workers[0].do(unit) for group in groups for unit in group)
        else:
            yield from _do_side_by_side(groups, workers, stop)
    finally:
        stop.set()
        with ThreadPoolExecutor(len(workers)) as pool:  # a process that is asked to end takes a second
            list(pool.map(lambda worker: worker.close(), workers))


def _do_side_by_side(groups: Sequence[Sequence[Unit]], workers: Sequence[Worker], stop: Event) -> Iterator[Outcome]:
    """A thread for each worker waits for it; all the work is done elsewhere."""
    waiting: SimpleQueue[Sequence[Unit]] = SimpleQueue()
    for group in groups:
        waiting.put(group)
    done: SimpleQueue[Outcome | BaseException] = SimpleQueue()
    for worker in workers:
        Thread(target=_work, args=(worker, waiting, done, stop), daemon=True).start()
    for _ in range(sum(map(len, groups))):
        outcome = done.get()
        if isinstance(outcome, BaseException):
            raise outcome
        yield outcome


def _work(
    worker: Worker, waiting: SimpleQueue[Sequence[Unit]], done: SimpleQueue[Outcome | BaseException], stop: Event
) -> None:
    """Takes groups until none is left, or it is told to stop."""
    try:
        while True:
            for unit in waiting.get_nowait():
                outcome = worker.do(unit)
                if stop.is_set():
                    return
                done.put(outcome)
    except Empty:
        return
    except BaseException as error:  # comes out where the outcomes are awaited
        done.put(error)


def open_workers(plan: Plan, groups: int, jobs: int | None, ray: str | None) -> list[Worker]:
    """As many workers as there is work for.

    Args:
        plan: of the run.
        groups: of units.
        jobs: at most so many; chosen by the number of processors if not given.
        ray: address of a cluster, or `local`.

    Raises:
        UserError: the cluster cannot be used.
    """
    machines = connect_ray(ray) if ray else [os.cpu_count() or 1]
    count = max(1, min(groups, jobs or sum(machines)))
    threads = threads_each(count, machines)
    if ray:
        return [RayWorker(plan, threads) for _ in range(count)]
    return [HereWorker(plan)] if count == 1 else [ProcessWorker(plan, threads) for _ in range(count)]


def threads_each(count: int, machines: Sequence[int]) -> int:
    """As many threads as each of so many workers can have if none is divided between machines, at least one.

    A worker that asks for more than there is would be waited for without end.

    Args:
        count: of workers.
        machines: processors of each.

    >>> threads_each(2, [8]), threads_each(1, [4, 4]), threads_each(3, [3, 3])
    (4, 4, 1)
    """
    fitting = (
        threads
        for threads in range(max(machines, default=1), 1, -1)
        if sum(processors // threads for processors in machines) >= count
    )
    return next(fitting, 1)
