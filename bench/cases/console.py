"""Time of the console, forward and forward + backward, against all that can do the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from bench.contenders import CONSOLES, ConsoleRun, missing
from bench.measurements import At
from bench.plan import CORES, MAIN, Bench
from bench.signals import Size
from bench.workers import Stopped, Worker, interleaved, invoke

CASE = "console"
FORWARD, FORWARD_BACKWARD = "console forward", "console forward + backward"
METHODS = {FORWARD: "forward", FORWARD_BACKWARD: "forward_backward"}


def run(bench: Bench) -> None:
    """All sizes on all cores, the main one on a single thread as well."""
    sizes = sorted({MAIN, *bench.plan.consoles}, key=lambda size: size.tracks * size.seconds)
    contest(bench, CASE, sizes, CONSOLES, threads=CORES)
    if CORES > 1 and not bench.plan.quick:
        contest(bench, CASE, [MAIN], CONSOLES, threads=1)


def contest(
    bench: Bench, case: str, sizes: Iterable[Size], contenders: Iterable[str], device: str = "cpu", *, threads: int
) -> None:
    """Both directions at all sizes."""
    plan = bench.plan
    with consoles(bench, case, contenders, device, threads=threads) as workers:
        for size in sizes:
            at: At = {"device": device, "threads": threads, **size.at}
            bench.tell(f"{case}: {size} on {device}, threads: {threads}")
            load(bench, case, workers, size, at)
            for what, method in METHODS.items():
                outcomes = interleaved(workers, method, rounds=plan.rounds, least_s=plan.turn_s, budget_s=plan.budget_s)
                for who, outcome in outcomes.items():
                    bench.add_outcome(case, what, who, outcome, at)


@contextmanager
def consoles(
    bench: Bench, case: str, contenders: Iterable[str], device: str = "cpu", *, threads: int
) -> Iterator[dict[str, Worker]]:
    """A worker for each of the contenders that can be had; why the others cannot is taken down."""
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for who in filter(bench.takes_in, contenders):
            if reason := missing(who):
                bench.add(case, FORWARD_BACKWARD, who, "s", note=reason)
                continue
            try:
                workers[who] = stack.enter_context(Worker(ConsoleRun, who, device, threads=threads))
            except Stopped as stopped:
                bench.add(case, FORWARD_BACKWARD, who, "s", note=str(stopped))
        yield workers


def load(bench: Bench, case: str, workers: dict[str, Worker], size: Size, at: At) -> None:
    """Gives all workers a song; those that cannot take it drop out."""
    for who, worker in list(workers.items()):
        try:
            worker.call(invoke, "load", size)
        except Stopped as stopped:
            bench.add(case, FORWARD_BACKWARD, who, "s", at=at, note=str(stopped))
            del workers[who]
