"""Pairs as the page shows them: their figures system by system, what can be heard, and what could not be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import starmap
from typing import NamedTuple

from markupsafe import Markup

from diffmst.evaluation.metric import Metric
from diffmst.evaluation.page_audio import REFERENCE, TRUTH, PairSound
from diffmst.evaluation.row import Row
from diffmst.evaluation.summary import TaskSummary
from diffmst.evaluation.tables_record import NONE, Column, heading_of
from diffmst.report.words import number, shown


class Line(NamedTuple):
    """A system on a pair, or what it is compared with.

    Attributes:
        name: of the system.
        figures: as texts.
        best: which of these are the best of the pair.
        error: why there are none.
        sound: number of what can be heard; none where nothing can.
        key: on the keyboard.
    """

    name: str
    figures: tuple[str, ...]
    best: tuple[bool, ...]
    error: str = ""
    sound: int | None = None
    key: str = ""


class PairView(NamedTuple):
    """A pair as the page shows it.

    Attributes:
        name: its name.
        song: of it.
        reference: file name.
        columns: of the figures.
        lines: truth and reference first, then the systems.
        note: on what is heard, or why nothing is.
        data: all sounds, for the program of the page; empty for none.
    """

    name: str
    song: str
    reference: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    note: str
    data: Markup


class Failure(NamedTuple):
    """Systems that made no mix of a pair for one reason."""

    pair: str
    systems: str
    reason: str


def failures(rows: Sequence[Row]) -> list[Failure]:
    """Why there is no mix, once per pair and reason."""
    found: dict[tuple[str, str], dict[str, list[bool]]] = {}
    for row in rows:
        if row.error:
            found.setdefault((row.pair, row.error), {}).setdefault(row.system, []).append(row.wrong)
    return [
        Failure(shown(pair), shown(", ".join(starmap(_failed, systems.items()))), shown(reason))
        for (pair, reason), systems in found.items()
    ]


def _failed(system: str, wrong: list[bool]) -> str:
    return f"{system} (with the wrong reference)" if wrong == [True] else system


def pair_views(task: TaskSummary, rows: Sequence[Row], sounds: Mapping[str, PairSound | str]) -> list[PairView]:
    """The pairs of a task, in the order of its rows.

    Args:
        task: whose headline is shown.
        rows: of the task.
        sounds: by pair, or why there is none.
    """
    by_pair: dict[str, list[Row]] = {}
    for row in rows:
        if not row.wrong:
            by_pair.setdefault(row.pair, []).append(row)
    return [_pair_view(task.headline, of_pair, sounds.get(pair, "")) for pair, of_pair in by_pair.items()]


def _pair_view(metrics: Sequence[Metric], rows: Sequence[Row], sound: PairSound | str) -> PairView:
    own = [metric for metric in metrics if any(metric.key in row.figures for row in rows)]
    names = sound.names if isinstance(sound, PairSound) else ()
    numbers = {name: index for index, name in enumerate(names)}
    known = [
        Line(word, (), (), sound=numbers[name], key=word[0])
        for name, word in ((TRUTH, "truth"), (REFERENCE, "reference"))
        if name in numbers
    ]
    lines = [_line(row, rows, own, numbers.get(row.system), str(place)) for place, row in enumerate(rows, 1)]
    return PairView(
        name=shown(rows[0].pair),
        song=shown(rows[0].song),
        reference=shown(rows[0].reference),
        columns=tuple(map(heading_of, own)),
        lines=(*known, *lines),
        note=_note(sound),
        data=sound.data() if isinstance(sound, PairSound) else Markup(""),
    )


def _line(row: Row, rows: Sequence[Row], metrics: Sequence[Metric], sound: int | None, key: str) -> Line:
    texts = [_figure(row, metric) for metric in metrics]
    best = [text == _best(rows, metric) for text, metric in zip(texts, metrics, strict=True)]
    return Line(
        name=shown(row.system),
        figures=tuple(texts),
        best=tuple(best),
        error=shown(row.error),
        sound=sound,
        key=key if sound is not None and len(key) == 1 else "",
    )


def _figure(row: Row, metric: Metric) -> str:
    return number(row.figures[metric.key], metric.decimals) if metric.key in row.figures else NONE


def _best(rows: Sequence[Row], metric: Metric) -> str:
    """The text of the best figure of a pair; empty where none is better."""
    values = [row.figures[metric.key] for row in rows if metric.key in row.figures]
    if metric.better == "none" or len({number(value, metric.decimals) for value in values}) < 2:
        return ""
    return number(min(values) if metric.better == "lower" else max(values), metric.decimals)


def _note(sound: PairSound | str) -> str:
    if isinstance(sound, str):
        return shown(f"Not to be heard: {sound}") if sound else ""
    return (
        f"{number(sound.seconds)} s from {number(sound.start_s)} s of the song, and from "
        f"{number(sound.reference_start_s)} s of the reference; all at {number(sound.loudness_lufs)} LUFS."
    )
