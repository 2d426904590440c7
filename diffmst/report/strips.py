"""The console as pictures: a strip per track, the effect bus and the master, drawn as on a desk."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from diffmst.dsp import dynamics, filters
from diffmst.layout import Section
from diffmst.mix import Mix, TrackMix
from diffmst.report.controls import Control, Unit, read_units
from diffmst.report.svg import FREQUENCY_AXIS, SIDE, Frame, db_axis
from diffmst.report.words import number, shown

_EQ_STEP_DB, _EQ_LEAST_DB = 5, 15  # of the grid, and how far it goes at least
_EQ_POINTS = 72
_COMPRESSOR_FRAME = Frame(db_axis(-60, 0, 20), db_axis(-60, 0, 20))
_COMPRESSOR_POINTS = 25
_INAUDIBLE_DB = 0.05  # a curve this flat does nothing

_SWEEP_DEG = 270.0  # a knob's way from low to high
_KNOB_RADIUS = 15.0


class Drawn(NamedTuple):
    """A picture of an effect, and whether the effect does nothing."""

    picture: Markup
    idle: bool


@dataclass(frozen=True)
class Panel:
    """One effect on a strip.

    Attributes:
        unit: the effect and its controls.
        kind: how it is laid out: `eq`, `compressor`, `fader`, `knobs` or `bands`.
        pictures: one, or for knobs and bands one per control and per banded control.
        idle: whether it does nothing.
    """

    unit: Unit
    kind: str
    pictures: tuple[Markup, ...]
    idle: bool = False


@dataclass(frozen=True)
class Strip:
    """A track, the effect bus or the master, ready to be printed.

    Attributes:
        name: as shown.
        panels: its effects, in the order of the signal.
        index: number of the track, from 1; 0 for a bus.
        track: the track of the document; none for a bus.
    """

    name: str
    panels: tuple[Panel, ...]
    index: int = 0
    track: TrackMix | None = None

    @property
    def note(self) -> str:
        """Why the track is muted, or what was noticed about it."""
        return shown(self.track.note) if self.track and self.track.note else ""


def track_strips(mix: Mix) -> list[Strip]:
    """The strips of all tracks."""
    panels = read_panels(mix.console_layout.track, mix.settings.tracks[0], mix.sample_rate, _equalizer_frame(mix))
    return [
        Strip(shown(track.name), track_panels, index, track)
        for index, (track, track_panels) in enumerate(zip(mix.tracks, panels, strict=True), 1)
    ]


def bus_strips(mix: Mix) -> tuple[Strip, Strip]:
    """The effect bus and the master."""
    layout, settings, frame = mix.console_layout, mix.settings, _equalizer_frame(mix)
    (fx,) = read_panels(layout.fx, settings.fx, mix.sample_rate, frame)
    (master,) = read_panels(layout.master, settings.master, mix.sample_rate, frame)
    return Strip("Effect bus", fx), Strip("Master", master)


def _equalizer_frame(mix: Mix) -> Frame:
    """The axes of all equalizers of a mix, which none of their curves leaves."""
    layout, settings = mix.console_layout, mix.settings
    rows = ((layout.track, settings.tracks[0]), (layout.master, settings.master))
    curves_db = [_curves_db(section, values, mix.sample_rate)[1] for section, values in rows]
    furthest_db = max(float(np.abs(curve_db).max()) for curve_db in curves_db)
    return _frame_to(max(_EQ_LEAST_DB, _EQ_STEP_DB * math.ceil(furthest_db / _EQ_STEP_DB)))


def _frame_to(reach_db: int) -> Frame:
    return Frame(FREQUENCY_AXIS, db_axis(-reach_db, reach_db, _EQ_STEP_DB))


def symbols(mix: Mix) -> Markup:
    """What all strips of a mix share, defined once: grids, the diagonal of a compressor, the ring of a knob."""
    ring, equalizer = _arc(0.0, 1.0), _equalizer_frame(mix)
    diagonal = Markup('<path class="unity" d="M0 {}L{} 0"/>').format(SIDE, SIDE)
    return Markup(
        '<g id="eq-grid">{}{}</g><g id="compressor-grid">{}{}</g><path id="knob" class="ring" d="{}"/>'
    ).format(equalizer.grid(), equalizer.level(0, "unity"), _COMPRESSOR_FRAME.grid(), diagonal, ring)


def read_panels(
    section: Section, values: np.ndarray, sample_rate: int, equalizer: Frame | None = None
) -> list[tuple[Panel, ...]]:
    """The panels of every row of settings.

    Args:
        section: declares the controls.
        values: physical, [rows, controls].
        sample_rate: hertz.
        equalizer: the axes of curves of equalizers; those that suffice for most if not given.
    """
    drawn = {}
    for effect in section.effects:
        if effect.name == "eq":
            drawn["eq"] = _equalizer_curves(section, values, sample_rate, equalizer or _frame_to(_EQ_LEAST_DB))
        elif effect.name == "compressor":
            drawn["compressor"] = _compressor_curves(section, values)
    return [
        tuple(_panel(unit, drawn[unit.effect.name][row] if unit.effect.name in drawn else None) for unit in units)
        for row, units in enumerate(read_units(section, values))
    ]


def _panel(unit: Unit, drawn: Drawn | None) -> Panel:
    if drawn:
        return Panel(unit, unit.effect.name, (drawn.picture,), drawn.idle)
    if unit.effect.name == "fader":
        return Panel(unit, "fader", (_fader(unit.controls[0]),))
    if unit.bands:
        keywords = zip(*unit.bands.values(), strict=True)
        return Panel(unit, "bands", tuple(_bars(controls) for controls in keywords))
    return Panel(unit, "knobs", tuple(_knob(control) for control in unit.controls))


def _curves_db(section: Section, values: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies, and what the equalizers do there, [rows, points]."""
    freq_hz = np.minimum(np.geomspace(20, 20_000, _EQ_POINTS), sample_rate / 2)
    coefficients = filters.equalizer_coefficients(sample_rate, **section.controls(values, "eq"))
    return freq_hz, filters.frequency_response_db(coefficients, sample_rate, freq_hz)


def _equalizer_curves(section: Section, values: np.ndarray, sample_rate: int, frame: Frame) -> list[Drawn]:
    controls = section.controls(values, "eq")
    freq_hz, curves_db = _curves_db(section, values, sample_rate)
    return [
        Drawn(_equalizer_picture(frame, freq_hz, curve_db, *bands), bool(np.abs(curve_db).max() < _INAUDIBLE_DB))
        for curve_db, *bands in zip(curves_db, controls["freq_hz"], controls["gain_db"], strict=True)
    ]


def _equalizer_picture(
    frame: Frame, freq_hz: np.ndarray, curve_db: np.ndarray, band_hz: np.ndarray, band_db: np.ndarray
) -> Markup:
    """The curve, and on it a point for every band that does something."""
    working_hz = band_hz[np.abs(band_db) >= _INAUDIBLE_DB]
    layers = [
        Markup('<use href="#eq-grid"/>'),
        frame.area(freq_hz, curve_db, "eq fill", base=0),
        frame.line(freq_hz, curve_db, "eq"),
    ]
    if len(working_hz):
        layers.append(frame.dots(working_hz, np.interp(working_hz, freq_hz, curve_db), "eq dot"))
    summary = "Equalizer: " + (_equalizer_summary(band_hz, band_db) or "flat")
    return _stretched(layers, summary)


def _equalizer_summary(band_hz: np.ndarray, band_db: np.ndarray) -> str:
    return ", ".join(
        f"{number(db, sign=True)} dB at {hz:.0f} Hz"
        for hz, db in zip(band_hz, band_db, strict=True)
        if abs(db) >= _INAUDIBLE_DB
    )


def _compressor_curves(section: Section, values: np.ndarray) -> list[Drawn]:
    import torch  # here, as the words of reports are wanted by those who do without it

    controls = section.controls(values, "compressor")
    level_db = np.linspace(-60, 0, _COMPRESSOR_POINTS)
    names = ("threshold_db", "ratio", "knee_db", "makeup_db")
    static = {name: torch.from_numpy(controls[name])[:, None] for name in names}
    curves_db = dynamics.static_curve_db(torch.from_numpy(level_db), **static).numpy()
    return [
        _compressor_picture(level_db, curve_db, float(threshold_db))
        for curve_db, threshold_db in zip(curves_db, controls["threshold_db"], strict=True)
    ]


def _compressor_picture(level_db: np.ndarray, curve_db: np.ndarray, threshold_db: float) -> Drawn:
    idle = bool(np.abs(curve_db - level_db).max() < _INAUDIBLE_DB)
    layers = [Markup('<use href="#compressor-grid"/>')]
    if not idle:
        layers.append(_COMPRESSOR_FRAME.spans([threshold_db], -60 - threshold_db, "below"))
    layers.append(_COMPRESSOR_FRAME.line(level_db, curve_db, "dyn"))
    # At full scale the curve says how hard the compressor works: what comes out of 0 dBFS.
    summary = "Compressor: off" if idle else f"Compressor: 0 dBFS in, {number(float(curve_db[-1]))} dBFS out"
    return Drawn(_stretched(layers, summary), idle)


def _stretched(layers: Sequence[Markup], summary: str) -> Markup:
    """A picture that fills whatever place it is given."""
    picture = Markup('<svg viewBox="0 0 {0} {0}" preserveAspectRatio="none" role="img" aria-label="{1}">{2}</svg>')
    return picture.format(SIDE, summary, Markup("").join(layers))


def _knob(control: Control) -> Markup:
    """A knob: its way from the default lit, and a pointer."""
    (x0, y0), (x1, y1) = (_on_ring(control.position, radius) for radius in (5.0, 12.0))
    lit = Markup('<path class="lit" d="{}"/>').format(_arc(control.default_position, control.position))
    return Markup(
        '<svg class="knob" viewBox="-20 -19 40 35" aria-hidden="true"><use href="#knob"/>{}'
        '<path class="pointer" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/></svg>'
    ).format(lit if control.moved else "", x0, y0, x1, y1)


def _on_ring(position: float, radius: float) -> tuple[float, float]:
    angle = math.radians(_SWEEP_DEG) * (position - 0.5)
    return radius * math.sin(angle), -radius * math.cos(angle)


def _arc(start: float, end: float) -> str:
    """Path data along the knob's ring between two positions."""
    low, high = sorted((start, end))
    (x0, y0), (x1, y1) = _on_ring(low, _KNOB_RADIUS), _on_ring(high, _KNOB_RADIUS)
    large = int((high - low) * _SWEEP_DEG > 180)
    return f"M{x0:.1f} {y0:.1f}A{_KNOB_RADIUS:g} {_KNOB_RADIUS:g} 0 {large} 1 {x1:.1f} {y1:.1f}"


_FADER_TOP, _FADER_LENGTH = 8.0, 96.0
_FADER_STEP_DB = 12.0


def _fader(control: Control) -> Markup:
    """An upright fader with its scale in steps of 12 dB."""
    param = control.param
    marks_db = np.arange(math.ceil(param.low / _FADER_STEP_DB) * _FADER_STEP_DB, param.high + 0.1, _FADER_STEP_DB)
    rows = [_fader_row((mark - param.low) / (param.high - param.low)) for mark in marks_db]
    labels = Markup("").join(
        Markup('<text x="15" y="{:.1f}">{}</text>').format(row + 2.3, f"{abs(mark):g}")
        for row, mark in zip(rows, marks_db, strict=True)
    )
    marks = "".join(f"M19 {row:.1f}h5M34 {row:.1f}h5" for row in rows)
    row = _fader_row(control.position)
    return Markup(
        '<svg class="fader" viewBox="0 0 44 112" aria-hidden="true"><path class="marks" d="{}"/>{}'
        '<path class="slot" d="M29 {:g}v{:g}"/><rect class="cap" x="20" y="{:.1f}" width="18" height="11" rx="2"/>'
        '<path class="cap-line" d="M20 {:.1f}h18"/></svg>'
    ).format(marks, labels, _FADER_TOP, _FADER_LENGTH, row - 5.5, row)


def _fader_row(position: float) -> float:
    return _FADER_TOP + _FADER_LENGTH * (1 - position)


def _bars(controls: Sequence[Control]) -> Markup:
    """One bar per band, as high as the control's position."""
    edges = np.rint(np.linspace(0, SIDE, len(controls) + 1)).astype(int).tolist()
    gap = SIDE // (len(controls) * 8)
    bars = "".join(
        f"M{left + gap} {SIDE}V{round(SIDE * (1 - control.position))}H{right - gap}V{SIDE}Z"
        for (left, right), control in zip(pairwise(edges), controls, strict=True)
    )
    summary = f"{controls[0].label}: " + ", ".join(control.text for control in controls)
    return _stretched([Markup('<path class="bar" d="{}"/>').format(bars)], summary)
