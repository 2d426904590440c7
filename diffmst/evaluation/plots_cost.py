"""What nearness costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import NamedTuple

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
from diffmst.evaluation.plots_panel import Panel, cell_words
from diffmst.evaluation.summary import TaskSummary
from diffmst.evaluation.summary_cells import Cell
from diffmst.evaluation.tables_record import ranked, table_name, task_title
from diffmst.report.words import number

_COST_PX, _LABEL_PX = 300, 14


def cost_plot(task: TaskSummary, cost: Metric, error: Metric) -> Picture:
    """Systems by what they cost and how near they come.

    Args:
        task: of the picture.
        cost: metric on the level axis.
        error: metric on the upright one.
    """
    cells = [(task.cell(system, cost.key), task.cell(system, error.key)) for system in ranked(task)]
    points = [(x, y) for x, y in cells if x and y]
    ends = [end for _, y in points for end in (y.mean, y.interval.low, y.interval.high)]
    axes = axis_of([x.mean for x, _ in points], most_ticks=6), axis_of(ends, most_ticks=5)
    panel = Panel(70, WIDTH - 40, 40, 40 + _COST_PX, *axes)
    error_heading = ", ".join(filter(None, [error.label, error.unit]))
    cost_heading = ", ".join(filter(None, [cost.label, cost.unit]))
    parts = [
        text(10, 18, error_heading, "head"),
        *panel.x_grid(),
        *panel.y_grid(),
        text(panel.right, panel.bottom + 34, cost_heading, "head end"),
    ]
    taken = [_taken(panel, x, y) for x, y in points]
    for x, y in points:
        parts += _cost_point(panel, x, y, (cost, error), taken)
    title = f"{error.label} against {cost.label}, {task_title(task)}"
    told = (f"{x.system} {number(x.mean, cost.decimals)}, {number(y.mean, error.decimals)}" for x, y in points)
    words = f"{title}: {'; '.join(told)}"
    return Picture(table_name("cost", task), title, words, drawing(panel.bottom + 44, parts, words))


class _Box(NamedTuple):
    """A place that is taken."""

    left: float
    top: float
    width: float
    height: float

    def meets(self, other: _Box) -> bool:
        """Whether two overlap."""
        apart_x = self.left >= other.left + other.width or other.left >= self.left + self.width
        apart_y = self.top >= other.top + other.height or other.top >= self.top + self.height
        return not (apart_x or apart_y)


def _taken(panel: Panel, x: Cell, y: Cell) -> _Box:
    """The place of a point and its interval."""
    ends = [end for end in (y.mean, y.interval.low, y.interval.high) if isfinite(end)]
    top, bottom = panel.row(max(ends)), panel.row(min(ends))
    return _Box(panel.column(x.mean) - 7, top - 4, 14, bottom - top + 8)


def _cost_point(panel: Panel, x: Cell, y: Cell, metrics: tuple[Metric, Metric], taken: list[_Box]) -> Iterator[Markup]:
    at = panel.column(x.mean), panel.row(y.mean)
    parts = []
    if isfinite(y.interval.low):
        parts.append(line([(at[0], panel.row(y.interval.low)), (at[0], panel.row(y.interval.high))], "right"))
    title = f"{cell_words(y, metrics[1])}; {metrics[0].label} {number(x.mean, metrics[0].decimals)} {metrics[0].unit}"
    yield titled(title, *parts, dot(*at, "right", 6))
    name = shortened(x.system, 220)
    box = _free_place(at, width_px(name), panel, taken)
    taken.append(box)
    yield text(box.left, box.top + 11, name, "")


def _free_place(at: tuple[float, float], width: float, panel: Panel, taken: Sequence[_Box]) -> _Box:
    """Where a label fits beside its point: right or left of it, above or below these, further off if need be."""
    x, y = at
    for far in range(0, 120, _LABEL_PX):
        for down in (far, -far):
            for left in (x + 11, x - 11 - width):
                box = _Box(left, y - 7 + down, width, _LABEL_PX)
                if left >= panel.left and left + width <= WIDTH and not any(box.meets(other) for other in taken):
                    return box
    return _Box(x + 11, y - 7, width, _LABEL_PX)
