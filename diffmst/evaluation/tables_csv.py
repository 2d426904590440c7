"""Rows and summaries as CSV files, and rows back from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import isnan
from pathlib import Path

from diffmst.errors import UserError
from diffmst.evaluation.metric import Metric
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.row import Row
from diffmst.evaluation.summary import Summary
from diffmst.evaluation.summary_tests import Difference
from diffmst.listening_test.sources import REFERENCE, SOURCE_COLUMNS
from diffmst.mix import relative_path

_BEFORE = ("song", "reference", "task", "pair", "system", "heard")
_AFTER = ("error", "mix")
_HEARD = {False: "right", True: "wrong"}


def rows_csv(rows: Sequence[Row], metrics: Sequence[Metric] = ()) -> str:
    """One line per system and pair; every digit that a figure has.

    Args:
        rows: in their order.
        metrics: whose figures stand first, in their order.
    """
    there = dict.fromkeys(chain.from_iterable(row.figures for row in rows))
    declared = [metric.key for metric in metrics if metric.key in there]
    keys = list(dict.fromkeys([*declared, *there]))
    lines = [
        (
            *(row.song, row.reference, row.task, row.pair, row.system, _HEARD[row.wrong]),
            *(repr(float(row.figures[key])) if key in row.figures else "" for key in keys),
            *(row.error, row.mix),
        )
        for row in rows
    ]
    return _csv([(*_BEFORE, *keys, *_AFTER), *lines])


def read_rows(path: Path) -> list[Row]:
    """Rows as `rows_csv` wrote them.

    Args:
        path: of the CSV file.

    Raises:
        UserError: it cannot be read, lacks a column, or holds a figure that is no number.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error.__class__.__name__})") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    names = list(reader.fieldnames or ())
    if missing := [name for name in (*_BEFORE, *_AFTER) if name not in names]:
        raise UserError(f"{path}: has no column {' and '.join(missing)}; it needs {','.join((*_BEFORE, *_AFTER))}")
    keys = [name for name in names if name not in (*_BEFORE, *_AFTER)]
    return [_row(line, keys, f"{path}: line {reader.line_num}") for line in reader]


def _row(line: dict[str, str], keys: Sequence[str], where: str) -> Row:
    if line["heard"] not in _HEARD.values():
        raise UserError(f"{where}: heard is {line['heard']!r}; it must be right or wrong")
    try:
        figures = {key: float(line[key]) for key in keys if line[key]}
    except ValueError as error:
        raise UserError(f"{where}: {error}; figures must be numbers") from None
    return Row(
        pair=line["pair"],
        song=line["song"],
        reference=line["reference"],
        task=line["task"],
        system=line["system"],
        wrong=line["heard"] == _HEARD[True],
        figures=figures,
        error=line["error"],
        mix=line["mix"],
    )


def listening_csv(rows: Sequence[Row], pairs: Sequence[Pair], folder: Path) -> str:
    """The mixes that were kept and their references, as `diffmst listen make` takes them: a line each.

    A song of the test is a pair of which every system has left a mix; those made with the wrong reference stay out.

    Args:
        rows: of all pairs.
        pairs: tell the references.
        folder: that the mixes of rows are relative to, and the table will be.
    """
    mixes: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.mix and not row.wrong:
            mixes.setdefault(row.pair, {})[row.system] = row.mix
    systems = {system for of_pair in mixes.values() for system in of_pair}
    lines: list[tuple[object, ...]] = []
    for pair in (pair for pair in pairs if pair.name in mixes and mixes[pair.name].keys() == systems):
        reference = relative_path(pair.reference, folder)
        lines += [(pair.name, system, mix, "system") for system, mix in mixes[pair.name].items()]
        lines.append((pair.name, REFERENCE, reference, "reference"))
    return _csv([(*SOURCE_COLUMNS, "role"), *lines])


_CELL_COLUMNS = (
    *("task", "system", "heard", "metric", "unit", "better", "pairs", "songs", "mean", "low", "high", "median"),
    *("worst", "worst_pair", "better_than_baseline", "ratio", "ratio_low", "ratio_high", "note"),
)


def summary_csv(summary: Summary) -> str:
    """Every figure of every system and task, a line each."""
    return _csv([_CELL_COLUMNS, *_cell_lines(summary)])


def _cell_lines(summary: Summary) -> Iterator[tuple[object, ...]]:
    by_key = {metric.key: metric for metric in summary.metrics}
    for task in summary.tasks:
        for cell in task.cells:
            metric, interval, ratio = by_key[cell.key], cell.interval, cell.ratio_interval
            yield (
                *(task.task, cell.system, _HEARD[cell.wrong], cell.key, metric.unit, metric.better, cell.n, cell.songs),
                *map(_figure, (cell.mean, interval.low, interval.high, cell.median, cell.worst)),
                cell.worst_pair,
                *map(_figure, (cell.better, cell.ratio, ratio.low, ratio.high)),
                cell.note,
            )


_DIFFERENCE_COLUMNS = ("difference", "low", "high", "better", "pairs", "songs", "test_over", "p", "p_holm")


def comparisons_csv(summary: Summary) -> str:
    """Every two systems on every metric and task, a line each."""
    head = ("task", "metric", "system", "against", *_DIFFERENCE_COLUMNS)
    lines = (
        (task.task, one.key, one.system, one.against, *_difference(one.difference))
        for task in summary.tasks
        for one in task.comparisons
    )
    return _csv([head, *lines])


def controls_csv(summary: Summary) -> str:
    """Every system with right and wrong references, on every metric of nearness and task, a line each."""
    head = ("task", "metric", "system", "right", "wrong", *_DIFFERENCE_COLUMNS, "verdict")
    lines = (
        (
            *(task.task, one.key, one.system, _figure(one.right), _figure(one.wrong)),
            *_difference(one.difference),
            one.verdict,
        )
        for task in summary.tasks
        for one in task.controls
    )
    return _csv([head, *lines])


def _difference(difference: Difference) -> tuple[object, ...]:
    figures = (difference.value, difference.interval.low, difference.interval.high, difference.better)
    counts = (difference.n, difference.songs, difference.unit)
    return (*map(_figure, figures), *counts, _figure(difference.p), _figure(difference.p_holm))


def _figure(value: float) -> str:
    return "" if isnan(value) else f"{value:.6g}"


def _csv(lines: Iterable[Sequence[object]]) -> str:
    """CSV whose text any file can hold: half characters of broken file names become question marks."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode("utf-8", "replace").decode("utf-8")
