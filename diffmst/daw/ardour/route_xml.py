"""The routes of an Ardour session: tracks, buses and the master."""

from __future__ import annotations

import base64
import hashlib
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from diffmst.daw.ardour.channel import Channel
from diffmst.daw.ardour.plugin import Plugin
from diffmst.daw.ardour.session_xml import FORMAT_VERSION, Region, SessionXml
from diffmst.daw.naming import MASTER_NAME

Kind = Literal["track", "bus", "master"]

_FLAGS: dict[Kind, str] = {
    "track": "AudioTrack,OrderSet",
    "bus": "AudioBus,OrderSet",
    "master": "MasterOut,OrderSet",
}
_SPEAKERS = "system:playback_"
_BALANCE = "http://ardour.org/plugin/panner_balance"
_MONO_PANNER = "http://ardour.org/plugin/panner_1in2out"


class Send(NamedTuple):
    """A send behind the fader and the pan.

    Attributes:
        target: identifier of the bus.
        gain: amplitude.
        number: no other send of the session has it; from 1.
    """

    target: str
    gain: float
    number: int


class Route(NamedTuple):
    """A track, a bus or the master.

    Attributes:
        id: from `SessionXml.new_id`.
        name: shown; no other route has it.
        kind: what it is.
        channels: of its input, 1 or 2; its output is stereo.
        channel: how its strip stands.
        region: what a track plays.
        send: of a track to a bus.
        receives: whether sends go to it.
        muted: whether nothing of it is heard.
        comment: for the user.
    """

    id: str
    name: str
    kind: Kind
    channels: int
    channel: Channel
    region: Region | None = None
    send: Send | None = None
    receives: bool = False
    muted: bool = False
    comment: str = ""


def add_route(session: SessionXml, route: Route) -> None:
    """Adds a route to a session, below those that it has."""
    element = _RouteXml(session, route)
    element.add_ports()
    element.add_pan()
    element.add_processors()


class _RouteXml:
    """The element of a route in the making."""

    def __init__(self, session: SessionXml, route: Route) -> None:
        self._session, self._route = session, route
        attributes = {"version": FORMAT_VERSION, "id": route.id, "name": route.name, "default-type": "audio"}
        if route.region:
            attributes |= {"audio-playlist": session.add_playlist(route.region, route.id), "mode": "Normal"}
        # strict-io "1" makes Ardour 7.3 write beyond its buffers where a mono track has plugins.
        attributes |= {"active": "1", "strict-io": "0", "meter-point": "MeterPostFader"}
        order = str(len(session.routes))
        self._element = SubElement(session.routes, "Route", attributes)
        SubElement(self._element, "PresentationInfo", {"order": order, "flags": _FLAGS[route.kind], "color": "0"})
        if route.comment:
            SubElement(self._element, "Comment").text = route.comment

    def add_ports(self) -> None:
        """Inputs and outputs, the latter connected."""
        route = self._route
        self._add_io("Input", [f"{route.name}/audio_in {number}" for number in range(1, route.channels + 1)])
        outputs = self._add_io("Output", [f"{route.name}/audio_out {number}" for number in (1, 2)])
        for number, port in enumerate(outputs, 1):
            other = f"{_SPEAKERS}{number}" if route.kind == "master" else f"{MASTER_NAME}/audio_in {number}"
            SubElement(port, "Connection", {"other": other})

    def add_pan(self) -> None:
        """Mute, and the position of the panners."""
        muted = "1" if self._route.muted else "0"
        SubElement(self._element, "MuteMaster", {"mute-point": "PostFader,Listen,Main", "muted": muted})
        pannable = SubElement(self._element, "Pannable")
        width = 1.0 if self._route.channels == 2 else 0.0
        for control, value in (("pan-azimuth", self._route.channel.position), ("pan-width", width)):
            self._add_control(pannable, control, value)

    def add_processors(self) -> None:
        """The strip from top to bottom."""
        route, channel = self._route, self._route.channel
        if route.kind == "track":
            self._add_processor(f"recorder:{route.name}", "diskwriter")
            self._add_processor(f"player:{route.name}", "diskreader")
        if route.receives:
            self._add_processor("Return", "intreturn")
        self._add_control(self._add_processor("Trim", "trim"), "trimcontrol", channel.trim)
        for plugin in channel.plugins:
            self._add_plugin(plugin)
        self._add_control(self._add_processor("Fader", "amp"), "gaincontrol", channel.fader)
        self._add_processor(f"meter-{route.name}", "meter")
        if route.send:
            self._add_send(route.send)
        outs = self._add_processor(route.name, "main-outs", role="Main", output=route.name)
        outs.attrib |= {"own-input": "1", "own-output": "0"}
        self._add_panner(outs)

    def _add_io(self, direction: str, ports: list[str]) -> list[Element]:
        attributes = {"name": self._route.name, "id": self._session.new_id(), "direction": direction}
        io = SubElement(self._element, "IO", attributes | {"default-type": "audio"})
        return [SubElement(io, "Port", {"type": "audio", "name": name}) for name in ports]

    def _add_processor(self, name: str, kind: str, **attributes: str) -> Element:
        own = {"id": self._session.new_id(), "name": name, "type": kind, "active": "1"}
        return SubElement(self._element, "Processor", own | attributes)

    def _add_control(self, parent: Element, name: str, value: float) -> None:
        attributes = {"name": name, "id": self._session.new_id(), "flags": "", "value": repr(float(value))}
        SubElement(parent, "Controllable", attributes)

    def _add_plugin(self, plugin: Plugin) -> None:
        kind, port_key = ("luaproc", "id") if plugin.script else ("lv2", "symbol")
        processor = self._add_processor(plugin.name, kind, count=str(plugin.instances), custom="0")
        processor.attrib |= {"unique-id": _unique_id(plugin), "active": "1" if plugin.active else "0"}
        state = SubElement(processor, kind)
        if plugin.script:
            script = SubElement(state, "script", {"lua": "Lua 5.3", "origin": ""})
            script.text = base64.b64encode(plugin.script.encode()).decode()
        for port, value in plugin.ports.items():
            SubElement(state, "Port", {port_key: port, "value": repr(float(value))})

    def _add_send(self, send: Send) -> None:
        processor = self._add_processor("Reverb", "intsend", role="Aux", target=send.target, bitslot=str(send.number))
        processor.attrib |= {"own-input": "1", "own-output": "1", "selfdestruct": "0"}
        self._add_panner(processor)
        self._add_control(processor, "gaincontrol", send.gain)

    def _add_panner(self, parent: Element) -> None:
        """The panner of an output: balance for stereo, where Ardour would choose another by itself."""
        panner = _BALANCE if self._route.channels == 2 else _MONO_PANNER
        SubElement(parent, "PannerShell", {"bypassed": "0", "user-panner": panner, "linked-to-route": "1"})


def _unique_id(plugin: Plugin) -> str:
    """What Ardour knows a plugin by: of a script, the digest of its text."""
    return hashlib.sha1(plugin.script.encode(), usedforsecurity=False).hexdigest() if plugin.script else plugin.uri
