"""Memory of processes, as Linux tells it."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

MEASURABLE = sys.platform == "linux"
"""Elsewhere a peak can neither be reset nor read from another process."""

_RESET_PEAK = "5"  # written to clear_refs; see proc_pid_clear_refs(5)


def resident_mb(process: int | str = "self") -> float:
    """What a process holds in memory now, 0 if it has ended."""
    return _status_mb(process, "VmRSS")


def peak_mb(process: int | str = "self") -> float:
    """The most it has held since it began, or since `reset_peak`; 0 if it has ended."""
    return _status_mb(process, "VmHWM")


def reset_peak() -> float:
    """Hands freed memory back to the system and starts counting the peak anew; returns what is still held, MB."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    return resident_mb()


def available_mb() -> float:
    """What the machine could still give without swapping."""
    return _field_mb(Path("/proc/meminfo"), "MemAvailable")


def total_mb() -> float:
    """Of the machine."""
    return _field_mb(Path("/proc/meminfo"), "MemTotal")


def _status_mb(process: int | str, field: str) -> float:
    try:
        return _field_mb(Path(f"/proc/{process}/status"), field)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _field_mb(path: Path, field: str) -> float:
    """A line such as `VmHWM:  1024 kB`, in 10^6 bytes; 0 where there is none, as of a process that is ending."""
    for line in path.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
