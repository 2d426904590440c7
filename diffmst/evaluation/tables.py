"""Tables of what an evaluation says, to be laid out by `tables_markup`, by the terminal and by the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, log10

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.summary import Summary, TaskSummary
from diffmst.evaluation.summary_cells import Cell
from diffmst.evaluation.tables_record import (
    NONE,
    Column,
    Entry,
    Table,
    counted,
    heading_of,
    interval_text,
    ranked,
    table_name,
    task_title,
)
from diffmst.evaluation.tables_tests import control_table, differences_table
from diffmst.report.words import number
from diffmst.statistics import Interval

_PUBLISHED_DECIMALS = 2
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def all_tables(summary: Summary, scales: Mapping[str, float]) -> Iterator[Table]:
    """Every table that has something to say, task by task.

    Args:
        summary: of the rows.
        scales: of the published terms, by the keys of their metrics.
    """
    for task in summary.tasks:
        yield from task_tables(summary, task, scales)


def task_tables(summary: Summary, task: TaskSummary, scales: Mapping[str, float]) -> Iterator[Table]:
    """The tables of one task: nearness, sanity, the published terms, the control, differences between systems."""
    title = task_title(task)
    built = (
        _metric_table(summary, task, task.nearness, "nearness", f"How near each system comes, {title}"),
        _metric_table(summary, task, task.sanity, "sanity", f"Whether its mixes are sane, and what they cost, {title}"),
        published_table(summary, task, scales),
        control_table(task),
        differences_table(task),
    )
    yield from (table for table in built if table.columns and table.rows)


def _metric_table(summary: Summary, task: TaskSummary, metrics: Sequence[Metric], kind: str, title: str) -> Table:
    systems = ranked(task)
    columns = [_entries(task, metric, systems) for metric in metrics]
    return Table(
        name=table_name(kind, task),
        title=title,
        caption=_caption(summary, task, metrics),
        rows_are="system",
        columns=tuple(map(heading_of, metrics)),
        rows=tuple((system, tuple(column[index] for column in columns)) for index, system in enumerate(systems)),
    )


def _entries(task: TaskSummary, metric: Metric, systems: Sequence[str], scale: float = 1.0) -> list[Entry]:
    """A column: one entry per system."""
    decimals = metric.decimals if scale == 1 else _PUBLISHED_DECIMALS
    found = [task.cell(system, metric.key) for system in systems]
    best = best_cell(metric, [cell for cell in found if cell])
    texts = [number(cell.mean / scale, decimals) if cell else NONE for cell in found]
    best_text = number(best.mean / scale, decimals) if best and len({*texts} - {NONE}) > 1 else ""
    return [
        _entry(text, cell, decimals, scale, best=text == best_text, alike=bool(best and near_best(task, cell, best)))
        if cell
        else Entry(NONE)
        for text, cell in zip(texts, found, strict=True)
    ]


def best_cell(metric: Metric, cells: Sequence[Cell]) -> Cell | None:
    """The one with the best mean; none where no side is better, or where there is nothing to be better than."""
    if metric.better == "none" or len(cells) < 2:
        return None
    turn = 1 if metric.better == "lower" else -1
    return min(cells, key=lambda cell: turn * cell.mean)


def near_best(task: TaskSummary, cell: Cell, best: Cell) -> bool:
    """Whether the interval of its difference from the best includes zero.

    This is asked of one pair of systems by itself, and milder than the tests, which are corrected for all.
    """
    asked = {cell.system, best.system}
    intervals = [c.difference.interval for c in task.comparisons if (c.key, {c.system, c.against}) == (cell.key, asked)]
    return any(interval.low <= 0 <= interval.high for interval in intervals)


def _entry(text: str, cell: Cell, decimals: int, scale: float, *, best: bool, alike: bool) -> Entry:
    return Entry(
        text=text,
        interval=interval_text(Interval(cell.interval.low / scale, cell.interval.high / scale), decimals),
        note=f"×{number(cell.ratio, 2)}" if isfinite(cell.ratio) else "",
        best=best,
        alike=alike and not best,
    )


def _caption(summary: Summary, task: TaskSummary, metrics: Sequence[Metric]) -> str:
    ratio = (
        f"; × is the ratio to {summary.baseline}" if any(metric.compared_with_baseline for metric in metrics) else ""
    )
    fewer = [
        f"{metric.label}: {n} pairs"
        for metric in metrics
        if (n := max(cell.n for cell in task.cells if cell.key == metric.key)) != len(task.pairs)
    ]
    return (
        f"Means over {counted(len(task.pairs), 'pair')} of {counted(task.songs, 'song')} of which every system has a "
        f"mix, with 95 % intervals by bootstrap over songs (seed {summary.seed}); bold is the best mean, "
        f"which is no verdict, ≈ that the interval of the difference from it includes zero{ratio}."
        + (f" {'; '.join(fewer)}." if fewer else "")
        + (f" {task.too_few[0].upper()}{task.too_few[1:]}." if task.too_few else "")
    )


def published_table(summary: Summary, task: TaskSummary, scales: Mapping[str, float]) -> Table:
    """The terms of the audio feature distance in the columns and on the scales of the published tables.

    Args:
        summary: of the rows.
        task: of the table.
        scales: what one unit of a column stands for, by the keys of metrics, in the order of the columns.
    """
    known = {cell.key for cell in task.cells}
    by_key = {metric.key: metric for metric in summary.metrics}
    metrics = [by_key[key] for key in scales if key in known and key in by_key]
    systems = ranked(task)
    columns = [
        [entry._replace(note="") for entry in _entries(task, metric, systems, scales[metric.key])] for metric in metrics
    ]
    return Table(
        name=table_name("published", task),
        title=f"Audio features, scaled as published, {task_title(task)}",
        caption=_caption(summary, task, []),
        rows_are="system",
        columns=tuple(_published_column(metric, scales[metric.key]) for metric in metrics),
        rows=tuple((system, tuple(column[index] for column in columns)) for index, system in enumerate(systems)),
    )


def _published_column(metric: Metric, scale: float) -> Column:
    power = round(log10(scale))
    unit = f"×10{str(power).translate(_SUPERSCRIPTS)}" if power else ""
    column = heading_of(metric)
    return column._replace(heading=column.heading.removeprefix("AF "), unit=unit)
