"""Which buses stand between a track of a session and its master."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from diffmst.daw.dawproject import parameters

_CENTRED = 1e-6


class Way(NamedTuple):
    """What the buses do to a channel on its way to the master.

    Attributes:
        gain_db: of their volumes together, finite.
        muted: whether one of them is, or has its volume at zero.
        treated: names of those that do more than that.
    """

    gain_db: float = 0.0
    muted: bool = False
    treated: tuple[str, ...] = ()


class Routing:
    """The channels of a session and what they go to.

    Args:
        project: the root of the document.
        ends: channels that are no such buses: the master and the bus of the sends.
    """

    def __init__(self, project: Element, ends: Iterable[Element]) -> None:
        self._ends = frozenset(ends)
        self._by_id = {channel.get("id"): channel for channel in project.iter("Channel")}
        self._names = {track.find("Channel"): track.get("name", "") for track in project.iter("Track")}
        self._above = {
            inner.find("Channel"): track.find("Channel")
            for track in project.iter("Track")
            for inner in track.findall("Track")
        }

    def way(self, channel: Element) -> Way:
        """What stands between a channel and the master."""
        way, passed = Way(), {channel}
        while (bus := self._next(channel)) is not None and bus not in passed | self._ends:
            way = self._through(bus, way)
            passed.add(bus)
            channel = bus
        return way

    def _next(self, channel: Element) -> Element | None:
        """Where a channel goes: where it says, else to that of the group it is in."""
        destination = self._by_id.get(channel.get("destination"))
        return destination if destination is not None else self._above.get(channel)

    def _through(self, bus: Element, way: Way) -> Way:
        volume_db, pan = parameters.decibels(bus.find("Volume")), parameters.pan(bus.find("Pan"))
        mute, devices = bus.find("Mute"), bus.find("Devices")
        silent = (mute is not None and parameters.is_on(mute)) or volume_db == -math.inf
        treats = bool(devices is not None and len(devices)) or abs(pan or 0.0) > _CENTRED
        return Way(
            way.gain_db + (0.0 if silent else volume_db or 0.0),
            way.muted or silent,
            (*way.treated, self._names.get(bus, "")) if treats else way.treated,
        )
