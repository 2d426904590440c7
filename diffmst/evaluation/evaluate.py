"""The whole evaluation: systems run on pairs, and what came of it written as tables, plots and a page."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from diffmst import __version__
from diffmst.errors import UserError
from diffmst.evaluation.frechet.declared import FAD
from diffmst.evaluation.frechet.figures import EmbeddedFile, frechet_figures
from diffmst.evaluation.frechet.files import embed_file
from diffmst.evaluation.frechet.loading import load_embedding
from diffmst.evaluation.metrics import METRICS, PUBLISHED_SCALES
from diffmst.evaluation.page import build_page
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.plots import all_plots
from diffmst.evaluation.row import Row, SetFigure
from diffmst.evaluation.run import Done, Options, run
from diffmst.evaluation.summary import Summary, summarize
from diffmst.evaluation.summary_rows import TaskRows
from diffmst.evaluation.system import System
from diffmst.evaluation.tables import Table, all_tables
from diffmst.evaluation.tables_csv import comparisons_csv, controls_csv, listening_csv, rows_csv, summary_csv
from diffmst.evaluation.tables_markup import latex, markdown
from diffmst.listening_test.sources import TABLE_NAME
from diffmst.outputs import OutputFolder, write_errors
from diffmst.progress import SILENT, Progress

PAGE = "report.html"
OUTPUTS = (
    "table.csv",
    "summary.csv",
    "comparisons.csv",
    "controls.csv",
    TABLE_NAME,
    "table.md",
    "table.tex",
    "run.json",
    PAGE,
)
ALL_METRICS = (*METRICS, FAD)


@dataclass(frozen=True)
class Evaluation:
    """What came of an evaluation.

    Attributes:
        rows: of every system and pair.
        summary: of the rows.
        tables: of the summary.
        notes: what to know, a sentence each.
        page: where it is drawn.
    """

    rows: list[Row]
    summary: Summary
    tables: list[Table]
    notes: list[str]
    page: Path


def evaluate(
    pairs: Sequence[Pair],
    systems: Sequence[System],
    out: Path,
    options: Options | None = None,
    progress: Progress = SILENT,
    *,
    command: str = "",
    title: str = "",
) -> Evaluation:
    """Runs every system on every pair, and writes tables, plots and a page into a folder.

    Args:
        pairs: names unique; those that cannot be used become rows that say why.
        systems: names unique.
        out: the folder.
        options: how it is done.
        progress: told how far it is.
        command: that did it, for the captions.
        title: of tables and page; the name of the folder if not given.

    Raises:
        UserError: no pair at all can be used, or the folder holds something else or cannot be written.
    """
    options, title = options or Options(), title or out.resolve().name
    _check(out, options)
    done = run(pairs, systems, out, options, progress)
    if all(row.error for row in done.rows):
        raise UserError(f"no pair could be used; the first: {done.rows[0].error}")
    with progress.phase("measuring sets of mixes", 1):
        set_figures = list(_frechet(done, pairs, options)) if options.embedding else []
    summary = summarize(done.rows, set_figures, ALL_METRICS, seed=options.seed)
    tables = list(all_tables(summary, PUBLISHED_SCALES))
    record = _record(systems, options, command, done)
    page = build_page(
        summary,
        done.rows,
        out,
        pairs=pairs,
        title=title,
        command=command,
        scales=PUBLISHED_SCALES,
        facts={name: value for name, value in record.items() if isinstance(value, str)},
        progress=progress,
    )
    texts = {
        "table.csv": rows_csv(done.rows, ALL_METRICS),
        "summary.csv": summary_csv(summary),
        "comparisons.csv": comparisons_csv(summary),
        "controls.csv": controls_csv(summary),
        TABLE_NAME: listening_csv(done.rows, pairs, out),
        "table.md": markdown(tables, title=title, command=command),
        "table.tex": latex(tables, command=command),
        "run.json": json.dumps(record, indent=2) + "\n",
        PAGE: page,
    }
    texts |= {f"plots/{picture.name}.svg": picture.standalone() for picture in all_plots(summary, done.rows)}
    with OutputFolder(out, force=True) as outputs:
        for name, text in texts.items():
            with write_errors(out / name):
                outputs.path(name).write_text(text, encoding="utf-8")
    notes = [*_failures(done.rows), *done.notes, *(note for task in summary.tasks for note in task.notes())]
    return Evaluation(done.rows, summary, tables, list(dict.fromkeys(notes)), out / PAGE)


def _check(out: Path, options: Options) -> None:
    """Raises UserError where an output would replace what no evaluation wrote, or an embedding cannot be had."""
    if options.embedding:
        load_embedding(options.embedding)
    if not (options.resume or options.force):
        OutputFolder(out, OUTPUTS)


def _failures(rows: Sequence[Row]) -> Iterator[str]:
    """A sentence for each reason, with the pair where it was met."""
    yield from dict.fromkeys(f"{row.pair}: {row.error}" for row in rows if row.error)


def _frechet(done: Done, pairs: Sequence[Pair], options: Options) -> Iterator[SetFigure]:
    """The distance of the mixes of every task, system and reference heard from the references of the task."""
    embed = partial(embed_file, embedding=load_embedding(options.embedding or ""))
    for task in dict.fromkeys(row.task for row in done.rows):
        usable = {row.pair for row in done.rows if row.task == task and not row.error}
        target = [EmbeddedFile(label, embed(path)) for path, label in _references(pairs, usable)]
        figures = frechet_figures(_sets(done, task), target, options.seed)
        for (system, wrong), figure in figures.items():
            yield SetFigure(task, system, wrong, FAD.key, figure.value, figure.interval, figure.note)


def _references(pairs: Sequence[Pair], usable: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Every reference once, with the song that it is left out with: the one that it serves, or else itself."""
    songs: dict[Path, set[str]] = {}
    for pair in pairs:
        if pair.name in usable:
            songs.setdefault(pair.reference, set()).add(pair.song)
    for path, served in songs.items():
        yield path, served.pop() if len(served) == 1 else path.name


def _sets(done: Done, task: str) -> Mapping[tuple[str, bool], list[EmbeddedFile]]:
    """The embedded mixes of a task by system and reference heard; of the pairs that means are over."""
    rows = TaskRows([row for row in done.rows if row.task == task])
    sets = {
        (system, wrong): [
            EmbeddedFile(of_pair[pair].song, done.embedded[pair, system, wrong])
            for pair in rows.common
            if pair in of_pair
        ]
        for (system, wrong), of_pair in rows.done.items()
    }
    return {heard: files for heard, files in sets.items() if files}


def _record(systems: Sequence[System], options: Options, command: str, done: Done) -> dict[str, object]:
    """How the results came to be."""
    return {
        "command": command,
        "diffmst": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "options": asdict(options),
        "systems": {system.name: system.identity() for system in systems},
        "rows": len(done.rows),
        "rows of earlier runs": done.reused,
    }
