"""The routes of a session that Ardour may have saved again, changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from diffmst.daw.ardour.channel import Channel
from diffmst.daw.ardour.plugin import Plugin

_NO = ("0", "no", "false", None)


def is_yes(element: Element, attribute: str) -> bool:
    """Whether an attribute is there and says yes."""
    return element.get(attribute) not in _NO


def control(element: Element | None, name: str, default: float) -> float:
    """The value of a control right below an element."""
    found = None if element is None else element.find(f"Controllable[@name='{name}']")
    return default if found is None else float(found.attrib["value"])


def processors(route: Element, kind: str) -> list[Element]:
    """The processors of one kind, from top to bottom."""
    return [found for found in route.findall("Processor") if found.get("type") == kind]


def read_channel(route: Element, lifted_db: float) -> Channel:
    """The channel strip of a route."""
    trims, faders = processors(route, "trim"), processors(route, "amp")
    return Channel(
        trim=control(trims[0] if trims else None, "trimcontrol", 1.0),
        plugins=tuple(map(_plugin, filter(_is_plugin, route.findall("Processor")))),
        fader=control(faders[0] if faders else None, "gaincontrol", 1.0),
        position=control(route.find("Pannable"), "pan-azimuth", 0.5),
        lifted_db=lifted_db,
    )


def send_gain(route: Element, bus: str) -> float:
    """The amplitude of the sends of a route to a bus; 0 where there is none."""
    sends = (send for send in processors(route, "intsend") if send.get("target") == bus and is_yes(send, "active"))
    return sum(control(send, "gaincontrol", 1.0) for send in sends)


def is_muted(route: Element) -> bool:
    """Whether nothing of a route is heard."""
    mute = route.find("MuteMaster")
    return not is_yes(route, "active") or (mute is not None and is_yes(mute, "muted"))


def ignored_of(route: Element) -> Iterator[str]:
    """What a route has that the console cannot say, besides its plugins."""
    if any(_is_automated(found) for found in route.iter("AutomationList")):
        yield "automation; what its controls stood at when the session was saved was taken"
    if any(is_yes(shell, "bypassed") for shell in route.iter("PannerShell")):
        yield "a panner that is switched off"
    if route.find("Slavable/Master") is not None:
        yield "a VCA"


def _is_automated(automation: Element) -> bool:
    return automation.get("state", "Off") != "Off" and automation.find("events") is not None


def _is_plugin(processor: Element) -> bool:
    return processor.find("lv2") is not None or processor.get("type") in _PLUGIN_KINDS


def _plugin(processor: Element) -> Plugin:
    ports = {port.attrib["symbol"]: float(port.attrib["value"]) for port in processor.findall("lv2/Port")}
    name, uri = processor.get("name", ""), processor.get("unique-id", "")
    return Plugin(name, uri, ports, active=is_yes(processor, "active"))


_PLUGIN_KINDS = ("lv2", "ladspa", "luaproc", "windows-vst", "lxvst", "mac-vst", "vst3", "audiounit")
