"""Two pictures of the results, as SVG files that need nothing else and follow the reader's light or dark theme."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup, escape

from bench.cases import console, growth
from bench.contenders import CONSOLES
from bench.measurements import Condition, Measurement, Ratio, select
from bench.results import Results, quoted
from diffmst.report.svg import SIDE, Axis, Frame, Tick

RATIOS, GROWTH = "bench-ratios.svg", "bench-growth.svg"

_WIDTH = 760
_STYLE = """
text{font:13px system-ui,sans-serif;fill:#333}.title{font-size:15px;font-weight:600}.small{font-size:11px;fill:#666}
.end{text-anchor:end}.mid{text-anchor:middle}.grid{stroke:#0002;fill:none}
path{vector-effect:non-scaling-stroke;fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
path.grid{stroke-width:1}path.dashed{stroke-dasharray:2 5}path.dot{stroke-width:6;stroke-dasharray:none}
.c0{stroke:#0969da}.c1{stroke:#bf5700}.c2{stroke:#1a7f37}.c3{stroke:#8250df}.c4{stroke:#9a6700}
rect.c0{fill:#0969da}rect.c1{fill:#bf5700}rect.c2{fill:#1a7f37}rect.c3{fill:#8250df}rect.c4{fill:#9a6700}rect{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#e6e6e6}.small{fill:#aaa}.grid{stroke:#fff3}
.c0{stroke:#58a6ff}.c1{stroke:#f0883e}.c2{stroke:#56d364}.c3{stroke:#bc8cff}.c4{stroke:#e3b341}
rect.c0{fill:#58a6ff}rect.c1{fill:#f0883e}rect.c2{fill:#56d364}rect.c3{fill:#bc8cff}rect.c4{fill:#e3b341}}
"""
_COLOURS = {who: f"c{number}" for number, who in enumerate((*CONSOLES, "pedalboard"))}


def write_pictures(results: Results, folder: Path) -> None:
    """Those for which there is something to show."""
    for name, picture in ((RATIOS, ratios(results)), (GROWTH, growth_curves(results))):
        if picture:
            (folder / name).write_text(picture, encoding="utf-8")


# --- ratios as bars ---------------------------------------------------------------------------------------------------

_ROW, _GAP, _LEFT, _BAR = 22, 30, 150, 520
_DECADES = Axis(1, 1000, tuple(Tick(value, f"{value} x") for value in (1, 10, 100, 1000)), log=True)


def ratios(results: Results) -> str:
    """How many times longer each peer takes, as bars on a log scale, one group for every piece of work."""
    groups: dict[str, list[tuple[str, Ratio]]] = {}
    for name, figure in quoted(results.measurements).items():
        if isinstance(figure, Ratio) and "_vs_" in name and not name.endswith("_1_thread"):
            work = f"{figure.what.partition(', ')[0]}, {_short_size(name)}"
            groups.setdefault(work, []).append((_peer(name), figure))
    if not groups:
        return ""
    parts, top = [_text(16, 26, "How many times longer others take than diffmst", "title")], 40.0
    for work, bars in groups.items():
        parts.append(_text(_LEFT, top + 18, work, ""))
        top += _GAP
        for peer, ratio in bars:
            parts += _bar(top, peer, ratio)
            top += _ROW
    for tick in _DECADES.ticks:
        x = _LEFT + _BAR * float(_DECADES.at(tick.value))
        parts.append(_text(x, top + 22, tick.label, "small mid"))
    summary = (f"{work}: {peer} {ratio.value:.3g} times" for work, bars in groups.items() for peer, ratio in bars)
    return _svg(top + 36, parts, "; ".join(summary))


def _bar(top: float, peer: str, ratio: Ratio) -> list[Markup]:
    length = max(1.0, _BAR * float(_DECADES.at(max(ratio.value, 1.0))))
    bar = Markup('<rect class="{}" x="{}" y="{}" width="{:.1f}" height="16" rx="2"/>')
    return [
        _text(_LEFT - 8, top + 12, peer, "small end"),
        bar.format(_COLOURS[peer], _LEFT, top, length),
        _text(_LEFT + length + 6, top + 13, f"{ratio.value:.3g} x", ""),
    ]


def _peer(name: str) -> str:
    """The contender that a figure is named after.

    >>> _peer("console_fwd_16x10_vs_torchlpc_torchcomp")
    'torchlpc+torchcomp'
    """
    return name.partition("_vs_")[2].replace("_", "+")


def _short_size(name: str) -> str:
    """The song that a figure is named after.

    >>> _short_size("console_fwd_16x10_vs_dasp")
    '16 x 10 s'
    """
    tracks, _, seconds = name.partition("_vs_")[0].rpartition("_")[2].partition("x")
    return f"{tracks} x {seconds} s"


# --- growth as curves -------------------------------------------------------------------------------------------------


class Curve(NamedTuple):
    """Times of one contender over something that grows."""

    name: str
    css: str
    points: list[tuple[float, float]]


_PANEL, _PANEL_TOP, _PANEL_HEIGHT = 300, 60, 260


def growth_curves(results: Results) -> str:
    """Time forward + backward over tracks, and over length, both axes logarithmic."""
    found = [one for one in results.measurements if one.case == growth.CASE]
    over_tracks = _curves(found, console.FORWARD_BACKWARD, "tracks", {"seconds": growth.SECONDS})
    over_length = _curves(found, console.FORWARD_BACKWARD, "seconds", {"tracks": growth.TRACKS})
    streamed = _curves(found, growth.STREAM, "seconds", {"tracks": growth.TRACKS})
    over_length += [Curve(f"{curve.name}, streamed forward", f"{curve.css} dashed", curve.points) for curve in streamed]
    if not (over_tracks and over_length):
        return ""
    panels = [
        *_panel(60, f"over tracks of {growth.SECONDS:g} s", "tracks", over_tracks),
        *_panel(440, f"over length, {growth.TRACKS} tracks", "s", over_length),
    ]
    names = {curve.name: curve.css for curve in (*over_tracks, *over_length)}
    height = _PANEL_TOP + _PANEL_HEIGHT + 56 + 20 * math.ceil(len(names) / 3)
    title = _text(16, 26, "Time of the console, forward + backward", "title")
    return _svg(height, [title, *panels, *_legend(names, height)], "Curves of time over tracks and over length")


def _curves(found: Sequence[Measurement], what: str, over: str, at: dict[str, Condition]) -> list[Curve]:
    curves = []
    for who in CONSOLES:
        points = {float(one.at[over]): one.value for one in select(found, what, who, at) if one.value}
        if points:
            curves.append(Curve(who, _COLOURS[who], sorted(points.items())))
    return curves


def _panel(left: float, title: str, unit: str, curves: Sequence[Curve]) -> list[Markup]:
    """Axes, labels and lines."""
    xs, ys = zip(*(point for curve in curves for point in curve.points), strict=True)
    frame = Frame(_decades(xs, ""), _decades(ys, "s"))
    lines = [frame.grid()]
    for curve in curves:
        x, y = zip(*curve.points, strict=True)
        lines += [frame.line(x, y, curve.css), frame.dots(x, y, f"{curve.css} dot")]
    drawing = Markup(
        '<svg x="{}" y="{}" width="{}" height="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" overflow="visible">'
        "{}</svg>"
    ).format(left, _PANEL_TOP, _PANEL, _PANEL_HEIGHT, SIDE, SIDE, Markup("").join(lines))
    below = _PANEL_TOP + _PANEL_HEIGHT
    labels = [_text(left, _PANEL_TOP - 12, title, ""), _text(left + _PANEL, below + 32, unit, "small end")]
    for tick in frame.x.ticks:
        labels.append(_text(left + _PANEL * float(frame.x.at(tick.value)), below + 18, tick.label, "small mid"))
    for tick in frame.y.ticks:
        height = _PANEL_HEIGHT * float(frame.y.at(tick.value))
        labels.append(_text(left - 8, below - height + 4, tick.label, "small end"))
    return [drawing, *labels]


def _decades(values: Iterable[float], unit: str) -> Axis:
    """A log axis of whole decades around values; times below a second are labelled in ms."""
    values = list(values)
    low, high = math.floor(math.log10(min(values)) + 1e-9), math.ceil(math.log10(max(values)) - 1e-9)
    exponents = range(low, max(high, low + 1) + 1)
    return Axis(10.0**low, 10.0 ** exponents[-1], tuple(Tick(10.0**e, _decade(e, unit)) for e in exponents), log=True)


def _decade(exponent: int, unit: str) -> str:
    """A power of ten in words.

    >>> _decade(-2, "s"), _decade(3, "")
    ('10 ms', '1000')
    """
    if unit == "s" and exponent < 0:
        return f"{10.0 ** (exponent + 3):g} ms"
    return f"{10.0**exponent:g} {unit}".strip()


def _legend(names: dict[str, str], height: float) -> list[Markup]:
    parts = []
    for number, (name, css) in enumerate(names.items()):
        x, y = 60 + 230 * (number % 3), height - 16 - 20 * (math.ceil(len(names) / 3) - 1 - number // 3)
        parts.append(Markup('<path class="{}" d="M{} {}h22"/>').format(css, x, y - 4))
        parts.append(_text(x + 30, y, name, "small"))
    return parts


# --- both -------------------------------------------------------------------------------------------------------------


def _text(x: float, y: float, text: str, css: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(x, y, css, text)


def _svg(height: float, parts: Iterable[Markup], summary: str) -> str:
    """A whole file; the summary is for those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(summary)}</title><style>{_STYLE}</style>{Markup('').join(parts)}</svg>\n"
    )
