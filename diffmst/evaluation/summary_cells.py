"""What one figure of one system is over the pairs of a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.row import SetFigure
from diffmst.evaluation.summary_rows import Heard, TaskRows
from diffmst.statistics import UNKNOWN, FloatArray, Interval, clustered_means, percentile_interval


@dataclass(frozen=True)
class Cell:
    """A figure of a system over the pairs of a task.

    Attributes:
        system: its name.
        wrong: whether it heard the wrong reference.
        key: of the metric.
        n: pairs.
        songs: to which they belong.
        mean: over pairs; the figure itself where it is one of the whole set.
        interval: of the mean, by bootstrap over songs; NaN for one song.
        median: over pairs.
        worst: the worst of all; NaN where none is better than another.
        worst_pair: its name.
        better: share of pairs on which it is better than the baseline, ties count half; NaN without one.
        ratio: of its mean to that of the baseline on the same pairs; NaN without one.
        ratio_interval: of the same, by bootstrap over songs.
        note: what must be known of it, one line; empty for nothing.
    """

    system: str
    wrong: bool
    key: str
    n: int
    songs: int
    mean: float
    interval: Interval
    median: float = nan
    worst: float = nan
    worst_pair: str = ""
    better: float = nan
    ratio: float = nan
    ratio_interval: Interval = UNKNOWN
    note: str = ""


def cells(
    rows: TaskRows, set_figures: Sequence[SetFigure], metrics: Sequence[Metric], *, baseline: str, seed: int
) -> Iterator[Cell]:
    """The cells of all systems, metric by metric.

    Args:
        rows: of the task.
        set_figures: of the task.
        metrics: declared.
        baseline: the system that others are compared with.
        seed: of the bootstrap.
    """
    order = [(system, wrong) for system in rows.systems for wrong in (False, True) if (system, wrong) in rows.done]
    for metric in metrics:
        pairs = rows.comparable(metric.key)
        for heard in order:
            figures = rows.figures(heard, metric.key)
            if own := [pair for pair in pairs if pair in figures]:
                yield _cell(rows, metric, heard, own, baseline=baseline, seed=seed)
        for figure in set_figures:
            if figure.key == metric.key:
                yield _set_cell(figure, rows, set_figures, baseline)


def _cell(rows: TaskRows, metric: Metric, heard: Heard, pairs: list[str], *, baseline: str, seed: int) -> Cell:
    figures, against = rows.figures(heard, metric.key), rows.figures((baseline, False), metric.key)
    values = np.array([figures[pair] for pair in pairs])
    songs = rows.songs(pairs)
    drawn = clustered_means(values[:, None], songs, seed)[:, 0]
    ratio, ratio_interval, better = nan, UNKNOWN, nan
    if heard != (baseline, False) and metric.better != "none" and all(pair in against for pair in pairs):
        others = np.array([against[pair] for pair in pairs])
        better = share_better(values, others, metric)
        if metric.compared_with_baseline:
            ratio, ratio_interval = _ratio(values, others, songs, seed)
    worst = _worst(values, metric)
    return Cell(
        system=heard[0],
        wrong=heard[1],
        key=metric.key,
        n=len(pairs),
        songs=len(set(songs)),
        mean=float(values.mean()),
        interval=percentile_interval(drawn, len(set(songs))),
        median=float(np.median(values)),
        worst=nan if worst is None else float(values[worst]),
        worst_pair="" if worst is None else pairs[worst],
        better=better,
        ratio=ratio,
        ratio_interval=ratio_interval,
    )


def share_better(values: FloatArray, others: FloatArray, metric: Metric) -> float:
    """Share of values that are better than the others, one by one; ties count half."""
    return float((np.sign(values - others).mean() * (-1 if metric.better == "lower" else 1) + 1) / 2)


def _worst(values: FloatArray, metric: Metric) -> int | None:
    if metric.better == "none":
        return None
    return int(values.argmax() if metric.better == "lower" else values.argmin())


def _ratio(values: FloatArray, others: FloatArray, songs: Sequence[str], seed: int) -> tuple[float, Interval]:
    """The ratio of two means; NaN where the second is not above 0, in some drawn world or in this one."""
    drawn = clustered_means(np.stack([values, others], -1), songs, seed)
    if others.mean() <= 0:
        return nan, UNKNOWN
    ratio = float(values.mean() / others.mean())
    if drawn[:, 1].min() <= 0:
        return ratio, UNKNOWN
    return ratio, percentile_interval(drawn[:, 0] / drawn[:, 1], len(set(songs)))


def _set_cell(figure: SetFigure, rows: TaskRows, set_figures: Sequence[SetFigure], baseline: str) -> Cell:
    """A figure of the whole set, over the common pairs of which the system has a mix."""
    done = rows.done.get((figure.system, figure.wrong), {})
    pairs = [pair for pair in rows.common if pair in done]
    against = [
        other.value
        for other in set_figures
        if (other.system, other.wrong, other.key) == (baseline, False, figure.key) and other.value > 0
    ]
    comparable = against and not figure.note and (figure.system, figure.wrong) != (baseline, False)
    ratio = figure.value / against[0] if comparable else nan
    return Cell(
        system=figure.system,
        wrong=figure.wrong,
        key=figure.key,
        n=len(pairs),
        songs=len(set(rows.songs(pairs))),
        mean=figure.value,
        interval=figure.interval if isfinite(figure.value) else UNKNOWN,
        ratio=ratio,
        note=figure.note,
    )
