"""What came of a task, in words."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.summary import Summary, TaskSummary
from diffmst.evaluation.tables_record import ranked
from diffmst.report.words import number, shown


class Verdict(NamedTuple):
    """A headline and what stands behind it.

    Attributes:
        headline: who is ahead, or that nobody is.
        sentences: by how much, and of whom; who listens.
    """

    headline: str
    sentences: tuple[str, ...]


def verdict(summary: Summary, task: TaskSummary) -> Verdict:
    """Who comes nearest by the most telling metric, whom it is told apart from, and who listens."""
    metric, order = task.primary, ranked(task)
    if metric is None or not order:
        return Verdict("Nothing to compare", ("No system has a mix.",))
    best = order[0]
    others = {
        (comparison.against if comparison.system == best else comparison.system): comparison
        for comparison in task.comparisons
        if comparison.key == metric.key and best in (comparison.system, comparison.against)
    }
    apart, alike = (
        [system for system in order if system in others and others[system].difference.significant is told]
        for told in (True, False)
    )
    if not others:
        headline = f"{best}, by itself"
    elif not apart:
        headline = f"No system stands out in {metric.label}"
    else:
        headline = f"{best} comes nearest in {metric.label}"
    sentences = [_standing(summary, task, best, metric, alone=not apart and bool(others))]
    sentences += [f"Told apart from {listed(apart)}."] if apart else []
    if metric.group == "style":
        sentences.append("A small distance to the reference can be bought with a bad mix: look at sanity, and listen.")
    if task.too_few:
        sentences.append(f"{task.too_few}.")
    elif alike:
        sentences.append(f"Not told apart from {listed(alike)}.")
    return Verdict(shown(headline), tuple(map(shown, [*sentences, *_listening(task, metric)])))


def _standing(summary: Summary, task: TaskSummary, best: str, metric: Metric, *, alone: bool) -> str:
    cell = task.cell(best, metric.key)
    if cell is None:
        return f"{best} has no {metric.label}."
    value = " ".join(filter(None, [number(cell.mean, metric.decimals), metric.unit]))
    ratio = f", {number(cell.ratio, 2)} times that of {summary.baseline}" if isfinite(cell.ratio) else ""
    subject = f"{best} has the best mean, {value}" if alone else f"{value} on average"
    return f"{subject}{ratio}."


def _listening(task: TaskSummary, metric: Metric) -> list[str]:
    """A sentence for each verdict on listening."""
    found: dict[str, list[str]] = {}
    for control in task.controls:
        if control.key == metric.key:
            found.setdefault(control.verdict, []).append(control.system)
    words = {
        "listens": "Better with the right reference than with a wrong one, by more than chance: {}.",
        "not shown": "Not shown to listen to the reference: {}.",
        "worse with the right reference": "Worse with the right reference than with a wrong one: {}.",
    }
    few = "Whether {} listens cannot be told: the songs are too few."
    return [words.get(said, few).format(listed(systems)) for said, systems in found.items()]


def listed(names: Sequence[str]) -> str:
    """Names as a sentence holds them.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
