"""Working memory of the kernels, kept from call to call: fresh memory costs more time than some kernels do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from diffmst.dsp.kernels.cpu_chunks import LONGEST_CHUNK
from diffmst.dsp.kernels.cpu_filters import TILE, TILE_STRIDE
from diffmst.dsp.kernels.cpu_records import Scratch, Tape
from diffmst.dsp.kernels.host import BLOCK, CACHE_LINE, LANES

_of_thread = threading.local()
_free_tapes: list[Tape] = []
_tapes_lock = threading.Lock()


def scratch(stages: int) -> Scratch:
    """The working memory of this thread. What it holds is of no meaning."""
    kept: dict[int, Scratch] = _of_thread.__dict__.setdefault("scratch", {})
    if stages not in kept:
        kept[stages] = Scratch(
            rows=_aligned(TILE, np.float32),
            signals=_aligned((stages + 1) * TILE_STRIDE, np.float64),
            smoothed=_aligned(TILE + LANES, np.float64),
            gradient=_aligned(TILE, np.float64),
            over=_aligned(TILE, np.float32),
            target=_aligned(TILE, np.float32),
            exponent=_aligned(TILE, np.float32),
            target_gradient=_aligned(TILE, np.float32),
            output=_aligned(TILE, np.float32),
        )
    return kept[stages]


def single_tape() -> Tape:
    """A tape of this thread for the block at hand alone."""
    if not hasattr(_of_thread, "tape"):
        _of_thread.tape = _tape(0, TILE)
    return _of_thread.tape


@contextmanager
def tapes(count: int) -> Iterator[list[Tape]]:
    """Tapes for the longest chunks, given back in the end."""
    with _tapes_lock:
        taken = [_free_tapes.pop() for _ in range(min(count, len(_free_tapes)))]
    taken += [_tape(TILE, LONGEST_CHUNK // BLOCK * TILE) for _ in range(count - len(taken))]
    try:
        yield taken
    finally:
        with _tapes_lock:
            _free_tapes.extend(taken)


def _tape(stride: int, size: int) -> Tape:
    return Tape(stride, *(_aligned(size, np.float32) for _ in range(4)))


def _aligned(size: int, dtype: type) -> np.ndarray:
    """Zeros that start at a cache line."""
    memory = np.zeros(size * np.dtype(dtype).itemsize + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size * np.dtype(dtype).itemsize].view(dtype)
