"""Work on threads, which decoders, filters, transforms and the compiled kernels let run meanwhile, and on processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from threading import Event
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def thread_count(items: int) -> int:
    """Threads worth starting for so many items."""
    return max(1, min(items, os.cpu_count() or 1, 16))


def in_parallel(
    function: Callable[[Item], Result], items: Sequence[Item], stop: Event | None = None
) -> tuple[Result, ...]:
    """The function of every item, in the order of the items.

    The first exception, by the order of the items, comes out once the calls already running have ended; those waiting
    are dropped, and `stop` is set, so that long ones can look at it and end early. Ctrl-C does the same.
    """
    with ThreadPoolExecutor(thread_count(len(items))) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            return tuple(future.result() for future in futures)
        except BaseException:
            if stop:
                stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def in_processes(function: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """The function of every item, as they come, from as many processes, each on one thread.

    With one job it is this process that works. The first exception ends it all; what others have begun is finished.

    Args:
        function: of a module, as processes find it by its name.
        items: that can be sent.
        jobs: processes.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(items)), context, initializer=_leave_interrupts) as pool:
        with _modest_processes():
            futures = [pool.submit(function, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _modest_processes() -> Iterator[None]:
    """Within it, processes start with one thread for each library, and keep the memory that they have had.

    Libraries read these variables when they are loaded. The C library of Linux would give large arrays back to the
    system at once, and get the next one page by page, which takes a fifth of the time.
    """
    wanted = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    wanted |= dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(1 << 32))
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _leave_interrupts() -> None:
    """Ctrl-C reaches all processes; it is the business of the one that was asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Ahead(Generic[Item]):
    """The same items in the same order, made on a thread of their own before they are asked for.

    One around the other they make a pipeline: each stage works on a later item than the next, and holds few of them. An
    exception in the making of an item comes out where that item is asked for. A context: left early, by an exception or
    Ctrl-C too, it ends the thread as soon as the item in the making is done; nothing else of the source is asked for.

    Args:
        items: an iterator that is fast enough to be worth it: it waits, or works without the GIL.
        depth: how many items may be there or in the making at most; with 0 each is made when it is asked for, on the
            thread that asks.
    """

    def __init__(self, items: Iterable[Item], depth: int = 2) -> None:
        self._items = iter(items)
        self._pool = ThreadPoolExecutor(1)
        self._made = deque(self._pool.submit(next, self._items) for _ in range(depth))

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if not self._made:
            return next(self._items)
        item = self._made.popleft().result()
        self._made.append(self._pool.submit(next, self._items))
        return item

    def close(self) -> None:
        """Make no more items."""
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Ahead[Item]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
