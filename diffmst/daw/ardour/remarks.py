"""What a session of Ardour has that the console cannot say, as `… has …` tells it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile
from xml.etree.ElementTree import Element

from diffmst.daw.ardour.channel import is_ours
from diffmst.daw.ardour.route_reading import is_muted, is_plugin, is_yes, read_channel, read_plugin

_FADER = "amp"
_MIDDLE, _CENTRED = 0.5, 1e-6  # of the position of a pan


def on_route(route: Element) -> Iterator[str]:
    """On a strip, besides plugins that are not ours."""
    if any(_is_automated(found) for found in route.iter("AutomationList")):
        yield "automation; what its controls stood at when the session was saved was taken"
    if any(is_yes(shell, "bypassed") for shell in route.iter("PannerShell")):
        yield "its panner switched off; where the pan stands was taken"
    if route.find("Slavable/Master") is not None:
        yield "a VCA, whose gain is left out"
    if "1" in _attribute(route, "phase", "phase-invert"):
        yield "its phase turned, which the console cannot do"
    if "1" in _attribute(route, "solo", "self-solo"):
        yield "a solo; the mix plays all tracks that are not muted"
    behind = dropwhile(lambda found: found.get("type") != _FADER, route.findall("Processor"))
    for plugin in map(read_plugin, filter(is_plugin, behind)):
        if plugin.active and is_ours(plugin):
            yield f"{plugin.name} behind the fader; it was taken as if it were before it"


def on_pan(route: Element) -> Iterator[str]:
    """On the pan of a strip where the console has none: the master, the return of the reverb and its bus."""
    if abs(read_channel(route).position - _MIDDLE) > _CENTRED:
        yield "a pan, which the console cannot do there"


def on_reverb(route: Element) -> Iterator[str]:
    """On the return of the reverb, and on the bus of the sends, of which only faders and sends are read."""
    yield from on_route(route)
    yield from on_pan(route)
    for plugin in read_channel(route).plugins:
        if plugin.active:
            yield f"a plugin, “{plugin.name}”, which is left out"


def on_mute(route: Element) -> Iterator[str]:
    """On the mute of the return, which the mix plays all the same."""
    if is_muted(route):
        yield "its mute on; the mix plays the reverb as it was"


def on_audio(playlist: Element | None, length: str) -> Iterator[str]:
    """On what a track plays.

    Args:
        playlist: of the track.
        length: of the audio as it was exported, in Ardour's notation.
    """
    regions = [] if playlist is None else playlist.findall("Region")
    if len(regions) != 1 or (regions[0].get("start"), regions[0].get("length")) != ("a0", f"{length}@a0"):
        yield "audio that was cut, moved or replaced; the mix plays the stem as it was"
    elif is_yes(regions[0], "muted") or is_yes(regions[0], "envelope-active") or _is_louder(regions[0]):
        yield "a region that was muted or has a gain of its own; turn the trim instead"


def _attribute(route: Element, control: str, name: str) -> str:
    found = route.find(f"Controllable[@name='{control}']")
    return "" if found is None else found.get(name, "")


def _is_louder(region: Element) -> bool:
    return float(region.get("scale-amplitude", "1")) != 1


def _is_automated(automation: Element) -> bool:
    return automation.get("state", "Off") != "Off" and automation.find("events") is not None
