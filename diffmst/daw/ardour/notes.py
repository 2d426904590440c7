"""What the user should know of an Ardour session: what it needs, and where its strips differ from those of the mix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from diffmst.daw.ardour import ace_compressor, ace_equalizer
from diffmst.daw.ardour.channel import Channel, EqualizerName, from_channel
from diffmst.daw.ardour.writing import Strips, channels_of
from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.notes import listed, printed_reverb_note
from diffmst.daw.ranges import is_same
from diffmst.dsp.filters import equalizer_coefficients, frequency_response_db
from diffmst.layout import Section
from diffmst.report.words import label, setting

_HEARD_DB = 0.5  # of a difference between curves
_AUDIBLE_HZ = np.geomspace(20, 20_000, 200)


class _Row(NamedTuple):
    """A strip as the mix has it, and as the session has it."""

    name: str
    section: Section
    values: Mapping[str, float]
    channel: Channel
    channels: int


def notes(mix: ConsoleMix, strips: Strips, equalizer: EqualizerName) -> tuple[str, ...]:
    """A line each.

    Args:
        mix: what the session holds.
        strips: of it, as Ardour's.
        equalizer: the plugin that stands for ours.
    """
    rows = list(_rows(mix, strips))
    held: dict[str, list[str]] = {}
    for row in rows:
        for line in _differences(row, mix.sample_rate):
            held.setdefault(line, []).append(row.name)
    folded = (f"{line}: {listed(names)}" for line, names in held.items())
    ace = _of_ace_equalizer(rows, mix.sample_rate) if equalizer == "ace" else ()
    return (*ace, *printed_reverb_note(mix), *folded)


def _rows(mix: ConsoleMix, strips: Strips) -> Iterator[_Row]:
    for strip, channel in zip(mix.tracks, strips.tracks, strict=True):
        yield _Row(strip.name, mix.layout.track, strip.values, channel, channels_of(strip))
    yield _Row(mix.master.name, mix.layout.master, mix.master.values, strips.master, 2)


def _of_ace_equalizer(rows: list[_Row], sample_rate: int) -> Iterator[str]:
    found = sorted(((_curve_difference_db(row, sample_rate), row.name) for row in rows), reverse=True)
    names = [f"{name} ({difference_db:.1f} dB)" for difference_db, name in found if difference_db > _HEARD_DB]
    if names:
        yield f"{ace_equalizer.NAME} has one steepness for all shelves, and sounds otherwise: {listed(names)}"


def _curve_difference_db(row: _Row, sample_rate: int) -> float:
    """How far the curve of ACE EQ is from that of the mix, at most."""
    read, _ = from_channel(row.section, row.channel, row.channels, sample_rate)
    shelves = {name: ace_equalizer.SHELF_Q for name in row.section.params if name.endswith("_shelf.q")}
    freq_hz = _AUDIBLE_HZ[sample_rate / 2 > _AUDIBLE_HZ]
    curves = (
        frequency_response_db(
            equalizer_coefficients(sample_rate, **row.section.controls(row.section.vector(values), "eq")),
            sample_rate,
            freq_hz,
        )
        for values in (row.values, {**row.values, **shelves, **read})
    )
    return float(np.abs(np.subtract(*curves)).max())


def _differences(row: _Row, sample_rate: int) -> Iterator[str]:
    """What of a strip goes elsewhere, or nowhere."""
    if row.channel.lifted_db:
        yield "the fader ends at 6 dB, the rest is in the make-up gain of the compressor"
    for name, (low, high) in ace_compressor.KNOBS.items():
        value = row.values[f"compressor.{name}"] + (row.channel.lifted_db if name == "makeup_db" else 0.0)
        if not low <= value <= high:
            end = setting(row.section.params[f"compressor.{name}"], high)
            knob = f"the {label(name).lower()} of the compressor"
            yield f"{knob} plays, but is beyond the end of its knob, {end}; leave that alone, or lose it"
    read, _ = from_channel(row.section, row.channel, row.channels, sample_rate)
    for control, value in read.items():
        if not is_same(row.section.params[control], value, row.values[control]):
            yield f"{control} is held at {setting(row.section.params[control], value)}"
