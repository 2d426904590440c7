"""Memory that a forward + backward pass takes beyond its inputs, each time in a fresh process."""

from __future__ import annotations

from bench import memory
from bench.contenders import CONSOLES, ConsoleRun, missing
from bench.measurements import OURS
from bench.plan import CORES, MAIN, Bench
from bench.signals import Size
from bench.workers import Stopped, Worker, extra_peak, invoke

CASE = "memory"
EXTRA = "console forward + backward, extra peak memory"
_NOTE = "peak (VmHWM, reset before) minus resident before, inputs allocated, warmed up on 0.5 s of audio"


def run(bench: Bench) -> None:
    """All sizes; ours several times, as it is small enough to be uncertain."""
    if not memory.MEASURABLE:
        return
    for size in (MAIN, *bench.plan.consoles):
        for who in filter(bench.takes_in, CONSOLES):
            bench.tell(f"{EXTRA}, {size}: {who}")
            _measure(bench, who, size, bench.plan.fresh_processes if who == OURS else 1)


def _measure(bench: Bench, who: str, size: Size, times: int) -> None:
    samples_mb, note = [], missing(who)
    try:
        for _ in range(0 if note else times):
            with Worker(ConsoleRun, who, threads=CORES) as worker:
                worker.call(invoke, "load", size)
                samples_mb.append(worker.call(extra_peak, "forward_backward"))
    except Stopped as stopped:
        note = str(stopped)
    bench.add(CASE, EXTRA, who, "MB", *samples_mb, at={"threads": CORES, **size.at}, note=note or _NOTE)
