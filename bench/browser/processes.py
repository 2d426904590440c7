"""Memory and processor time of a program and all that it started, as Linux counts them."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARENT, _USER_TIME, _SYSTEM_TIME = 1, 11, 12  # fields of /proc/PID/stat behind the name


def private_mb(pid: int) -> float:
    """Private memory of a process and all its descendants together, MB; shared libraries are not counted."""
    return sum(map(_private_kb, _family(pid))) / 1e3


def processor_s(pid: int) -> float:
    """Time that a process and all its descendants have had a processor for, s."""
    fields = (_stat(each) for each in _family(pid))
    return sum(int(found[_USER_TIME]) + int(found[_SYSTEM_TIME]) for found in fields if found) / _TICKS_PER_S


def _family(pid: int) -> set[int]:
    stats = {int(path.name): _stat(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    parents = {child: int(fields[_PARENT]) for child, fields in stats.items() if fields}
    family = {pid}
    while found := {child for child, parent in parents.items() if parent in family} - family:
        family |= found
    return family


def _stat(pid: int) -> list[str]:
    """Its fields behind the name; none of a process that has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _private_kb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("RssAnon"))
