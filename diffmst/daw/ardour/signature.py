"""What an exported session remembers of the mix that it came from, where Ardour keeps what it does not know."""

from __future__ import annotations

from typing import NamedTuple, Self
from xml.etree.ElementTree import Element, SubElement

from diffmst.layout import LAYOUTS, Layout

_TAG = "DiffMST"
_VERSION = "2"


class StripNote(NamedTuple):
    """What is known of a strip of the console.

    Attributes:
        route: identifier of Ardour's route for it.
        key: of the strip.
        channels: of what plays on it.
        lifted_db: see `Channel`.
    """

    route: str
    key: str
    channels: int
    lifted_db: float


class Signature(NamedTuple):
    """What a session remembers.

    Attributes:
        layout: of the console.
        length: of all audio, in Ardour's notation.
        tracks: in the order of the mix.
        master: the last strip.
        return_route: identifier of the track that plays the reverb.
        bus_route: identifier of the bus that sends go to.
        sends_lowered_db: how far all sends stand below ours, as Ardour's end at 6 dB.
    """

    layout: Layout
    length: str
    tracks: tuple[StripNote, ...]
    master: StripNote
    return_route: str
    bus_route: str
    sends_lowered_db: float

    def write(self, extra: Element) -> None:
        """Adds it to the part of a session that is for such things."""
        element = SubElement(extra, _TAG, {"version": _VERSION, "layout": self.layout.name, "length": self.length})
        element.attrib |= {"return": self.return_route, "bus": self.bus_route}
        element.set("sends-lowered-db", repr(self.sends_lowered_db))
        for tag, strip in (*(("Track", track) for track in self.tracks), ("Master", self.master)):
            attributes = {"route": strip.route, "key": strip.key, "channels": str(strip.channels)}
            SubElement(element, tag, attributes | {"lifted-db": repr(strip.lifted_db)})

    @classmethod
    def read(cls, session: Element) -> Self | None:
        """What a session remembers; none where it remembers nothing, or what another version of this has written.

        Raises:
            KeyError: a part is missing.
            ValueError: a number is none.
        """
        element = session.find(f"Extra/{_TAG}")
        if element is None or element.get("version") != _VERSION:
            return None
        (master,) = map(_strip, element.findall("Master"))
        return cls(
            layout=next(layout for name, layout in LAYOUTS.items() if name == element.attrib["layout"]),
            length=element.attrib["length"],
            tracks=tuple(map(_strip, element.findall("Track"))),
            master=master,
            return_route=element.attrib["return"],
            bus_route=element.attrib["bus"],
            sends_lowered_db=float(element.attrib["sends-lowered-db"]),
        )


def _strip(element: Element) -> StripNote:
    found = element.attrib
    return StripNote(found["route"], found["key"], int(found["channels"]), float(found["lifted-db"]))
