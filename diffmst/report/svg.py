"""Drawing by hand: axes, and curves on them as compact SVG paths without size, colour or font of their own.

A picture is stretched over the place that the page has for it, and its labels are text of the page: lines stay thin
and letters readable on a phone and on paper, and the colours follow the reader's theme.
"""

import base64
import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike, NDArray

SIDE = 1000
"""Length of both sides of a picture's view box."""

_MARGIN = 0.05  # a curve that leaves the picture is followed this far beyond the edge, as a share of the side


@dataclass(frozen=True)
class Tick:
    """A grid line with its label; a minor one is not labelled where there is little room."""

    value: float
    label: str
    minor: bool = False


@dataclass(frozen=True)
class Axis:
    """A range of values on one side of a picture."""

    low: float
    high: float
    ticks: tuple[Tick, ...] = ()
    log: bool = False

    def at(self, values: ArrayLike) -> NDArray[np.float64]:
        """Positions of values: 0 at the low end, 1 at the high end; what is off the scale, or no number, just beyond.

        >>> Axis(20, 20_000, log=True).at([20, 200, 20_000]).round(2).tolist()
        [0.0, 0.33, 1.0]
        """
        held = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=self.low, posinf=self.high, neginf=self.low)
        if self.log:
            held = np.log(np.maximum(held, self.low) / self.low) / math.log(self.high / self.low)
        else:
            held = (held - self.low) / (self.high - self.low)
        return held.clip(-_MARGIN, 1 + _MARGIN)


@dataclass(frozen=True)
class Frame:
    """Two axes; y points up.

    >>> Frame(Axis(0, 1), Axis(0, 1)).line([0, 1], [0, 0.5], "after")
    Markup('<path class="after" d="M0 1000l1000-500"/>')
    """

    x: Axis
    y: Axis

    def level(self, value: float, css: str) -> Markup:
        """A straight line at a value of y."""
        row = round(SIDE * (1 - float(self.y.at(value))))
        return _path(css, f"M0 {row}H{SIDE}")

    def line(self, x: ArrayLike, y: ArrayLike, css: str) -> Markup:
        """A curve through points."""
        return _path(css, _steps(self._points(x, y)))

    def area(self, x: ArrayLike, y: ArrayLike, css: str, *, base: float | None = None) -> Markup:
        """The surface between a curve and the value `base` of y, or the lower edge."""
        points = self._points(x, y)
        floor = SIDE if base is None else round(SIDE * (1 - float(self.y.at(base))))
        return _path(css, f"{_steps(points)}V{floor}H{points[0, 0]}Z")

    def band(self, low: float, high: float, css: str) -> Markup:
        """The stripe between two values of y."""
        top, bottom = (round(SIDE * (1 - float(self.y.at(value)))) for value in (high, low))
        return _path(css, f"M0 {top}H{SIDE}V{bottom}H0Z")

    def spans(self, starts: ArrayLike, length: float, css: str) -> Markup:
        """Full-height stripes of one length along x."""
        begin = np.asarray(starts, dtype=np.float64)
        edges = zip(*(np.rint(SIDE * self.x.at(x)).astype(int) for x in (begin, begin + length)), strict=True)
        return _path(css, "".join(f"M{left} 0H{right}V{SIDE}H{left}Z" for left, right in edges))

    def dots(self, x: ArrayLike, y: ArrayLike, css: str) -> Markup:
        """Points: lines of no length with round ends, which stay round in a stretched picture."""
        return _path(css, "".join(f"M{left} {top}h0" for left, top in self._points(x, y)))

    def grid(self) -> Markup:
        """The lines of all ticks."""
        columns = np.rint(SIDE * self.x.at([tick.value for tick in self.x.ticks])).astype(int)
        rows = np.rint(SIDE * (1 - self.y.at([tick.value for tick in self.y.ticks]))).astype(int)
        lines = [f"M{column} 0V{SIDE}" for column in columns] + [f"M0 {row}H{SIDE}" for row in rows]
        return _path("grid", "".join(lines))

    def _points(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
        return np.rint(SIDE * np.stack([self.x.at(x), 1 - self.y.at(y)], -1)).astype(np.int64)


@dataclass(frozen=True)
class Plot:
    """A picture with its axes, as the template draws it.

    Attributes:
        title: heading.
        summary: what the picture shows, with the figures, for those who cannot see it.
        frame: its axes.
        layers: what is drawn, from the back to the front.
        note: a few words beside the heading.
    """

    title: str
    summary: str
    frame: Frame
    layers: tuple[Markup, ...]
    note: str = ""


FREQUENCY_TICKS = tuple(
    Tick(hz, label, minor=label not in ("100", "1k", "10k"))
    for hz, label in (
        (20, "20"),
        (50, "50"),
        (100, "100"),
        (200, "200"),
        (500, "500"),
        (1000, "1k"),
        (2000, "2k"),
        (5000, "5k"),
        (10_000, "10k"),
        (20_000, "20k"),
    )
)
FREQUENCY_AXIS = Axis(20, 20_000, FREQUENCY_TICKS, log=True)


def db_axis(low_db: float, high_db: float, step_db: float) -> Axis:
    """Linear axis of decibels with a grid line every `step_db`; the ends themselves carry no label."""
    values = np.arange(math.ceil(low_db / step_db) * step_db, high_db + step_db / 2, step_db)
    inner = [float(value) for value in values if low_db < value < high_db]
    return Axis(low_db, high_db, tuple(Tick(value, f"{value:g}".replace("-", "−")) for value in inner))


def time_axis(duration_s: float) -> Axis:
    """Linear axis from 0 to a duration, with about eight labels in minutes and seconds."""
    steps_s = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    step_s = next((step for step in steps_s if duration_s / step <= 9), steps_s[-1])
    values = [float(value) for value in np.arange(0, duration_s, step_s)]
    ticks = [
        Tick(value, f"{value // 60:.0f}:{value % 60:02.0f}" if step_s >= 1 else f"{value:.1f}", minor=index % 2 == 1)
        for index, value in enumerate(values)
    ]
    return Axis(0, duration_s, tuple(ticks))


def png(grey: NDArray[np.uint8]) -> str:
    """An 8-bit greyscale picture [rows, columns] as a data address.

    Reference: Portable Network Graphics (PNG) Specification, W3C, 2003.
    """
    height, width = grey.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), grey], axis=1)  # each row starts with its filter, none
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def _path(css: str, d: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(css, Markup(d))


def _steps(points: NDArray[np.int64]) -> str:
    """Path data in relative steps; a minus sign separates as a space does."""
    (left, top), moves = points[0], np.diff(points, axis=0)
    steps = " ".join(f"{dx}{dy}" if dy < 0 else f"{dx} {dy}" for dx, dy in moves)
    return f"M{left} {top}" + (f"l{steps}".replace(" -", "-") if len(moves) else "h0")
