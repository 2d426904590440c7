"""Work in parallel on as many threads as torch uses, or would, without a second pool of OpenMP threads."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")


def working_threads() -> int:
    """Threads to work on: what torch is set to, where it is loaded, and else what it would be set to.

    That is OMP_NUM_THREADS, or one for every processor that this process may run on.
    """
    if torch := sys.modules.get("torch"):
        return torch.get_num_threads()
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def for_each(function: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Call a function, which must release the GIL to gain anything, with every item.

    The calling thread works along: one thread less to wake up, which counts where the work is short.
    """
    pending = deque(items)
    threads = working_threads()
    helpers = min(threads, len(pending)) - 1

    def work() -> None:
        while pending:
            try:
                item = pending.popleft()
            except IndexError:  # another thread was faster
                return
            function(item)

    others = [_pool(threads, os.getpid()).submit(work) for _ in range(helpers)]
    try:
        work()
    finally:
        pending.clear()
        begun = [other for other in others if not other.cancel()]
        wait(begun)  # all of them, before an exception of one comes out: they work on memory of the caller
        for other in begun:
            other.result()


@lru_cache(maxsize=1)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """The threads, kept from call to call. A forked process inherits none, and so has its own."""
    return ThreadPoolExecutor(threads, thread_name_prefix=f"diffmst-{process}")
