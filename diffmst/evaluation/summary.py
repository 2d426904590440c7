"""What the rows of an evaluation say: figures with intervals, differences that are more than chance, who listens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log2

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.row import Row, SetFigure
from diffmst.evaluation.summary_cells import Cell, cells
from diffmst.evaluation.summary_rows import TaskRows
from diffmst.evaluation.summary_tests import NEARNESS, Comparison, Control, comparisons, controls
from diffmst.statistics import FEWEST, SIGNIFICANCE

BASELINE = "equal-loudness"
SANITY = ("sanity", "cost")
"""Groups of metrics that say whether a mix is a sane one, and what it costs."""


@dataclass(frozen=True)
class TaskSummary:
    """What the rows of one task say.

    Attributes:
        task: its name.
        systems: that were tried, in the order of the rows.
        tried: pairs that were tried.
        pairs: of which every system has a mix: means are over these.
        songs: to which these belong, how many.
        failed: the rows that have no figures.
        headline: metrics that the rows have and that head the tables, how near a mix comes first, the most telling
            first among these.
        cells: figures of systems.
        comparisons: of systems with each other.
        controls: of systems with themselves, having heard a wrong reference.
    """

    task: str
    systems: tuple[str, ...]
    tried: tuple[str, ...]
    pairs: tuple[str, ...]
    songs: int
    failed: tuple[Row, ...]
    headline: tuple[Metric, ...]
    cells: tuple[Cell, ...]
    comparisons: tuple[Comparison, ...]
    controls: tuple[Control, ...]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Pairs of which some system has no mix."""
        return tuple(pair for pair in self.tried if pair not in self.pairs)

    @property
    def nearness(self) -> tuple[Metric, ...]:
        """Of the headline, what says how near a mix comes."""
        return tuple(metric for metric in self.headline if metric.group in NEARNESS)

    @property
    def sanity(self) -> tuple[Metric, ...]:
        """Of the headline, what says whether it is sane, and what it costs."""
        return tuple(metric for metric in self.headline if metric.group in SANITY)

    @property
    def primary(self) -> Metric | None:
        """The most telling metric, by which systems are ordered and their listening is judged."""
        return next(iter(self.nearness), None)

    def cell(self, system: str, key: str, *, wrong: bool = False) -> Cell | None:
        """A figure of a system, if it has it."""
        return next((c for c in self.cells if (c.system, c.key, c.wrong) == (system, key, wrong)), None)

    def notes(self) -> Iterator[str]:
        """What to know before believing the figures, a sentence each."""
        if self.left_out:
            yield (
                f"{len(self.left_out)} of {len(self.tried)} pairs are left out of the means, as not every system has a "
                f"mix of them: {', '.join(self.left_out)}"
            )
        lost = [name for name in self.systems if not any(c.system == name for c in self.cells)]
        if lost:
            yield f"{', '.join(lost)} has no mix of any pair"
        if self.songs == 1:
            yield "one song says nothing of others: there are no intervals"
        elif 1 < self.songs < FEWEST:
            yield (
                f"{self.songs} songs are few: intervals are narrower than they should be, and p, which counts pairs, "
                f"is a hint and no more, as pairs of a song are not independent; {FEWEST} songs is the least"
            )
        if self.too_few:
            yield self.too_few
        yield from dict.fromkeys(f"{cell.key}: {cell.note}" for cell in self.cells if cell.note)

    @property
    def too_few(self) -> str:
        """A sentence where all songs may agree and yet prove nothing: the smallest p of n is 2 / 2^n, uncorrected."""
        asked = [c.difference for c in self.comparisons if self.primary and c.key == self.primary.key]
        songs = max((difference.songs for difference in asked), default=0)
        if not asked or 2 * len(asked) / 2**songs < SIGNIFICANCE:
            return ""
        needed = ceil(log2(2 * len(asked) / SIGNIFICANCE))
        asked_of = f"{len(asked)} comparisons" if len(asked) > 1 else "a comparison"
        cure = f"{needed}, or fewer systems" if len(asked) > 1 else f"{needed}"
        few = "one song is" if songs == 1 else f"{songs} songs are"
        return f"{few} too few for {asked_of}: no difference can be more than chance (it takes {cure})"


@dataclass(frozen=True)
class Summary:
    """What the rows of an evaluation say.

    Attributes:
        tasks: in the order of the rows.
        metrics: declared, whether or not the rows have them.
        baseline: the system that others are compared with.
        seed: of the bootstrap.
    """

    tasks: tuple[TaskSummary, ...]
    metrics: tuple[Metric, ...]
    baseline: str
    seed: int


def summarize(
    rows: Sequence[Row],
    set_figures: Sequence[SetFigure],
    metrics: Sequence[Metric],
    *,
    baseline: str = BASELINE,
    seed: int = 0,
) -> Summary:
    """What rows say, task by task.

    Means of a metric are over the pairs of which every system has a mix, so that systems are compared on the same
    work. Intervals are by bootstrap over songs; tests are paired, over songs, and corrected after Holm for all
    comparisons of one metric and task.

    Args:
        rows: of all systems and pairs.
        set_figures: figures of whole sets of mixes.
        metrics: declarations; figures that are none of these are left alone.
        baseline: the system that others are compared with, if it was tried.
        seed: of the bootstrap.
    """
    tasks = dict.fromkeys(row.task for row in rows)
    return Summary(
        tasks=tuple(
            _summarized(
                task,
                TaskRows([row for row in rows if row.task == task]),
                [figure for figure in set_figures if figure.task == task],
                metrics,
                baseline=baseline,
                seed=seed,
            )
            for task in tasks
        ),
        metrics=tuple(metrics),
        baseline=baseline,
        seed=seed,
    )


def _summarized(
    task: str,
    rows: TaskRows,
    set_figures: Sequence[SetFigure],
    metrics: Sequence[Metric],
    *,
    baseline: str,
    seed: int,
) -> TaskSummary:
    found = tuple(cells(rows, set_figures, metrics, baseline=baseline, seed=seed))
    return TaskSummary(
        task=task,
        systems=tuple(rows.systems),
        tried=tuple(rows.pairs),
        pairs=tuple(rows.common),
        songs=len(set(rows.songs(rows.common))),
        failed=tuple(row for row in rows.rows if row.error),
        headline=_headline(metrics, {cell.key for cell in found}),
        cells=found,
        comparisons=tuple(comparisons(rows, metrics, seed)),
        controls=tuple(controls(rows, metrics, seed)),
    )


def _headline(metrics: Sequence[Metric], known: set[str]) -> tuple[Metric, ...]:
    """What heads the tables; where nothing that is known was declared to, all of nearness and sanity does."""
    groups = (*NEARNESS, *SANITY)
    there = sorted((metric for metric in metrics if metric.key in known), key=lambda metric: groups.index(metric.group))
    return tuple(metric for metric in there if metric.headline) or tuple(there)
