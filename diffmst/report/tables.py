"""Every control in numbers: one table per effect, or per handful of small ones, a row per track or per band."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from diffmst.report.controls import Control, Unit
from diffmst.report.strips import Strip
from diffmst.report.words import label


class Row(NamedTuple):
    """A track, or a band."""

    name: str
    controls: tuple[Control, ...]


class Table(NamedTuple):
    """Controls in columns.

    Attributes:
        title: heading.
        rows_are: what a row is.
        groups: names over neighbouring columns, and how many each spans; empty for none.
        columns: name and unit of each.
        rows: the values.
    """

    title: str
    rows_are: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def control_tables(tracks: Sequence[Strip], buses: Sequence[Strip]) -> list[Table]:
    """The tables of all tracks, then of each bus."""
    names = [strip.name for strip in tracks]
    units = zip(*([panel.unit for panel in strip.panels] for strip in tracks), strict=True)
    tables = list(_by_track(names, list(units)))
    for bus in buses:
        tables += _by_band(bus)
    return tables


def _by_track(names: Sequence[str], units: list[tuple[Unit, ...]]) -> Iterator[Table]:
    """A table of the small effects together, and one of every other; units are those of one effect on all tracks."""
    small = [column for column in units if column[0].small]
    large = [[column] for column in units if not column[0].small]
    for columns in ([small] if small else []) + large:
        rows = tuple(
            Row(name, tuple(control for column in columns for control in column[index].controls))
            for index, name in enumerate(names)
        )
        first = [control for column in columns for control in column[0].controls]
        if len(columns) > 1:
            spans = tuple((column[0].title, len(column[0].controls)) for column in columns)
        else:
            spans = tuple((name, len(list(band))) for name, band in groupby(first, _band))
        title = " · ".join(column[0].title for column in columns)
        yield Table(title, "Track", spans if any(name for name, _ in spans) else (), _columns(first), rows)


def _by_band(bus: Strip) -> Iterator[Table]:
    """A table of each banded effect of a bus, and one of all its other controls."""
    singles = [panel.unit for panel in bus.panels if panel.unit.singles]
    if singles:
        controls = tuple(control for unit in singles for control in unit.singles)
        spans = tuple((unit.title, len(unit.singles)) for unit in singles)
        yield Table(bus.name, "", spans, _columns(controls), (Row(bus.name, controls),))
    for unit in (panel.unit for panel in bus.panels if panel.unit.bands):
        rows = tuple(Row(label(name), controls) for name, controls in unit.bands.items())
        yield Table(f"{bus.name}: {unit.title}", "Band", (), _columns(rows[0].controls), rows)


def _band(control: Control) -> str:
    band = control.param.name.rpartition(".")[0]
    return label(band) if band else ""


def _columns(controls: Sequence[Control]) -> tuple[tuple[str, str], ...]:
    return tuple((control.label, control.param.unit) for control in controls)
