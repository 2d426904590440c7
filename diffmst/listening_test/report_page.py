"""The report of a listening test as one self-contained HTML page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from numpy.typing import ArrayLike

from diffmst.listening_test.analysis import Listener, Report
from diffmst.listening_test.page import WORDINGS
from diffmst.listening_test.sources import REFERENCE
from diffmst.listening_test.statistics import Comparison, Spread
from diffmst.listening_test.tables import p_text
from diffmst.report.svg import Axis, Frame, Tick
from diffmst.report.words import number, shown
from diffmst.statistics import SIGNIFICANCE, Interval

_SCORES = Frame(Axis(0, 100, tuple(Tick(value, f"{value}") for value in range(0, 101, 20))), Axis(0, 1))
_KINDS = {
    "mushra": "MUSHRA, after ITU-R BS.1534-3",
    "preference": "preference: several sounds at once, without a hidden reference",
}
_SPREAD_SEED = 0  # of the heights at which dots stand, which mean nothing


class SystemRow(NamedTuple):
    """A condition, with its picture."""

    name: str
    role: str
    mean: str
    interval: str
    median: str
    quartiles: str
    picture: tuple[Markup, ...]
    words: str


class PairRow(NamedTuple):
    """Two systems, with the picture of their difference."""

    better: str
    worse: str
    significant: bool
    difference: str
    interval: str
    preferred: str
    p: str
    p_holm: str
    picture: tuple[Markup, ...]


class Cell(NamedTuple):
    """A mean of one condition on one song, and its share of the scale."""

    text: str
    share: float


class Fact(NamedTuple):
    """Something about the test."""

    name: str
    value: str
    note: str = ""


def build_report_page(report: Report) -> str:
    """The page, the same for the same results."""
    reach = _reach(report.comparisons)
    return _template().render(
        title=shown(report.key.title),
        question=WORDINGS[report.key.question].heading,
        labels=WORDINGS[report.key.question].labels,
        verdict=verdict(report),
        headline=_headline(report),
        notes=[shown(note) for note in report.notes],
        systems=[_system_row(report, index) for index in report.ranking],
        pairs=[_pair_row(report, comparison, reach) for comparison in report.comparisons],
        score_axis=_SCORES.x,
        difference_axis=_difference_axis(reach),
        songs=_songs(report),
        listeners=[_listener_row(report, listener) for listener in report.listeners],
        facts=_facts(report),
        style=Markup(_text("diffmst.report", "style.css") + _text("diffmst.listening_test", "assets/report.css")),
    )


def verdict(report: Report) -> tuple[str, str]:
    """What came out, as a headline and a sentence or two."""
    best = next(index for index in report.ranking if index < report.systems)
    name = shown(report.conditions[best])
    against = {c.worse: _significant(c) for c in report.comparisons if c.better == best}
    beaten, others = (
        [shown(report.conditions[index]) for index in report.ranking if against.get(index) is told]
        for told in (True, False)
    )
    told = f"{number(report.spreads[best].mean)} of 100 on average."
    if not report.comparisons:
        return f"{name}: {told}", "There is one system, and nothing to compare it with."
    if not beaten:
        return "No system stands out", f"{name} has the highest mean, {told} No other is told apart from it."
    rest = f" Not told apart from {_listed(others)}." if others else ""
    return f"{name} is rated highest", f"{told} Rated above {_listed(beaten)}.{rest}"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _significant(comparison: Comparison) -> bool:
    return comparison.p_holm < SIGNIFICANCE


def _headline(report: Report) -> list[Fact]:
    left_out = len(report.listeners) - len(report.counted)
    minutes = np.median([sum(who.page_seconds.values()) / 60 for who in report.counted])
    p = p_text(report.any_difference_p)
    return [
        Fact("Listeners", f"{len(report.counted)}", f"{left_out} left out" if left_out else "all count"),
        Fact("Songs", f"{len(report.key.trials)}", f"{report.key.trials[0].seconds:g} s of each"),
        Fact("Systems", f"{report.systems}", _others(report)),
        Fact("Time", f"{minutes:.0f} min", "median, without training"),
        Fact("Any difference", f"p {p}" if "<" in p else f"p = {p}", "Friedman test"),
    ]


def _others(report: Report) -> str:
    roles = list(report.key.conditions.values())
    parts = [f"{roles.count('anchor')} anchors"] if "anchor" in roles else []
    return " and ".join([*parts, *(["hidden reference"] if "reference" in roles else [])]) or "no anchors"


def _system_row(report: Report, index: int) -> SystemRow:
    spread, name = report.spreads[index], report.conditions[index]
    words = f"{name}: mean {number(spread.mean)}, 95 % {_from_to(spread.both)}, median {number(spread.median)}"
    return SystemRow(
        name=shown(name),
        role=report.key.conditions[name],
        mean=number(spread.mean),
        interval=_from_to(spread.both),
        median=number(spread.median),
        quartiles=_from_to(Interval(*spread.quartiles)),
        picture=_spread_picture(spread, report.scores[:, :, index].mean(1)),
        words=shown(words),
    )


def _spread_picture(spread: Spread, listeners: ArrayLike) -> tuple[Markup, ...]:
    """Half of the ratings as a box with their median, every listener's mean as a dot, the mean with its interval."""
    means = np.asarray(listeners)
    heights = np.random.default_rng(_SPREAD_SEED).uniform(0.14, 0.34, len(means))
    return (
        _SCORES.area(spread.quartiles, [0.88, 0.88], "half fill", base=0.5),
        _SCORES.line([spread.median] * 2, [0.5, 0.88], "median"),
        _SCORES.dots(means, heights, "listener"),
        _SCORES.line([spread.both.low, spread.both.high], [0.69, 0.69], "interval"),
        _SCORES.dots([spread.mean], [0.69], "mean"),
    )


def _pair_row(report: Report, c: Comparison, reach: float) -> PairRow:
    frame = Frame(Axis(-reach, reach), Axis(0, 1))
    css = "sure" if _significant(c) else "unsure"
    return PairRow(
        better=shown(report.conditions[c.better]),
        worse=shown(report.conditions[c.worse]),
        significant=_significant(c),
        difference=number(c.difference, sign=True),
        interval=_from_to(c.both, sign=True),
        preferred=f"{100 * c.preferred:.0f} %",
        p=p_text(c.p),
        p_holm=p_text(c.p_holm),
        picture=(
            frame.line([0, 0], [0, 1], "grid"),
            frame.line([c.both.low, c.both.high], [0.5, 0.5], f"interval {css}"),
            frame.dots([c.difference], [0.5], f"mean {css}"),
        ),
    )


def _reach(comparisons: tuple[Comparison, ...]) -> float:
    """Half the width of the scale of differences, in tens of points."""
    furthest = max((max(abs(c.both.low), abs(c.both.high), c.difference) for c in comparisons), default=10.0)
    return float(10 * np.ceil(max(furthest, 10.0) / 10))


def _difference_axis(reach: float) -> Axis:
    return Axis(
        -reach, reach, tuple(Tick(v, number(v, 0, sign=True)) for v in (-reach, -reach / 2, 0, reach / 2, reach))
    )


def _from_to(interval: Interval, *, sign: bool = False) -> str:
    low, high = (number(value, sign=sign) for value in (interval.low, interval.high))
    return f"{low} … {high}"


def _songs(report: Report) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """Means by song: names of songs, and a row per condition."""
    means = report.scores.mean(0).T
    rows = [
        (shown(report.conditions[index]), [Cell(number(mean, 0), float(mean) / 100) for mean in means[index]])
        for index in report.ranking
    ]
    return [shown(trial.song) for trial in report.key.trials], rows


def _listener_row(report: Report, listener: Listener) -> tuple[str, ...]:
    who = listener.participant
    about = (who.about.get(name, "") for name in ("experience", "device", "age", "volume"))
    minutes = f"{sum(who.page_seconds.values()) / 60:.0f} min"
    verdict = f"left out: {listener.left_out}" if listener.left_out else "counts"
    return tuple(map(shown, (who.name, verdict, minutes, *about, " ".join(who.about.get("remarks", "").split()))))


def _facts(report: Report) -> list[Fact]:
    key = report.key
    levels = [trial.loudness_lufs for trial in key.trials]
    kind = (
        "MUSHRA, after ITU-R BS.1534-3"
        if key.kind == "mushra"
        else "preference, multiple stimuli without hidden reference"
    )
    return [
        Fact("Kind", kind),
        Fact("Test", key.test, key.software),
        Fact("Loudness", _level_range(levels), "integrated, every sound of a page alike"),
        Fact("Heard before going on", f"{100 * key.must_hear:.0f} % of every sound"),
        Fact("Intervals", "95 %, bootstrap over listeners and songs", "they hold for other listeners and other songs"),
        Fact("p", "Wilcoxon signed rank test over listeners, exact", "corrected for the number of pairs after Holm"),
        Fact("Left out", _rule(report)),
    ]


def _level_range(levels_lufs: list[float]) -> str:
    low, high = number(min(levels_lufs)), number(max(levels_lufs))
    return f"{low} LUFS" if low == high else f"{low} to {high} LUFS"


def _rule(report: Report) -> str:
    if REFERENCE in report.conditions:
        return "who rates the hidden reference under 90, or the 7 kHz anchor over 90, on more than 15 % of the pages"
    return "who orders sounds differently when a page comes again: less than two thirds of the pairs 10 points apart"


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text("diffmst.listening_test", "assets/report.html.j2"))


def _text(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
