"""Pictures of an evaluation: systems with their intervals, which pairs get worse, what nearness costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.plots_cost import cost_plot
from diffmst.evaluation.plots_drawing import Picture
from diffmst.evaluation.plots_intervals import intervals_plot
from diffmst.evaluation.plots_slopes import slopes_plot
from diffmst.evaluation.row import Row
from diffmst.evaluation.summary import Summary, TaskSummary
from diffmst.evaluation.summary_rows import TaskRows
from diffmst.evaluation.tables_record import ranked


def all_plots(summary: Summary, rows: Sequence[Row]) -> Iterator[Picture]:
    """Every picture that has something to show, task by task."""
    for task in summary.tasks:
        yield from task_plots(summary, task, rows)


def task_plots(summary: Summary, task: TaskSummary, rows: Sequence[Row]) -> Iterator[Picture]:
    """The pictures of one task.

    Args:
        summary: of the rows.
        task: one of its tasks.
        rows: of all tasks.
    """
    if not task.cells:
        return
    for kind, metrics in (("nearness", task.nearness), ("sanity", task.sanity)):
        if metrics:
            yield intervals_plot(summary, task, kind, metrics)
    own = TaskRows([row for row in rows if row.task == task.task])
    for metric in _telling(task):
        others = [system for system in ranked(task) if system != summary.baseline]
        if own.figures((summary.baseline, False), metric.key) and others:
            yield slopes_plot(summary.baseline, others, own, metric, task)
    cost = next((metric for metric in task.headline if metric.group == "cost"), None)
    if cost and task.primary:
        yield cost_plot(task, cost, task.primary)


def _telling(task: TaskSummary) -> list[Metric]:
    """The first metric of each group of nearness that is compared with the baseline, or else the most telling one."""
    compared = {metric.group: metric for metric in reversed(task.nearness) if metric.compared_with_baseline}
    return [metric for metric in task.nearness if metric in compared.values()] or list(task.nearness[:1])
