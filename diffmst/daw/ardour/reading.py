"""From a session, as Ardour has saved it, to values of our controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from diffmst.daw.ardour.channel import from_channel
from diffmst.daw.ardour.remarks import on_audio, on_mute, on_pan, on_reverb, on_route
from diffmst.daw.ardour.route_reading import is_muted, read_channel, send_gain
from diffmst.daw.ardour.signature import Signature, StripNote
from diffmst.daw.decibels import to_db
from diffmst.daw.formats import SessionValues
from diffmst.daw.xml_reading import parse_xml
from diffmst.errors import UserError
from diffmst.layout import Section

_EXPORT_AGAIN = "export the mix again"


def read_session(path: Path) -> SessionValues:
    """What an Ardour session says of the mix that it was exported from.

    Args:
        path: of the file that ends in `.ardour`.

    Raises:
        UserError: it cannot be read, or is no session that was exported from here.
    """
    root = _parse(path)
    try:
        signature = Signature.read(root)
        if signature is None:
            raise UserError(f"{path}: was not written by `diffmst export`, or by another version; {_EXPORT_AGAIN}")
        return _SessionReader(root, signature).values()
    except (KeyError, ValueError, StopIteration) as error:
        raise UserError(f"{path}: is damaged ({error!r}); take one of its backups, or {_EXPORT_AGAIN}") from error


def _parse(path: Path) -> Element:
    try:
        root = parse_xml(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the .ardour file of a session") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ParseError as error:
        raise UserError(f"{path}: is no Ardour session: {error}; give the .ardour file of a session") from None
    if root.tag != "Session":
        raise UserError(f"{path}: is no Ardour session; give the .ardour file of a session")
    return root


class _SessionReader:
    def __init__(self, root: Element, signature: Signature) -> None:
        self._signature = signature
        self._sample_rate = int(root.attrib["sample-rate"])
        self._routes = {route.attrib["id"]: route for route in root.findall("Routes/Route")}
        self._playlists = {found.get("id"): found for found in root.findall("Playlists/Playlist")}

    def values(self) -> SessionValues:
        signature = self._signature
        there = [strip for strip in signature.tracks if strip.route in self._routes]
        tracks = {strip.key: self._strip(signature.layout.track, strip) for strip in there}
        master = self._strip(signature.layout.master, signature.master)
        ignored = [line for strip in (*tracks.values(), master) for line in strip.ignored]
        return SessionValues(
            tracks={key: read.values for key, read in tracks.items()},
            master=master.values,
            return_gain_db=self._return_gain_db(),
            muted={strip.key: is_muted(self._routes[strip.route]) for strip in there},
            names={strip.key: self._routes[strip.route].attrib["name"] for strip in there},
            ignored=(*ignored, *self._of_reverb(), *self._others()),
        )

    def _strip(self, section: Section, strip: StripNote) -> _Read:
        route = self._routes[strip.route]
        channel = read_channel(route)._replace(lifted_db=strip.lifted_db)
        values, ignored = from_channel(section, channel, strip.channels, self._sample_rate)
        if "send.gain_db" in section.params:
            gain = send_gain(route, self._signature.bus_route)
            values["send.gain_db"] = to_db(gain) + self._signature.sends_lowered_db
        remarks = [*ignored, *on_route(route)]
        if "panner.pan" not in section.params:
            remarks += on_pan(route)
        if playlist := route.get("audio-playlist"):
            remarks += on_audio(self._playlists.get(playlist), self._signature.length)
        return _Read(values, _told(route, remarks))

    def _return_gain_db(self) -> float:
        route = self._routes.get(self._signature.return_route)
        if route is None or is_muted(route):
            return 0.0
        channel = read_channel(route)
        return to_db(channel.trim * channel.fader)

    def _of_reverb(self) -> Iterator[str]:
        """What the return of the reverb and the bus of the sends have that the console has not."""
        if (played := self._routes.get(self._signature.return_route)) is not None:
            yield from _told(played, [*on_reverb(played), *on_mute(played)])
        if (bus := self._routes.get(self._signature.bus_route)) is not None:
            yield from _told(bus, on_reverb(bus))

    def _others(self) -> Iterator[str]:
        """Routes that are not of the mix."""
        signature = self._signature
        known = {strip.route for strip in (*signature.tracks, signature.master)}
        known |= {signature.return_route, signature.bus_route}
        for route_id, route in self._routes.items():
            if route_id not in known:
                yield f"“{route.get('name')}” is no track of the mix; it is left out"


def _told(route: Element, remarks: Iterable[str]) -> list[str]:
    return [f"“{route.get('name')}” has {what}" for what in remarks]


class _Read(NamedTuple):
    values: dict[str, float]
    ignored: list[str]
