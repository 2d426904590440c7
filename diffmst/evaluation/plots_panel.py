"""A place with axes within a picture, and what the pictures of an evaluation have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.plots_drawing import line, text
from diffmst.evaluation.summary_cells import Cell
from diffmst.evaluation.tables_record import interval_text
from diffmst.report.svg import Axis
from diffmst.report.words import number


class Panel(NamedTuple):
    """A place for a picture within a picture.

    Attributes:
        left: of what is drawn.
        right: likewise.
        top: likewise.
        bottom: likewise.
        x: axis, where it has one.
        y: likewise.
    """

    left: float
    right: float
    top: float
    bottom: float
    x: Axis
    y: Axis

    def column(self, value: float) -> float:
        """Where a value of x lies."""
        return self.left + float(self.x.at(value).clip(0, 1)) * (self.right - self.left)

    def row(self, value: float) -> float:
        """Where a value of y lies."""
        return self.bottom - float(self.y.at(value).clip(0, 1)) * (self.bottom - self.top)

    def x_grid(self) -> Iterator[Markup]:
        """Upright lines with their labels."""
        for tick in self.x.ticks:
            at = self.column(tick.value)
            yield line([(at, self.top), (at, self.bottom)], "ticks")
            yield text(at, self.bottom + 16, tick.label, "soft middle")

    def y_grid(self) -> Iterator[Markup]:
        """Level lines with their labels."""
        for tick in self.y.ticks:
            at = self.row(tick.value)
            yield line([(self.left, at), (self.right, at)], "ticks")
            yield text(self.left - 8, at + 4, tick.label, "soft end")


NO_AXIS = Axis(0, 1)


def cell_words(cell: Cell, metric: Metric) -> str:
    """A figure with all that is known of it."""
    interval = interval_text(cell.interval, metric.decimals)
    value = " ".join(filter(None, [number(cell.mean, metric.decimals), metric.unit]))
    heard = " with the wrong reference" if cell.wrong else ""
    worst = f", worst {number(cell.worst, metric.decimals)} on {cell.worst_pair}" if cell.worst_pair else ""
    return f"{cell.system}{heard}: {metric.label} {value}" + (f" (95 % {interval})" if interval else "") + worst
