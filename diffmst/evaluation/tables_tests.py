"""Tables of what is more than chance: who listens to the reference, and every two systems."""

from __future__ import annotations

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.summary import TaskSummary
from diffmst.evaluation.summary_tests import Control
from diffmst.evaluation.tables_record import (
    NONE,
    Column,
    Entry,
    Table,
    heading_of,
    interval_text,
    ranked,
    table_name,
    task_title,
)
from diffmst.listening_test.tables import p_text
from diffmst.report.words import number


def _test_caption(units: set[str], everything: str) -> str:
    over_pairs = ", or over pairs where there are fewer than six songs, which are not independent"
    units_are = f"the means of songs{over_pairs if 'pairs' in units else ''}"
    return (
        f"p: Wilcoxon signed rank test over {units_are}, corrected after Holm for all {everything} of one metric; "
        "intervals of 95 % by bootstrap over songs."
    )


def control_table(task: TaskSummary) -> Table:
    """Whether systems listen: the right reference less the wrong one, a column per metric of nearness."""
    found = {(control.system, control.key): control for control in task.controls}
    systems = [system for system in ranked(task) if any(system == name for name, _ in found)]
    metrics = [metric for metric in task.nearness if any(metric.key == key for _, key in found)]
    rows = []
    for system in systems:
        entries = [_control_entry(found.get((system, metric.key)), metric) for metric in metrics]
        first = found.get((system, metrics[0].key))
        rows.append((system, (*entries, Entry(first.verdict if first else NONE, best=bool(first and first.listens)))))
    return Table(
        name=table_name("control", task),
        title=f"The control: what is gained by the right reference over a wrong one, {task_title(task)}",
        caption="Differences of means, both mixes compared with the right reference: who listens is better with the "
        f"right one. Bold is more than chance; the verdict is by {metrics[0].label if metrics else ''}. "
        + _test_caption({control.difference.unit for control in task.controls}, "systems"),
        rows_are="system",
        columns=(*map(heading_of, metrics), Column("verdict")) if metrics else (),
        rows=tuple(rows),
    )


def _control_entry(control: Control | None, metric: Metric) -> Entry:
    if control is None:
        return Entry(NONE)
    difference = control.difference
    p = p_text(difference.p_holm)
    return Entry(
        number(difference.value, metric.decimals, sign=True),
        interval_text(difference.interval, metric.decimals, sign=True),
        f"p {p}".replace(" ", "") if "<" in p else f"p={p}",
        best=control.listens,
    )


def differences_table(task: TaskSummary) -> Table:
    """Every two systems by the most telling metric, the largest difference first."""
    metric = task.primary
    shown = [comparison for comparison in task.comparisons if metric and comparison.key == metric.key]
    rows = []
    for comparison in sorted(shown, key=lambda comparison: -abs(comparison.difference.value)):
        difference, decimals = comparison.difference, metric.decimals if metric else 0
        entries = (
            Entry(comparison.against),
            Entry(
                number(difference.value, decimals, sign=True),
                interval_text(difference.interval, decimals, sign=True),
                best=difference.significant,
            ),
            Entry(f"{100 * difference.better:.0f} %"),
            Entry(f"{difference.n}"),
            Entry(p_text(difference.p)),
            Entry(p_text(difference.p_holm)),
        )
        rows.append((comparison.system, entries))
    return Table(
        name=table_name("differences", task),
        title=f"Differences in {metric.label if metric else ''}, {task_title(task)}",
        caption="On the pairs that both have; bold is more than chance. "
        + _test_caption({comparison.difference.unit for comparison in shown}, "comparisons"),
        rows_are="better",
        columns=tuple(map(Column, ("worse", "difference", "better on", "pairs", "p", "p (Holm)"))),
        rows=tuple(rows),
    )
