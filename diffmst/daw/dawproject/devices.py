"""The devices of the format that a mix needs: Equalizer and Compressor, written and read, and a Limiter to deliver."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import NamedTuple
from xml.etree.ElementTree import Element

from diffmst.daw.dawproject import parameters
from diffmst.daw.dawproject.parameters import Builder, child, ratio_to_percent
from diffmst.layout import Section
from diffmst.params import Param

_OUTER_BANDS = {"low_shelf": "lowShelf", "high_shelf": "highShelf"}
_BELL = "bell"
_GAIN_DB, _CEILING_DB = (-24.0, 24.0), (-24.0, 0.0)
_LIMITER_RATIO = 1000.0  # stands for an infinite one
_MS_TO_S = 1e-3

_BAND_CONTROLS = {
    "freq_hz": ("Freq", "hertz", parameters.hertz),
    "gain_db": ("Gain", "decibel", parameters.decibels),
    "q": ("Q", "linear", parameters.factor),
}
_TIMES_AND_LEVELS = {
    "threshold_db": ("Threshold", parameters.decibels),
    "attack_ms": ("Attack", parameters.milliseconds),
    "release_ms": ("Release", parameters.milliseconds),
}


class ReadDevice(NamedTuple):
    """What an Equalizer or Compressor says.

    Attributes:
        values: by dotted name, `eq.peak_1.q`, as far as the file tells.
        input_db: gain ahead of it and, for an equalizer, behind it.
        output_db: gain behind a compressor.
        ignored: a sentence each on what the console has no control for.
    """

    values: dict[str, float]
    input_db: float = 0.0
    output_db: float = 0.0
    ignored: tuple[str, ...] = ()


def equalizer_bands(section: Section) -> dict[str, str]:
    """The bands of the equalizer, in order, and the type of each in the format."""
    names = [name.split(".")[1] for name in section.params if name.startswith("eq.")]
    return {band: _OUTER_BANDS.get(band, _BELL) for band in dict.fromkeys(names)}


def add_equalizer(
    builder: Builder, devices: Element, section: Section, values: Mapping[str, float], input_db: float
) -> None:
    """Writes an Equalizer: neutral ones are switched off, which sounds the same and costs nothing.

    Args:
        builder: of the document.
        devices: of the channel.
        section: declares the controls.
        values: settings of the strip.
        input_db: gain ahead of it.
    """
    bands = equalizer_bands(section)
    on = bool(input_db) or any(values[f"eq.{band}.gain_db"] for band in bands)
    device = _device(builder, devices, "Equalizer", on)
    for order, (band, kind) in enumerate(bands.items()):
        element = child(device, "Band", type=kind, order=str(order))
        for control, (tag, unit, _) in _BAND_CONTROLS.items():
            name = f"eq.{band}.{control}"
            builder.declared(element, tag, values[name], unit, section.params[name])
        builder.boolean(element, "Enabled", True)
    builder.real(device, "InputGain", input_db, "decibel", *_GAIN_DB)
    builder.real(device, "OutputGain", 0, "decibel", *_GAIN_DB)


def add_compressor(
    builder: Builder,
    devices: Element,
    section: Section,
    values: Mapping[str, float],
    *,
    threshold_db: float,
    output_db: float,
) -> None:
    """Writes a Compressor; its knee the format cannot say.

    Args:
        builder: of the document.
        devices: of the channel.
        section: declares the controls.
        values: settings of the strip, but for those that follow.
        threshold_db: of the channel.
        output_db: gain behind it.
    """
    ratio = values["compressor.ratio"]
    device = _device(builder, devices, "Compressor", on=ratio != 1 or bool(output_db))

    def add_time(tag: str, name: str) -> None:
        builder.declared(device, tag, values[name], "seconds", section.params[name], _MS_TO_S)

    add_time("Attack", "compressor.attack_ms")
    builder.boolean(device, "AutoMakeup", False)
    builder.real(device, "InputGain", 0, "decibel", *_GAIN_DB)
    builder.real(device, "OutputGain", output_db, "decibel", *_GAIN_DB)
    builder.real(device, "Ratio", ratio_to_percent(ratio), "percent", 0, 100)
    add_time("Release", "compressor.release_ms")
    builder.declared(device, "Threshold", threshold_db, "decibel", section.params["compressor.threshold_db"])


def add_limiter(builder: Builder, devices: Element, gain_db: float, ceiling_db: float) -> None:
    """Writes a Limiter, switched off: what delivery does behind the console.

    Args:
        builder: of the document.
        devices: of the master, of which it is the last.
        gain_db: to the loudness that is delivered.
        ceiling_db: that is delivered.
    """
    device = _device(builder, devices, "Limiter", on=False)
    builder.real(device, "InputGain", gain_db, "decibel", *_GAIN_DB)
    builder.real(device, "Threshold", ceiling_db, "decibel", *_CEILING_DB)


def read_equalizer(device: Element, section: Section) -> ReadDevice:
    """The equalizer of a channel: whatever its bands are called and in whatever order they stand.

    A band that was deleted or switched off has no gain. Bells may change places, for filters in a row commute: each
    goes to a band of ours that reaches its frequency.
    """
    ignored: list[str] = []
    values: dict[str, float] = {}
    for kind in dict.fromkeys(equalizer_bands(section).values()):
        ours = [band for band, own_kind in equalizer_bands(section).items() if own_kind == kind]
        theirs = sorted((band for band in device.iter("Band") if band.get("type", _BELL) == kind), key=_order)
        ignored += [f"a further {kind} band is left out"] * max(0, len(theirs) - len(ours))
        for name, band in _assigned(ours, theirs[: len(ours)], section).items():
            values |= _read_band(f"eq.{name}", band)
    kinds = set(equalizer_bands(section).values())
    others = (kind for band in device.iter("Band") if (kind := band.get("type", _BELL)) not in kinds)
    ignored += [f"a {kind} band is left out" for kind in others]
    if not parameters.is_on(device.find("Enabled")):
        return ReadDevice(values | {name: 0.0 for name in values if name.endswith(".gain_db")})
    gains = [parameters.decibels(device.find(tag)) or 0.0 for tag in ("InputGain", "OutputGain")]
    return ReadDevice(values, input_db=sum(gains), ignored=tuple(ignored))


def read_compressor(device: Element) -> ReadDevice:
    """The compressor of a channel; one that is switched off has ratio 1."""
    values = {
        f"compressor.{name}": value
        for name, (tag, read) in _TIMES_AND_LEVELS.items()
        if (value := read(device.find(tag))) is not None
    }
    if not parameters.is_on(device.find("Enabled")):
        return ReadDevice(values | {"compressor.ratio": 1.0})
    if (ratio := parameters.ratio(device.find("Ratio"))) is not None:
        values["compressor.ratio"] = min(ratio, _LIMITER_RATIO)
    automatic = device.find("AutoMakeup")
    ignored = ("automatic makeup gain is left out",) if automatic is not None and parameters.is_on(automatic) else ()
    input_db, output_db = (parameters.decibels(device.find(tag)) or 0.0 for tag in ("InputGain", "OutputGain"))
    return ReadDevice(values, input_db, output_db, ignored)


def neutral_equalizer(section: Section) -> ReadDevice:
    """What stands for an equalizer that was removed."""
    return ReadDevice({f"eq.{band}.gain_db": 0.0 for band in equalizer_bands(section)})


def neutral_compressor() -> ReadDevice:
    """What stands for a compressor that was removed."""
    return ReadDevice({"compressor.ratio": 1.0})


def _device(builder: Builder, devices: Element, tag: str, on: bool) -> Element:
    attributes = {"deviceName": tag, "deviceRole": "audioFX", "loaded": "true", "name": tag}
    device = builder.add(devices, tag, **attributes)
    child(device, "Parameters")
    builder.boolean(device, "Enabled", on)
    return device


def _order(band: Element) -> int:
    """Where a band says that it stands; those that do not say keep their places, at the end."""
    try:
        return int(band.get("order", ""))
    except ValueError:
        return 1 << 16


def _read_band(name: str, band: Element | None) -> dict[str, float]:
    """The controls of one band; of one that is gone, no gain."""
    if band is None:
        return {f"{name}.gain_db": 0.0}
    readings = {control: read(band.find(tag)) for control, (tag, _, read) in _BAND_CONTROLS.items()}
    if not parameters.is_on(band.find("Enabled")):
        readings["gain_db"] = 0.0
    return {f"{name}.{control}": value for control, value in readings.items() if value is not None}


def _assigned(ours: Sequence[str], theirs: Sequence[Element], section: Section) -> dict[str, Element | None]:
    """Which of their bands each of ours takes: the fewest out of reach, then the fewest out of order."""
    padded: list[Element | None] = [*theirs, *[None] * (len(ours) - len(theirs))]

    def cost(order: tuple[int, ...]) -> tuple[float, int]:
        octaves = [
            _octaves_out_of(section.params[f"eq.{band}.freq_hz"], padded[place])
            for band, place in zip(ours, order, strict=True)
        ]
        return round(sum(octaves), 6), sum(abs(place - own) for own, place in enumerate(order))

    best = min(permutations(range(len(ours))), key=cost)
    return {band: padded[place] for band, place in zip(ours, best, strict=True)}


def _octaves_out_of(param: Param, band: Element | None) -> float:
    """How far the frequency of a band is out of the range of a control."""
    freq_hz = parameters.hertz(band.find("Freq")) if band is not None else None
    if freq_hz is None:
        return 0.0
    return max(0.0, math.log2(param.low / freq_hz), math.log2(freq_hz / param.high))
