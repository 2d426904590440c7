"""The routes of a session that Ardour may have saved again, changed by hand."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from diffmst.daw.ardour.channel import Channel
from diffmst.daw.ardour.plugin import Plugin

_NO = ("0", "no", "false", None)
_SWITCH = "enable"  # a port of many plugins, which Ardour's own button turns where there is one


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


def read_channel(route: Element) -> Channel:
    """The channel strip of a route."""
    trim, fader = (next(iter(processors(route, kind)), None) for kind in ("trim", "amp"))
    return Channel(
        trim=control(trim, "trimcontrol", 1.0),
        plugins=tuple(map(read_plugin, filter(is_plugin, route.findall("Processor")))),
        fader=control(fader, "gaincontrol", 1.0),
        position=control(route.find("Pannable"), "pan-azimuth", 0.5),
    )


def send_gain(route: Element, bus: str) -> float:
    """The amplitude of the sends of a route to a bus; 0 where there is none."""
    sends = (send for send in processors(route, "intsend") if send.get("target") == bus and is_yes(send, "active"))
    return sum(control(send, "gaincontrol", 1.0) for send in sends)


def is_muted(route: Element) -> bool:
    """Whether nothing of a route is heard."""
    mute = route.find("MuteMaster")
    return not is_yes(route, "active") or (mute is not None and is_yes(mute, "muted"))


def is_plugin(processor: Element) -> bool:
    """Whether it is a plugin, of whatever kind."""
    return processor.get("type") in _PLUGIN_KINDS


def read_plugin(processor: Element) -> Plugin:
    """The plugin that a processor is."""
    name, uri = processor.get("name", ""), processor.get("unique-id", "")
    if processor.get("type") == "luaproc":
        uri = f"lua:{name}"
    ports = {**_ports(processor, "lv2", "symbol"), **_ports(processor, "luaproc", "id")}
    return Plugin(name, uri, ports, active=is_yes(processor, "active") and ports.get(_SWITCH, 1.0) > 0)


def _ports(processor: Element, state: str, key: str) -> dict[str, float]:
    return {port.attrib[key]: float(port.attrib["value"]) for port in processor.findall(f"{state}/Port")}


_PLUGIN_KINDS = ("lv2", "ladspa", "luaproc", "windows-vst", "lxvst", "mac-vst", "vst3", "audiounit")
