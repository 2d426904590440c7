"""A DAWproject read back, whichever program has saved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from diffmst.daw.dawproject import parameters
from diffmst.daw.dawproject.archive import PROJECT, read_documents
from diffmst.daw.dawproject.channels import read_channel, section_of, send_db
from diffmst.daw.dawproject.identity import Identified, KnownTrack, identify
from diffmst.daw.dawproject.routing import Routing, Way
from diffmst.daw.dawproject.tags import Part, Tag, tags_in
from diffmst.daw.formats import SessionValues
from diffmst.daw.xml_reading import parse_xml
from diffmst.errors import UserError

_MOVED_BEATS = 1e-4
_CENTRED = 1e-6
_ENDS: tuple[Part, ...] = ("master", "bus")


def read_session(path: Path, notes: Path) -> SessionValues:
    """The settings in a DAWproject that we wrote and that a program may have saved again.

    Args:
        path: of the file.
        notes: the text that was written beside it, which may be missing; asked where the file has lost the tags.

    Raises:
        UserError: it cannot be read, or no track of it is one that we wrote.
    """
    documents = read_documents(path)
    project = _parsed(documents.project, path)
    tracks = identify(project, _written(documents.metadata, notes))
    if not tracks.of("track"):
        raise UserError(f"{path}: has no track that `diffmst export` wrote; give the session that was made of the mix")
    return _Session(project, tracks).values()


def _parsed(content: bytes, path: Path) -> Element:
    try:
        return parse_xml(content)
    except ParseError as error:
        raise UserError(f"{path}: its {PROJECT} is damaged ({error}); save it again from your program") from None


def _written(metadata: bytes, notes: Path) -> Sequence[Tag]:
    """The tags of all tracks, from the information on the song, else from the text beside the file."""
    try:
        comment = parse_xml(metadata).findtext("Comment") or ""
    except ParseError:
        comment = ""
    if tags := tags_in(comment):
        return tags
    try:
        return tags_in(notes.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ()


class _Session:
    """A session whose tracks are known."""

    def __init__(self, project: Element, tracks: Identified) -> None:
        self._tracks = tracks
        ends = [known.channel for part in _ENDS for known in tracks.of(part)]
        self._routing = Routing(project, ends)
        self._told = frozenset(_contents(project))
        self._automated = {target.get("parameter") for target in project.iter("Target")}
        self._bus_id = next((bus.channel.get("id") for bus in tracks.of("bus")), None)

    def values(self) -> SessionValues:
        """All that the session says."""
        tracks = [(known, self._routing.way(known.channel)) for known in self._tracks.of("track")]
        buses = dict.fromkeys(bus for _, way in tracks for bus in way.treated)
        return SessionValues(
            tracks={known.tag.key: self._track(known, way) for known, way in tracks},
            master=next((self._strip(known) for known in self._tracks.of("master")), {}),
            return_gain_db=sum(self._return_gain_db(known) for known in self._tracks.of("return")),
            muted={known.tag.key: way.muted or _is_muted(known) for known, way in tracks},
            names={known.tag.key: known.name for known, _ in tracks},
            ignored=(
                *(line for known in self._tracks.known for line in self._ignored(known)),
                *([] if self._tracks.of("return") else ["the reverb: its track was removed; it is left as it was"]),
                *(f"bus “{bus}”: its devices and pan are left out" for bus in buses),
                *(f"“{name}”: is no track of the mix; it is left out" for name in self._tracks.others),
            ),
        )

    def _strip(self, known: KnownTrack) -> dict[str, float]:
        return read_channel(known.channel, known.tag, self._told).values

    def _track(self, known: KnownTrack, way: Way) -> dict[str, float]:
        """The strip of a track. What its buses do to its level the fader does, but not to what it sends before them."""
        values = self._strip(known)
        level = "fader.gain_db" if "fader.gain_db" in section_of(known.tag).params else "compressor.makeup_db"
        if level in values:
            values[level] += way.gain_db
        if "Sends" in self._told:
            values["send.gain_db"] = send_db(known.channel, self._bus_id, known.tag) - way.gain_db
        return values

    def _return_gain_db(self, known: KnownTrack) -> float:
        way = self._routing.way(known.channel)
        return (parameters.decibels(known.channel.find("Volume")) or 0.0) + way.gain_db

    def _ignored(self, known: KnownTrack) -> Iterator[str]:
        """A line each on what of a track the console cannot say."""
        channel, part = known.channel, known.tag.part
        said: list[str] = []
        if part in ("track", "master"):
            said += read_channel(channel, known.tag, self._told).ignored
        if part != "bus" and channel.get("solo") == "true":
            said.append("is soloed; the mix plays all tracks that are not muted")
        if part == "return" and _is_muted(known):
            said.append("its mute is left out")
        if part in ("master", "return") and abs(parameters.pan(channel.find("Pan")) or 0.0) > _CENTRED:
            said.append("its pan is left out")
        if any(element.get("id") in self._automated for element in channel.iter()):
            said.append("its automation is left out; what its controls stand at is read")
        if any(send.get("destination") == self._bus_id and send.get("type") == "pre" for send in channel.iter("Send")):
            said.append("its send is before the fader; it is read as if it were behind it")
        if part in ("track", "return") and _was_edited(known.clips):
            said.append("its audio was cut or moved; the mix plays the stem as it was")
        yield from (f"“{known.name}”: {what}" for what in said)


def _contents(project: Element) -> Iterator[str]:
    """What channels have, and which devices."""
    for channel in project.iter("Channel"):
        yield from (element.tag for element in channel)
        yield from (device.tag for device in channel.findall("Devices/*"))


def _is_muted(known: KnownTrack) -> bool:
    mute = known.channel.find("Mute")
    return mute is not None and parameters.is_on(mute)


def _was_edited(clips: Sequence[Element]) -> bool:
    """Whether a track plays anything but one clip from the beginning."""
    return len(clips) != 1 or any(_moved(clips[0].get(name)) for name in ("time", "playStart"))


def _moved(beats: str | None) -> bool:
    try:
        return abs(float(beats or 0)) > _MOVED_BEATS
    except ValueError:
        return True
