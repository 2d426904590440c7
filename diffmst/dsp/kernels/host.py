"""What the kernels are compiled for: the vector width of the machine, and how numba compiles them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba


def _features() -> str:
    """What the processor that numba generates code for can do.

    NUMBA_CPU_NAME and NUMBA_CPU_FEATURES change that processor; numba keeps compiled code apart by both.
    """
    features = numba.config.CPU_FEATURES
    return llvmlite.binding.get_host_cpu_features().flatten() if features is None else features


def _vector_width() -> int:
    """Float32 elements in one register of the processor."""
    enabled = _features().split(",")
    if "+avx512f" in enabled:
        return 16
    return 8 if "+avx2" in enabled else 4


WIDTH = _vector_width()  # elements that element-wise passes take at once
LANES = max(4, WIDTH // 2)  # rows that recursive passes take at once: one register of float64, two where it holds two
BLOCK = 128  # samples of a tile, and between two checkpoints
CACHE_LINE = 64  # bytes


_COMPILED = ("cpu*.py", "simd*.py", "host.py", "reference.py")  # the files that compiled code is made of


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as a part of the kernels that call it: without wrappers for other callers, a quarter of the time."""
    return numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as an entry point: without the GIL, and kept on disk where numba finds a folder it may write to.

    Numba compiles again when the file of the function changes, and knows nothing of the files it imports from. So the
    name under which the code is kept carries a checksum of all of them, and of what else numba tells apart, so that
    `is_compiled` finds the code that this machine can run, and no other.
    """
    function.__qualname__ = f"{function.__qualname__}_{_checksum():08x}"
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # "no locator available": neither the package nor the user's cache folder is writable
        return numba.njit(**options)(function)


def is_compiled(function: Callable[..., Any]) -> bool:
    """Whether an entry point has been compiled already: by this process, or by an earlier one that kept it on disk."""
    dispatcher: Any = function
    if dispatcher.signatures:
        return True
    folder = dispatcher.stats.cache_path
    return folder is not None and any(Path(folder).glob(f"*.{dispatcher.py_func.__qualname__}-*.nbi"))


@cache
def _checksum() -> int:
    processor = numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    folder, checksum = Path(__file__).parent, zlib.crc32(f"{numba.__version__} {processor} {_features()}".encode())
    for path in sorted(path for pattern in _COMPILED for path in folder.glob(pattern)):
        checksum = zlib.crc32(path.read_bytes(), checksum)
    return checksum
