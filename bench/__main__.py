"""`python -m bench`: runs cases, prints the tables, writes results, page and pictures where it is told to."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console as Terminal
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.cases import CASES, accelerator
from bench.contenders import CONSOLES
from bench.machine import machine, versions
from bench.measurements import OURS, Measurement
from bench.pictures import write_pictures
from bench.plan import FULL, QUICK, Bench
from bench.results import Results
from bench.tables import all_tables, write_between_markers

PAGE = "bench.md"
FAILED = "case that failed"


def main(argv: Sequence[str] | None = None) -> int:
    """Does what the arguments ask for; returns the exit code."""
    options = _parser().parse_args(argv)
    results = Results.read(options.redraw) if options.redraw else _measured(options)
    text = all_tables(results)
    Terminal().print(Markdown(text))
    if options.out:
        results.write(options.out)
    if options.docs:
        write_between_markers(options.docs / PAGE, text)
        write_pictures(results, options.docs)
    return int(any(_failed(found) for found in results.measurements))


def _failed(found: Measurement) -> bool:
    """Whether our own side could not be measured; that a peer could not is a result, as is the lack of a device."""
    return found.who == OURS and not found.samples and found.case != accelerator.CASE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"what to measure: {', '.join(CASES)}; all if none")
    parser.add_argument("--quick", action="store_true", help="small and few, only to see that it runs")
    parser.add_argument("--only", metavar="WHO", help=f"contenders, with commas: {', '.join(CONSOLES)}, pedalboard")
    parser.add_argument("--out", type=Path, help="JSON file for the results")
    parser.add_argument("--docs", type=Path, help=f"folder of {PAGE}, whose tables and pictures are replaced")
    parser.add_argument("--redraw", type=Path, metavar="JSON", help="measure nothing: take these results")
    return parser


def _measured(options: argparse.Namespace) -> Results:
    """Runs the cases, showing which."""
    unknown = set(options.cases) - CASES.keys()
    if unknown:
        _parser().error(f"there is no case {min(unknown)!r}; there are {', '.join(CASES)}")
    names = [name for name in CASES if not options.cases or name in options.cases]
    plan = QUICK if options.quick else FULL
    who = tuple(options.only.split(",")) if options.only else None
    with tempfile.TemporaryDirectory(prefix="diffmst-bench-") as folder, _shown(len(names)) as (tell, advance):
        bench = Bench(plan, who, Path(folder), tell)
        for name in names:
            _run(name, bench)
            advance()
    return Results(options.quick, machine(), versions(), tuple(bench.measurements))


def _run(name: str, bench: Bench) -> None:
    """One case; what goes wrong in it is taken down, and does not cost what the others have found."""
    try:
        CASES[name](bench)
    except Exception as error:
        Terminal(stderr=True).print_exception()
        bench.add(name, FAILED, OURS, "", note=f"{type(error).__name__}: {error}")


@contextmanager
def _shown(total: int) -> Iterator[tuple[Callable[[str], None], Callable[[], None]]]:
    """A bar on a terminal, lines elsewhere: what tells the step, and what tells that a case is done."""
    terminal = Terminal(stderr=True)
    if not terminal.is_terminal:
        yield terminal.print, lambda: None
        return
    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=terminal) as bars:
        task = bars.add_task("", total=total)
        yield lambda text: bars.update(task, description=text), lambda: bars.advance(task)


if __name__ == "__main__":
    sys.exit(main())
