"""Work on threads: decoders, filters, transforms and the compiled kernels let other threads run meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
