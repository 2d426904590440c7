"""Drawing with text in it: pictures of a set size that stand on their own as files, and in a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from unicodedata import east_asian_width

from markupsafe import Markup

from diffmst.report.svg import Axis, Tick
from diffmst.report.words import number, shown

WIDTH = 940
_LETTER_PX = 6.3  # the mean width of a letter at 12 px
_WIDE_PX = 12.0  # of Chinese, Japanese and Korean ones, and of pictures
_LOG_RATIO = 20.0  # of the largest to the smallest value, from which an axis is logarithmic
_LOG_MARGIN = 1.15  # beyond the values at both ends
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Picture(NamedTuple):
    """A drawing.

    Attributes:
        name: fit for a file.
        title: heading.
        summary: what it shows, with the figures, for those who cannot see it.
        svg: to be part of a page.
    """

    name: str
    title: str
    summary: str
    svg: Markup

    def standalone(self) -> str:
        """A file of its own, in the light or dark colours that its reader prefers."""
        style = Markup("<style>{}svg{{background:var(--card)}}</style>").format(Markup(_tokens() + _text("plots.css")))
        opened, rest = self.svg.split(">", 1)
        return f'{opened} xmlns="http://www.w3.org/2000/svg">{style}{rest}\n'


def plots_style() -> str:
    """The style of all drawings, for a page that has the colours already."""
    return _text("plots.css")


@cache
def _tokens() -> str:
    """The colours of the package's reports, light and dark: what stands before the first rule."""
    return files("diffmst.report").joinpath("style.css").read_text(encoding="utf-8").split("\n* {", 1)[0]


@cache
def _text(name: str) -> str:
    return (files("diffmst.evaluation") / "assets" / name).read_text(encoding="utf-8")


def drawing(height: float, parts: Iterable[Markup], summary: str) -> Markup:
    """Parts in one picture of `WIDTH`."""
    return Markup(
        '<svg class="figure" viewBox="0 0 {} {:.0f}" width="{}" height="{:.0f}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, height, WIDTH, height, shown(summary), Markup("").join(parts))


def text(x: float, y: float, words: str, css: str = "") -> Markup:
    """A line of text, its baseline at y."""
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(x, y, css, shown(words))


def line(points: Sequence[tuple[float, float]], css: str) -> Markup:
    """Straight lines from point to point."""
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return Markup('<path class="{}" d="M{}"/>').format(css, steps)


def dot(x: float, y: float, css: str, radius: float = 5.0) -> Markup:
    """A circle."""
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:g}"/>').format(css, x, y, radius)


def titled(title: str, *parts: Markup) -> Markup:
    """Parts that say something when they are pointed at."""
    return Markup("<g><title>{}</title>{}</g>").format(shown(title), Markup("").join(parts))


def width_px(words: str) -> float:
    """About how wide a text is."""
    return sum(_WIDE_PX if east_asian_width(letter) in "WF" else _LETTER_PX for letter in words)


def shortened(words: str, room_px: float) -> str:
    """A text that fits into a place, if need be by an ellipsis.

    >>> shortened("equal-loudness", 60)
    'equal-lo…'
    """
    if width_px(words) <= room_px:
        return words
    while words and width_px(words) + _LETTER_PX > room_px:
        words = words[:-1]
    return words.rstrip() + "…"


def axis_of(values: Iterable[float], *, most_ticks: int = 4) -> Axis:
    """An axis that holds all values, from zero where they are near it, logarithmic where they differ by far.

    Args:
        values: those not finite are left alone.
        most_ticks: labels for which there is room.
    """
    known = [value for value in values if math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low > 0 and high / low > _LOG_RATIO:
        return _log_axis(low, high, most_ticks)
    if 0 <= low <= 0.6 * high:
        low = 0.0
    elif 0.6 * low <= high <= 0:
        high = 0.0
    if high <= low:
        low, high = low - 0.5, high + 0.5
    step = _step((high - low) / most_ticks)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = max(
        0, -math.floor(math.log10(step) + 1e-9) + (round(step / 10 ** math.floor(math.log10(step)), 3) == 2.5)
    )
    ticks = [Tick(index * step, number(index * step, decimals)) for index in range(first, last + 1)]
    return Axis(first * step, last * step, tuple(ticks))


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def _log_axis(low: float, high: float, most_ticks: int) -> Axis:
    """Powers of ten, as many as there is room for; threes between them where there are few."""
    low, high = low / _LOG_MARGIN, high * _LOG_MARGIN
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    every = max(1, math.ceil(len(powers) / most_ticks))
    values = [10.0**power for power in powers[::every]]
    if 2 * len(powers) < most_ticks:
        thirds = (3 * 10.0**power for power in range(powers.start - 1, powers.stop))
        values = sorted([*values, *(value for value in thirds if low <= value <= high)])
    return Axis(low, high, tuple(Tick(value, _plain(value)) for value in values), log=True)


def _plain(value: float) -> str:
    return f"{value:.0f}" if value >= 1 else f"{value:.10f}".rstrip("0")
