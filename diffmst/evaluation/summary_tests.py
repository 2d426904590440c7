"""Which differences between systems are more than chance, and which systems listen to the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.summary_cells import share_better
from diffmst.evaluation.summary_rows import Heard, TaskRows
from diffmst.statistics import FEWEST, SIGNIFICANCE, Interval, clustered_means, holm, percentile_interval, wilcoxon_p

NEARNESS = ("recovery", "paired", "style")
"""Groups of metrics that say how near a mix comes to what is wanted, the most telling first."""


@dataclass(frozen=True)
class Difference:
    """The mean of one thing less that of another, on the pairs that have both.

    Attributes:
        n: pairs.
        songs: to which they belong.
        value: the mean difference.
        interval: of the same, by bootstrap over songs.
        better: share of pairs on which the first is better; ties count half.
        unit: what the test counts: songs, each with the mean of its pairs, or pairs, where there are fewer than six
            songs; pairs of one song are not independent, so that p is then too small.
        p: of the Wilcoxon signed rank test.
        p_holm: the same, corrected for all of the same metric and task.
    """

    n: int
    songs: int
    value: float
    interval: Interval
    better: float
    unit: Literal["songs", "pairs"]
    p: float
    p_holm: float

    @property
    def significant(self) -> bool:
        """Whether it is more than chance, among all that were asked; pairs of the same few songs never tell."""
        return self.unit == "songs" and self.p_holm < SIGNIFICANCE


@dataclass(frozen=True)
class Comparison:
    """One system against another, both with the right reference.

    Attributes:
        key: of the metric.
        system: the one with the better mean on the pairs that both have.
        against: the other.
        difference: of the first less the other.
    """

    key: str
    system: str
    against: str
    difference: Difference


@dataclass(frozen=True)
class Control:
    """A system with the right reference against itself with a wrong one, both compared with the right one.

    Attributes:
        key: of the metric.
        system: its name.
        right: mean with the right reference.
        wrong: mean with the wrong one.
        difference: of right less wrong.
        listens: whether the right reference makes it better, by more than chance.
    """

    key: str
    system: str
    right: float
    wrong: float
    difference: Difference
    listens: bool

    @property
    def verdict(self) -> str:
        """In words."""
        if self.listens:
            return "listens"
        if self.difference.significant:
            return "worse with the right reference"
        if self.difference.unit == "pairs":
            return "not shown: the songs are too few"
        return "not shown"


def comparisons(rows: TaskRows, metrics: Sequence[Metric], seed: int) -> Iterator[Comparison]:
    """Every two systems on every metric that has a better side."""
    systems = [system for system in rows.systems if (system, False) in rows.done]
    for metric in metrics:
        if metric.better == "none":
            continue
        tested = [(a, b, _difference(rows, metric, (a, False), (b, False), seed)) for a, b in combinations(systems, 2)]
        found = [(a, b, difference) for a, b, difference in tested if difference]
        for a, b, difference in zip(*_columns(found), _corrected([one[2] for one in found]), strict=True):
            yield _better_first(metric, a, b, difference)


def controls(rows: TaskRows, metrics: Sequence[Metric], seed: int) -> Iterator[Control]:
    """Every system that heard wrong references too, on every metric of nearness."""
    systems = [system for system in rows.systems if {(system, False), (system, True)} <= rows.done.keys()]
    for metric in metrics:
        if metric.better == "none" or metric.group not in NEARNESS:
            continue
        tested = [(system, _difference(rows, metric, (system, False), (system, True), seed)) for system in systems]
        found = [(system, difference) for system, difference in tested if difference]
        for (system, _), difference in zip(found, _corrected([one[1] for one in found]), strict=True):
            yield _control(rows, metric, system, difference)


def _columns(found: Sequence[tuple[str, str, Difference]]) -> tuple[list[str], list[str]]:
    return [one[0] for one in found], [one[1] for one in found]


def _difference(rows: TaskRows, metric: Metric, first: Heard, second: Heard, seed: int) -> Difference | None:
    """Of two, on the pairs that have both; uncorrected."""
    one, other = rows.figures(first, metric.key), rows.figures(second, metric.key)
    pairs = [pair for pair in rows.pairs if pair in one and pair in other]
    if not pairs:
        return None
    a, b = (np.array([figures[pair] for pair in pairs]) for figures in (one, other))
    by_song = rows.by_song(pairs, a - b)
    enough = len(by_song) >= FEWEST
    p = wilcoxon_p(by_song if enough else a - b)
    drawn = clustered_means((a - b)[:, None], rows.songs(pairs), seed)[:, 0]
    return Difference(
        n=len(pairs),
        songs=len(by_song),
        value=float((a - b).mean()),
        interval=percentile_interval(drawn, len(by_song)),
        better=share_better(a, b, metric),
        unit="songs" if enough else "pairs",
        p=p,
        p_holm=p,
    )


def _corrected(differences: Sequence[Difference]) -> list[Difference]:
    p_holm = holm([difference.p for difference in differences])
    return [replace(difference, p_holm=p) for difference, p in zip(differences, p_holm, strict=True)]


def _better_first(metric: Metric, a: str, b: str, difference: Difference) -> Comparison:
    if (difference.value > 0) == (metric.better == "higher") or difference.value == 0:
        return Comparison(metric.key, a, b, difference)
    low, high = difference.interval.low, difference.interval.high
    turned = replace(difference, value=-difference.value, interval=Interval(-high, -low), better=1 - difference.better)
    return Comparison(metric.key, b, a, turned)


def _control(rows: TaskRows, metric: Metric, system: str, difference: Difference) -> Control:
    right, wrong = (rows.figures((system, heard), metric.key) for heard in (False, True))
    pairs = right.keys() & wrong.keys()
    nearer = difference.value < 0 if metric.better == "lower" else difference.value > 0
    return Control(
        key=metric.key,
        system=system,
        right=float(np.mean([right[pair] for pair in sorted(pairs)])),
        wrong=float(np.mean([wrong[pair] for pair in sorted(pairs)])),
        difference=difference,
        listens=difference.significant and nearer,
    )
