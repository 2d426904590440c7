"""A table as it is laid out in many ways, and the words that its parts share."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple
from zlib import crc32

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.summary import TaskSummary
from diffmst.report.words import number
from diffmst.statistics import Interval

NONE = "–"


class Column(NamedTuple):
    """A column of figures.

    Attributes:
        heading: short.
        unit: of the figures; empty for none.
        arrow: which way is better; empty where neither is.
        key: of the metric, where it is one.
    """

    heading: str
    unit: str = ""
    arrow: str = ""
    key: str = ""


class Entry(NamedTuple):
    """A place in a table.

    Attributes:
        text: the figure.
        interval: of it; empty for none.
        note: on it, short, as its ratio to the baseline; empty for none.
        best: none in its column is better.
        alike: it is not the best, but the interval of its difference from the best includes zero.
    """

    text: str
    interval: str = ""
    note: str = ""
    best: bool = False
    alike: bool = False


class Table(NamedTuple):
    """A table, a row per system or per comparison.

    Attributes:
        name: fit for a label or an anchor.
        title: a few words.
        caption: what is to be known of it, in sentences.
        rows_are: heading over the names of the rows.
        columns: of figures.
        rows: name and entries.
    """

    name: str
    title: str
    caption: str
    rows_are: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Entry, ...]], ...]


def task_title(task: TaskSummary) -> str:
    """The name of a task, or a word for none."""
    return task.task or "all pairs"


def task_slug(task: TaskSummary) -> str:
    """The name of a task, fit for a label or a file; a number tells apart what letters alone would not."""
    slug = "".join(char if char.isascii() and char.isalnum() else "-" for char in task.task.lower()).strip("-")
    return slug if slug == task.task else f"{slug}-{crc32(task.task.encode('utf-8', 'replace')):08x}".lstrip("-")


def heading_of(metric: Metric) -> Column:
    """The column of a metric."""
    arrow = {"lower": "↓", "higher": "↑", "none": ""}[metric.better]
    return Column(metric.label, metric.unit, arrow, metric.key)


def interval_text(interval: Interval, decimals: int, *, sign: bool = False) -> str:
    """From and to; empty where it is not known.

    >>> interval_text(Interval(-1.25, 0.5), 1)
    '−1.2…0.5'
    """
    if not (isfinite(interval.low) and isfinite(interval.high)):
        return ""
    return f"{number(interval.low, decimals, sign=sign)}…{number(interval.high, decimals, sign=sign)}"


def ranked(task: TaskSummary) -> list[str]:
    """The systems that have figures, the best first by the most telling metric."""
    there = [system for system in task.systems if any(cell.system == system for cell in task.cells)]
    metric = task.primary
    if metric is None:
        return there
    means = {system: cell.mean for system in there if (cell := task.cell(system, metric.key))}
    turn = -1 if metric.better == "higher" else 1
    return sorted(there, key=lambda system: (system not in means, turn * means.get(system, 0.0)))


def table_name(kind: str, task: TaskSummary) -> str:
    """A name fit for a label or a file."""
    return "-".join(filter(None, [kind, task_slug(task)]))


def counted(n: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "song"), counted(3, "pair")
    ('1 song', '3 pairs')
    """
    return f"{n} {noun}" + "s" * (n != 1)
