"""Many files at once, on threads: decoders, filters and transforms let other threads run meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

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
