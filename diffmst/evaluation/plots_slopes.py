"""Every pair against the baseline: which get worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from markupsafe import Markup

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.plots_drawing import WIDTH, Picture, axis_of, dot, drawing, line, shortened, text, titled
from diffmst.evaluation.plots_panel import NO_AXIS, Panel
from diffmst.evaluation.summary import TaskSummary
from diffmst.evaluation.summary_rows import TaskRows
from diffmst.evaluation.tables_record import table_name, task_title
from diffmst.report.words import number

_SLOPES_PX, _SLOPES_TOP, _MOST_SLOPES = 220, 66, 5


def slopes_plot(baseline: str, systems: Sequence[str], rows: TaskRows, metric: Metric, task: TaskSummary) -> Picture:
    """A panel per system, a line per pair from the baseline to the system: which pairs get worse.

    Args:
        baseline: the system on the left of every panel.
        systems: the others, at least one.
        rows: of the task.
        metric: of the figures.
        task: of the picture.
    """
    base = rows.figures((baseline, False), metric.key)
    found = {system: rows.figures((system, False), metric.key) for system in systems}
    axis = axis_of([*base.values(), *(value for figures in found.values() for value in figures.values())], most_ticks=5)
    columns = max(3, ceil(len(systems) / ceil(len(systems) / _MOST_SLOPES)))
    panel_px = (WIDTH - 56) / columns
    parts: list[Markup] = []
    told: list[str] = []
    for index, (system, figures) in enumerate(found.items()):
        level, place = divmod(index, columns)
        left, top = 56 + place * panel_px, level * (_SLOPES_TOP + _SLOPES_PX + 48)
        panel = Panel(left + 10, left + panel_px - 24, top + _SLOPES_TOP, top + _SLOPES_TOP + _SLOPES_PX, NO_AXIS, axis)
        moves = {pair: (base[pair], figures[pair]) for pair in base if pair in figures}
        parts += _slopes_panel(panel, system, moves, metric, labelled=place == 0)
        told.append(f"{system} {_worse_words(moves, metric)}")
    height = (1 + (len(found) - 1) // columns) * (_SLOPES_TOP + _SLOPES_PX + 48)
    title = f"{metric.label} of every pair against {baseline}, {task_title(task)}"
    words = f"{title}: {'; '.join(told)}"
    return Picture(table_name(f"pairs-{metric.key}", task), title, words, drawing(height, parts, words))


def _slopes_panel(
    panel: Panel, system: str, moves: dict[str, tuple[float, float]], metric: Metric, *, labelled: bool
) -> Iterator[Markup]:
    room = panel.right - panel.left + 8
    yield titled(system, text(panel.left, panel.top - 44, shortened(system, room), "head"))
    yield text(panel.left, panel.top - 28, _worse_words(moves, metric), "soft")
    if worst := _most_worsened(moves, metric):
        before, after = moves[worst]
        words = f"most by {number(after - before, metric.decimals, sign=True)}: {worst}"
        yield titled(words, text(panel.left, panel.top - 12, shortened(words, room * 1.05), "soft"))
    for tick in panel.y.ticks:
        at = panel.row(tick.value)
        yield line([(panel.left, at), (panel.right, at)], "ticks")
        if labelled:
            yield text(panel.left - 14, at + 4, tick.label, "soft end")
    for pair, (before, after) in sorted(moves.items(), key=lambda move: _worsening(move[1], metric)):
        css = "worse" if _worsening((before, after), metric) > 0 else "better"
        ends = [(panel.left, panel.row(before)), (panel.right, panel.row(after))]
        dots = (dot(x, y, css, 3) for x, y in ends)
        yield titled(f"{pair}: {_move_words((before, after), metric)}", line(ends, "target"), line(ends, css), *dots)
    yield text(panel.left, panel.bottom + 20, "baseline", "soft")
    yield text(panel.right, panel.bottom + 20, "system", "soft end")


def _worsening(move: tuple[float, float], metric: Metric) -> float:
    return (move[1] - move[0]) * (1 if metric.better == "lower" else -1)


def _most_worsened(moves: dict[str, tuple[float, float]], metric: Metric) -> str:
    worst = max(moves, key=lambda pair: _worsening(moves[pair], metric), default="")
    return worst if worst and _worsening(moves[worst], metric) > 0 else ""


def _worse_words(moves: dict[str, tuple[float, float]], metric: Metric) -> str:
    worse = sum(_worsening(move, metric) > 0 for move in moves.values())
    return f"worse on {worse} of {len(moves)}"


def _move_words(move: tuple[float, float], metric: Metric) -> str:
    before, after = (number(value, metric.decimals) for value in move)
    return " ".join(filter(None, [f"{before} → {after}", metric.unit]))
