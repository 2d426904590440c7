"""From a mix to a folder that Ardour opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import SubElement

from diffmst.daw.ardour.channel import HIGHEST_FADER_DB, Channel, EqualizerName, to_channel
from diffmst.daw.ardour.route_xml import Route, Send, add_route
from diffmst.daw.ardour.session_xml import Region, SessionXml
from diffmst.daw.ardour.signature import Signature, StripNote
from diffmst.daw.console_mix import Audio, ConsoleMix, Strip
from diffmst.daw.decibels import to_amplitude
from diffmst.daw.naming import BUS_NAME, MASTER_NAME
from diffmst.dsp.stereo import SEND_OFF_DB
from diffmst.progress import Advance

_MASTER_CHANNELS = 2
_SEND = "send.gain_db"
_UNITY = Channel(trim=1.0, plugins=(), fader=1.0)
_BUS_COMMENT = (
    "The sends of the mix end here. It is muted, as the track below plays what the console's reverb made of them. "
    "For a reverb to play with: put one here, unmute this bus and mute that track."
)
_RETURN_COMMENT = "What the console's reverb made of the sends as they were when this session was exported."


class Strips(NamedTuple):
    """The strips of a mix as Ardour's.

    Attributes:
        tracks: in the order of the mix.
        master: the last strip.
        sends_lowered_db: how far all sends stand below ours, and the trim of the bus above 0 dB.
    """

    tracks: tuple[Channel, ...]
    master: Channel
    sends_lowered_db: float


def to_strips(mix: ConsoleMix, equalizer: EqualizerName) -> Strips:
    """The strips of Ardour that do what those of a mix do, as far as they can."""
    tracks = tuple(
        to_channel(mix.layout.track, strip.values, channels_of(strip), mix.sample_rate, equalizer)
        for strip in mix.tracks
    )
    master = to_channel(mix.layout.master, mix.master.values, _MASTER_CHANNELS, mix.sample_rate, equalizer)
    highest_db = max((strip.values.get(_SEND, SEND_OFF_DB) for strip in mix.tracks), default=SEND_OFF_DB)
    return Strips(tracks, master, max(0.0, highest_db - HIGHEST_FADER_DB))


def channels_of(strip: Strip) -> int:
    """How many channels play on a track."""
    assert strip.audio is not None, "the format asks for the stems as recorded"
    return strip.audio.channels


class SessionWriter:
    """Writes one session.

    Args:
        mix: what it holds.
        strips: of the mix.
        folder: empty.
    """

    def __init__(self, mix: ConsoleMix, strips: Strips, folder: Path) -> None:
        self._mix, self._strips, self._folder = mix, strips, folder
        self._session = SessionXml(mix.title, mix.sample_rate, mix.frames, mix.tempo)
        self._names = route_names([strip.name for strip in mix.tracks])

    def write(self, advance: Advance) -> None:
        """Writes file and audio; tells `advance` its share of the work as it goes.

        Raises:
            UserError: it cannot be written.
        """
        new_id = self._session.new_id
        master, bus, reverb = new_id(), new_id(), new_id()
        tracks = [new_id() for _ in self._mix.tracks]
        add_route(self._session, Route(master, MASTER_NAME, "master", _MASTER_CHANNELS, self._strips.master))
        share = 1 / (len(tracks) + 1)
        for route in self._tracks(tracks, bus):
            add_route(self._session, route)
            advance(share)
        lifted = _UNITY._replace(trim=to_amplitude(self._strips.sends_lowered_db))
        add_route(
            self._session,
            Route(bus, BUS_NAME, "bus", 2, lifted, receives=True, muted=True, comment=_BUS_COMMENT),
        )
        region = self._place(self._mix.reverb_return, self._mix.reverb_name)
        add_route(
            self._session,
            Route(reverb, self._mix.reverb_name, "track", 2, _UNITY, region, comment=_RETURN_COMMENT),
        )
        self._add_groups(tracks)
        self._signature(tracks, master, bus, reverb).write(self._session.extra)
        self._session.write(self._folder)
        advance(share)

    def _tracks(self, ids: Sequence[str], bus: str) -> Iterator[Route]:
        rows = zip(self._mix.tracks, ids, self._names, self._strips.tracks, strict=True)
        for number, (strip, route_id, name, channel) in enumerate(rows, 1):
            assert strip.audio is not None
            region = self._place(strip.audio, name)
            send = Send(bus, self._send_gain(strip), number)
            yield Route(route_id, name, "track", region.channels, channel, region, send, muted=strip.muted)

    def _send_gain(self, strip: Strip) -> float:
        """Amplitude; a send that is off is there too, so that it can be turned up."""
        gain_db = strip.values.get(_SEND, SEND_OFF_DB)
        on = gain_db > SEND_OFF_DB
        return to_amplitude(gain_db - self._strips.sends_lowered_db) if on else 0.0

    def _place(self, audio: Audio, name: str) -> Region:
        audio.place(self._session.audio_folder(self._folder) / audio.path.name)
        return Region(name, audio.path.name, audio.channels, audio.frames)

    def _add_groups(self, ids: Sequence[str]) -> None:
        """Tracks of one source are selected, muted and soloed together; the user may tie their faders too."""
        members: dict[str, list[str]] = {}
        for strip, route_id in zip(self._mix.tracks, ids, strict=True):
            if strip.group:
                members.setdefault(strip.group, []).append(route_id)
        for name, routes in members.items():
            attributes = {"id": self._session.new_id(), "name": name, "routes": " ".join(routes)}
            SubElement(self._session.groups, "RouteGroup", attributes | _GROUP)

    def _signature(self, ids: Sequence[str], master: str, bus: str, reverb: str) -> Signature:
        tracks = tuple(
            StripNote(route_id, strip.key, channels_of(strip), channel.lifted_db)
            for route_id, strip, channel in zip(ids, self._mix.tracks, self._strips.tracks, strict=True)
        )
        last = StripNote(master, self._mix.master.key, _MASTER_CHANNELS, self._strips.master.lifted_db)
        length = self._session.superclock(self._mix.frames)
        return Signature(self._mix.layout, length, tracks, last, reverb, bus, self._strips.sends_lowered_db)


_GROUP = {"active": "1", "hidden": "0", "relative": "1", "gain": "0", "mute": "1", "solo": "1", "select": "1"}


def route_names(names: Sequence[str]) -> list[str]:
    """Names as Ardour's routes may have them, none twice: it names ports by them, which takes two characters away.

    >>> route_names(["AC/DC", "AC-DC", "Click"])
    ['AC-DC', 'AC-DC 2', 'Click 2']
    """
    used = {name.casefold() for name in _TAKEN_NAMES}
    found = []
    for name in names:
        wanted = name.translate(_FORBIDDEN)
        candidates = (wanted, *(f"{wanted} {number}" for number in range(2, len(names) + len(used) + 3)))
        found.append(next(one for one in candidates if one.casefold() not in used))
        used.add(found[-1].casefold())
    return found


_FORBIDDEN = str.maketrans({":": "-", "/": "-"})
_TAKEN_NAMES = (MASTER_NAME, BUS_NAME, "Monitor", "Click", "Auditioner", "LTC-Out", "LTC-In")
