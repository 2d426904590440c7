"""The figures of a report, as rows for the terminal and as CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from diffmst.listening_test.analysis import Report
from diffmst.listening_test.screening import agreement
from diffmst.listening_test.statistics import Spread
from diffmst.report.words import number

SYSTEMS_NAME, PAIRS_NAME, LISTENERS_NAME = "report.csv", "pairs.csv", "listeners.csv"


class Table(NamedTuple):
    """Rows to print."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def terminal_tables(report: Report) -> list[Table]:
    """What the command line prints: systems, their differences, who was left out."""
    return [_systems_table(report), _pairs_table(report), _left_out_table(report)]


def _systems_table(report: Report) -> Table:
    rows = [
        (name, *map(number, _figures(spread))) for name, spread in zip(report.conditions, report.spreads, strict=True)
    ]
    headings = ("system", "mean", "95 % from", "to", "these songs from", "to", "median", "quartile 1", "3")
    title = f"{len(report.counted)} listeners, {len(report.key.trials)} songs"
    return Table(title, headings, tuple(rows[index] for index in report.ranking))


def _figures(s: Spread) -> tuple[float, ...]:
    return (s.mean, s.both.low, s.both.high, s.listeners.low, s.listeners.high, s.median, *s.quartiles)


def _pairs_table(report: Report) -> Table:
    rows = tuple(
        (
            report.conditions[c.better],
            report.conditions[c.worse],
            number(c.difference, sign=True),
            number(c.both.low, sign=True),
            number(c.both.high, sign=True),
            f"{100 * c.preferred:.0f} %",
            p_text(c.p),
            p_text(c.p_holm),
        )
        for c in report.comparisons
    )
    headings = ("system", "against", "difference", "95 % from", "to", "preferred", "p", "p (Holm)")
    return Table("differences", headings, rows)


def _left_out_table(report: Report) -> Table:
    rows = tuple((listener.participant.name, listener.left_out) for listener in report.listeners if listener.left_out)
    return Table(f"left out: {len(rows)} of {len(report.listeners)}", ("listener", "why"), rows)


def p_text(p: float) -> str:
    """A p value as people write it.

    >>> p_text(0.0312), p_text(0.00004), p_text(1.0)
    ('0.031', '< 0.001', '1.000')
    """
    return "–" if np.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def csv_files(report: Report) -> Iterator[tuple[str, str]]:
    """The CSV files by name."""
    yield SYSTEMS_NAME, _csv([_SYSTEM_COLUMNS, *_system_lines(report)])
    yield PAIRS_NAME, _csv([_PAIR_COLUMNS, *_pair_lines(report)])
    yield LISTENERS_NAME, _csv([_LISTENER_COLUMNS, *_listener_lines(report)])


_SYSTEM_COLUMNS = (
    *("system", "role", "mean", "low", "high", "low_these_songs", "high_these_songs"),
    *("median", "quartile_1", "quartile_3", "listeners", "songs"),
)
_PAIR_COLUMNS = ("better", "worse", "difference", "low", "high", "preferred", "p", "p_holm")
_LISTENER_COLUMNS = (
    *("listener", "session", "counts", "left_out", "minutes", "same_order", "pairs_twice"),
    *("experience", "device", "age", "volume", "remarks"),
)


def _system_lines(report: Report) -> Iterator[tuple[object, ...]]:
    listeners, songs, _ = report.scores.shape
    for (name, role), spread in zip(report.key.conditions.items(), report.spreads, strict=True):
        yield (name, role, *map(_figure, _figures(spread)), listeners, songs)


def _pair_lines(report: Report) -> Iterator[tuple[object, ...]]:
    for c in report.comparisons:
        figures = (c.difference, c.both.low, c.both.high, c.preferred, c.p, c.p_holm)
        yield (report.conditions[c.better], report.conditions[c.worse], *map(_figure, figures))


def _listener_lines(report: Report) -> Iterator[tuple[object, ...]]:
    for listener in report.listeners:
        who = listener.participant
        minutes = f"{sum(who.page_seconds.values()) / 60:.1f}"
        alike = agreement(who.table(report.key), who.table(report.key, repeat=1))
        about = (who.about.get(name, "") for name in ("experience", "device", "age", "volume", "remarks"))
        yield (who.name, who.session, int(not listener.left_out), listener.left_out, minutes, *alike, *about)


def _figure(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.5g}"


def _csv(lines: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
