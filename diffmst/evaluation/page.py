"""The page of an evaluation: figures, pictures, and every mix of a pair to hear in step, in one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.page_audio import SECONDS, PairSound, sounds_of
from diffmst.evaluation.page_pairs import Failure, PairView, failures, pair_views
from diffmst.evaluation.page_verdict import Verdict, verdict
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.plots import task_plots
from diffmst.evaluation.plots_drawing import Picture, plots_style
from diffmst.evaluation.row import Row
from diffmst.evaluation.summary import Summary, TaskSummary
from diffmst.evaluation.tables import task_tables
from diffmst.evaluation.tables_record import Table, counted, task_title
from diffmst.listening_test.page import asset
from diffmst.progress import SILENT, Progress
from diffmst.report.words import shown

MOST_MB = 40.0
_SCRIPTS = ("elements", "player", "waveform")  # of the listening test
_GROUPS = {
    "recovery": "Recovery: the settings that were found, against those that are wanted",
    "paired": "Paired: the mix, against the one that is wanted",
    "style": "Style: the mix, against the reference",
    "sanity": "Sanity: the mix alone",
    "cost": "Cost",
}


class TaskView(NamedTuple):
    """A task as the page shows it."""

    title: str
    verdict: Verdict
    notes: list[str]
    tables: list[Table]
    plots: list[Picture]
    pairs: list[PairView]
    failures: list[Failure]


class Fact(NamedTuple):
    """Something about the evaluation."""

    name: str
    value: str
    note: str = ""


def build_page(
    summary: Summary,
    rows: Sequence[Row],
    folder: Path,
    *,
    pairs: Sequence[Pair] = (),
    title: str = "Evaluation",
    command: str = "",
    scales: Mapping[str, float] | None = None,
    facts: Mapping[str, str] | None = None,
    most_mb: float = MOST_MB,
    excerpt_s: float = SECONDS,
    progress: Progress = SILENT,
) -> str:
    """The page as one self-contained HTML file.

    Args:
        summary: of the rows.
        rows: of every system and pair.
        folder: of the results, that the mixes of rows are relative to.
        pairs: for the references and truths that can be heard.
        title: heading.
        command: that makes it.
        scales: of the published terms, by the keys of metrics.
        facts: how it was made, by heading.
        most_mb: of sound; pairs are left without it where there is no room for all.
        excerpt_s: length of what is heard of every mix.
        progress: told how far it is.
    """
    sounds = sounds_of(
        rows, pairs, folder, baseline=summary.baseline, most_bytes=most_mb * 1e6, seconds=excerpt_s, progress=progress
    )
    heard = [sound for sound in sounds.values() if isinstance(sound, PairSound)]
    return _template().render(
        title=shown(title),
        command=shown(command),
        headline=_headline(summary, rows),
        tasks=[_task_view(summary, task, rows, sounds, scales or {}) for task in summary.tasks],
        heard=_heard_words(len(heard), rows),
        known={metric.key for metric in summary.metrics},
        groups=_groups(summary.metrics),
        facts=_facts(summary, facts or {}),
        style=Markup(_style()),
        script=Markup(_script()) if heard else "",
    )


def _headline(summary: Summary, rows: Sequence[Row]) -> list[Fact]:
    systems = list(dict.fromkeys(row.system for row in rows))
    listening = {row.system for row in rows if row.wrong}
    failed = sum(1 for row in rows if row.error)
    return [
        Fact("Systems", f"{len(systems)}", f"{len(listening)} also tried with a wrong reference"),
        Fact("Tasks", f"{len(summary.tasks)}", ""),
        Fact("Pairs", f"{len({row.pair for row in rows})}", f"of {counted(len({row.song for row in rows}), 'song')}"),
        Fact("Mixes", f"{len(rows) - failed}", f"{failed} could not be made" if failed else "all were made"),
    ]


def _task_view(
    summary: Summary,
    task: TaskSummary,
    rows: Sequence[Row],
    sounds: Mapping[str, PairSound | str],
    scales: Mapping[str, float],
) -> TaskView:
    own = [row for row in rows if row.task == task.task]
    return TaskView(
        title=shown(task_title(task)),
        verdict=verdict(summary, task),
        notes=[shown(note) for note in task.notes()],
        tables=list(task_tables(summary, task, scales)),
        plots=list(task_plots(summary, task, rows)),
        pairs=pair_views(task, own, sounds),
        failures=failures(own),
    )


def _heard_words(heard: int, rows: Sequence[Row]) -> str:
    if not heard:
        return "No mixes were kept, or there is no room for them, so there is nothing to hear."
    all_pairs, kept = len({row.pair for row in rows}), len({row.pair for row in rows if row.mix})
    some = "All pairs" if heard == all_pairs else f"{heard} of {all_pairs} pairs"
    chosen = ", evenly chosen," if heard < kept else ""
    return f"{some}{chosen} can be heard: the loudest passage of the song, the same in every mix."


def _groups(metrics: Iterable[Metric]) -> dict[str, list[Metric]]:
    """Metrics by the heading of their group."""
    groups: dict[str, list[Metric]] = {heading: [] for heading in _GROUPS.values()}
    for metric in metrics:
        groups[_GROUPS[metric.group]].append(metric)
    return {heading: of_group for heading, of_group in groups.items() if of_group}


def _facts(summary: Summary, facts: Mapping[str, str]) -> list[Fact]:
    return [
        Fact("Means", "over pairs of which every system has a mix", "by task"),
        Fact("Intervals", f"95 %, bootstrap over songs, seed {summary.seed}", "they hold for other songs"),
        Fact(
            "p",
            "Wilcoxon signed rank test over the means of songs, or over pairs of fewer than six",
            "corrected after Holm",
        ),
        Fact("Baseline", shown(summary.baseline)),
        *(Fact(shown(name), shown(value)) for name, value in facts.items()),
    ]


def _style() -> str:
    report = files("diffmst.report").joinpath("style.css").read_text(encoding="utf-8")
    return report + asset("waveform.css") + plots_style() + _text("page.css")


def _script() -> str:
    return "\n".join([*(asset(f"{name}.js") for name in _SCRIPTS), _text("compare.js")])


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"shown": shown, "unbroken": _unbroken}
    return environment.from_string(_text("page.html.j2"))


def _unbroken(heading: str) -> str:
    """A heading that breaks between words only."""
    return shown(heading).replace("-", "\N{NON-BREAKING HYPHEN}")


def _text(name: str) -> str:
    return (files("diffmst.evaluation") / "assets" / name).read_text(encoding="utf-8")
