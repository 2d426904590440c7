"""Work in parallel on as many threads as torch uses, without a second pool of OpenMP threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import torch

Item = TypeVar("Item")


def for_each(function: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Call a function, which must release the GIL to gain anything, with every item."""
    items, threads = list(items), torch.get_num_threads()
    if threads == 1 or len(items) == 1:
        for item in items:
            function(item)
    else:
        list(_pool(threads, os.getpid()).map(function, items))


@lru_cache(maxsize=1)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """The threads, kept from call to call. A forked process inherits none, and so has its own."""
    return ThreadPoolExecutor(threads, thread_name_prefix=f"diffmst-{process}")
