"""A channel of a session as settings of the console's strip."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple
from xml.etree.ElementTree import Element

from diffmst.daw.dawproject import parameters
from diffmst.daw.dawproject.devices import (
    ReadDevice,
    neutral_compressor,
    neutral_equalizer,
    read_compressor,
    read_equalizer,
)
from diffmst.daw.dawproject.gains import ChannelGains, from_channel
from diffmst.daw.dawproject.tags import Tag
from diffmst.layout import LAYOUTS, Section

_EQUALIZER, _COMPRESSOR, _LIMITER = "Equalizer", "Compressor", "Limiter"


class ReadChannel(NamedTuple):
    """What a channel says: settings by dotted name, and a sentence each on what of it the console has not."""

    values: dict[str, float]
    ignored: tuple[str, ...]


def section_of(tag: Tag) -> Section:
    """The controls of the strip that a channel was."""
    layout = LAYOUTS[tag.layout]
    return layout.master if tag.part == "master" else layout.track


def read_channel(channel: Element, tag: Tag, told: Collection[str]) -> ReadChannel:
    """The strip that does what a channel does, as far as the file tells.

    Programs leave out what they do not know. A device or a pan that no channel of the file has says nothing, while one
    that others have is neutral where it is missing: it was removed.

    Args:
        channel: from the file.
        tag: what it was when it was written.
        told: what there is in the file, names of elements.
    """
    section, devices = section_of(tag), list(channel.find("Devices") or ())
    equalizer, compressor = (_first(devices, name) for name in (_EQUALIZER, _COMPRESSOR))
    limiter = _first(devices, _LIMITER) if tag.part == "master" else None  # what delivery does is not in the mix
    others = [device for device in devices if device not in (equalizer, compressor, limiter)]
    tone = read_equalizer(equalizer, section) if equalizer is not None else None
    dynamics = read_compressor(compressor) if compressor is not None else None
    if tone is None and _EQUALIZER in told and not others:
        tone = neutral_equalizer(section)
    if dynamics is None and _COMPRESSOR in told and not others:
        dynamics = neutral_compressor()
    gains = _gains(channel, tag, tone, dynamics, told)
    values = (tone.values if tone else {}) | (dynamics.values if dynamics else {}) | gains
    names = (device.get("name") or device.get("deviceName") or device.tag for device in others)
    unknown = tuple(f"the device “{name}” is left out" for name in names)
    ignored = unknown + (tone.ignored if tone else ()) + (dynamics.ignored if dynamics else ())
    return ReadChannel({name: value for name, value in values.items() if name in section.params}, ignored)


def _gains(
    channel: Element, tag: Tag, tone: ReadDevice | None, dynamics: ReadDevice | None, told: Collection[str]
) -> dict[str, float]:
    """Settings that are gains or pan, those that the file tells."""
    moved = tag.moved
    before_db = sum(device.input_db for device in (tone, dynamics) if device) + (moved.before_db if tag.printed else 0)
    as_channel = ChannelGains(
        before_db,
        dynamics.values.get("compressor.threshold_db", 0.0) if dynamics else 0.0,
        dynamics.output_db if dynamics else moved.output_db,
        _or(parameters.decibels(channel.find("Volume")), 0.0),
        _or(parameters.pan(channel.find("Pan")), 0.0),
    )
    has_fader = "fader.gain_db" in section_of(tag).params
    strip = from_channel(as_channel, tag.channels, moved, has_fader=has_fader)
    says = {
        "input.gain_db": tone is not None and dynamics is not None,
        "compressor.threshold_db": dynamics is not None and "compressor.threshold_db" in dynamics.values,
        "compressor.makeup_db": dynamics is not None,
        "panner.pan": "Pan" in told,
        "fader.gain_db": "Volume" in told,
    }
    return {name: value for name, value in strip.items() if says[name]}


def _first(devices: list[Element], name: str) -> Element | None:
    return next((device for device in devices if device.tag == name), None)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def send_db(channel: Element, bus_id: str | None, tag: Tag) -> float:
    """Level of the send to a bus, -inf where it is off or missing."""
    for send in channel.iter("Send"):
        if send.get("destination") == bus_id and parameters.is_on(send.find("Enable")):
            return _or(parameters.decibels(send.find("Volume")), -math.inf) + tag.moved.send_db
    return -math.inf
