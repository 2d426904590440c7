"""Systems with their intervals, a panel per metric, the right reference beside the wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, isfinite

from markupsafe import Markup

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.plots_drawing import (
    WIDTH,
    Picture,
    axis_of,
    dot,
    drawing,
    line,
    shortened,
    text,
    titled,
    width_px,
)
from diffmst.evaluation.plots_panel import NO_AXIS, Panel, cell_words
from diffmst.evaluation.summary import Summary, TaskSummary
from diffmst.evaluation.summary_cells import Cell
from diffmst.evaluation.tables_record import heading_of, ranked, table_name, task_title
from diffmst.report.words import number

_NAMES_PX = 160  # for the names of systems, left of the panels
_VALUE_PX = 50  # for figures, right within a panel
_MOST_PANELS = 3  # beside each other
_HEAD_PX, _FOOT_PX = 44, 36  # above and below the rows of a panel
_ROW_PX, _ROW_WITH_WRONG_PX = 26, 36


def intervals_plot(summary: Summary, task: TaskSummary, kind: str, metrics: Sequence[Metric]) -> Picture:
    """A panel per metric, a row per system: the mean and its interval, with the right and the wrong reference.

    Args:
        summary: of the rows.
        task: of the picture.
        kind: of metrics, a word.
        metrics: at least one.
    """
    systems = ranked(task)
    with_wrong = any(cell.wrong for cell in task.cells if cell.key in {metric.key for metric in metrics})
    row_px = _ROW_WITH_WRONG_PX if with_wrong else _ROW_PX
    body = row_px * len(systems)
    columns = ceil(len(metrics) / ceil(len(metrics) / _MOST_PANELS))
    panel_px = (WIDTH - _NAMES_PX) / max(columns, 2)
    parts, top = list(_legend(summary.baseline, with_wrong=with_wrong)), 30.0
    for first in range(0, len(metrics), columns):
        parts += _names(systems, top + _HEAD_PX, row_px)
        for place, metric in enumerate(metrics[first : first + columns]):
            left = _NAMES_PX + place * panel_px
            parts += _interval_panel(summary, task, metric, left, left + panel_px, top, row_px)
        top += _HEAD_PX + body + _FOOT_PX
    title = f"{kind.capitalize()}, {task_title(task)}"
    words = f"{title}: " + "; ".join(_in_words(task, metric, systems) for metric in metrics)
    return Picture(table_name(kind, task), title, words, drawing(top, parts, words))


def _legend(baseline: str, *, with_wrong: bool) -> Iterator[Markup]:
    x, y = 10.0, 15.0
    kinds = [("right", "right reference"), *([("wrong", "wrong reference")] if with_wrong else [])]
    for css, words in kinds:
        yield line([(x, y), (x + 26, y)], css)
        yield dot(x + 13, y, css)
        yield text(x + 34, y + 4, words, "soft")
        x += 60 + width_px(words)
    yield line([(x, y), (x + 26, y)], "baseline")
    yield text(x + 34, y + 4, f"{baseline}; thick lines are 95 % intervals of the mean over songs", "soft")


def _names(systems: Sequence[str], top: float, row_px: float) -> Iterator[Markup]:
    for index, system in enumerate(systems):
        name = text(10, top + (index + 0.5) * row_px + 4, shortened(system, _NAMES_PX - 24), "")
        yield titled(system, name)


def _interval_panel(
    summary: Summary, task: TaskSummary, metric: Metric, left: float, right: float, top: float, row_px: float
) -> Iterator[Markup]:
    systems = ranked(task)
    cells = [cell for cell in task.cells if cell.key == metric.key]
    ends = [end for cell in cells for end in (cell.mean, cell.interval.low, cell.interval.high)]
    first, last = top + _HEAD_PX, top + _HEAD_PX + row_px * len(systems)
    panel = Panel(left + 10, right - _VALUE_PX - 16, first, last, axis_of(ends), NO_AXIS)
    column = heading_of(metric)
    yield text(left + 10, top + 20, shortened(column.heading, right - left - 20), "head")
    words = ", ".join(filter(None, [column.unit, {"↓": "less is better", "↑": "more is better"}.get(column.arrow, "")]))
    yield text(left + 10, top + 36, words, "soft")
    yield from panel.x_grid()
    baseline = task.cell(summary.baseline, metric.key)
    if baseline:
        at = panel.column(baseline.mean)
        yield line([(at, first), (at, last)], "baseline")
    for index, system in enumerate(systems):
        middle = first + (index + 0.5) * row_px
        right_cell, wrong_cell = (task.cell(system, metric.key, wrong=wrong) for wrong in (False, True))
        if wrong_cell:
            yield from _mean_and_interval(panel, wrong_cell, metric, middle + 7)
        if right_cell:
            yield from _mean_and_interval(panel, right_cell, metric, middle - 7 * bool(wrong_cell))
        value = number(right_cell.mean, metric.decimals) if right_cell else "–"
        yield text(right - 10, middle + 4, value, "end")


def _mean_and_interval(panel: Panel, cell: Cell, metric: Metric, y: float) -> Iterator[Markup]:
    css = "wrong" if cell.wrong else "right"
    parts = []
    if isfinite(cell.interval.low):
        parts.append(line([(panel.column(cell.interval.low), y), (panel.column(cell.interval.high), y)], css))
    yield titled(cell_words(cell, metric), *parts, dot(panel.column(cell.mean), y, css))


def _in_words(task: TaskSummary, metric: Metric, systems: Sequence[str]) -> str:
    cells = [task.cell(system, metric.key, wrong=wrong) for system in systems for wrong in (False, True)]
    figures = [
        f"{cell.system}{' (wrong reference)' if cell.wrong else ''} {number(cell.mean, metric.decimals)}"
        for cell in cells
        if cell
    ]
    return f"{metric.label}: {', '.join(figures)}"
