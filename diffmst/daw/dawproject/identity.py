"""Which track of a session is which of the mix, whatever another program has kept of what we wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple
from xml.etree.ElementTree import Element

from diffmst.daw.dawproject.tags import Part, Tag, tags_in

_Clips = Mapping[str | None, Sequence[Element]]
"""The outermost clips of every track, by its id."""


class KnownTrack(NamedTuple):
    """A track of the session that is of the mix.

    Attributes:
        tag: what it was when it was written.
        name: what it is called now.
        channel: of the mixer.
        clips: the outermost ones.
    """

    tag: Tag
    name: str
    channel: Element
    clips: Sequence[Element]


class Identified(NamedTuple):
    """The tracks of a session: those of the mix, and the names of the others but for buses of groups."""

    known: tuple[KnownTrack, ...]
    others: tuple[str, ...]

    def of(self, part: Part) -> list[KnownTrack]:
        """Those of the mix that are of one kind."""
        return [known for known in self.known if known.tag.part == part]


def identify(project: Element, written: Sequence[Tag]) -> Identified:
    """Tells the tracks of a session again: by the tag in the comment, else by audio file, else by name.

    A copy of a track has its tag too: the first one is the track.

    Args:
        project: the root of the document.
        written: tags of all tracks, as far as they were kept elsewhere.
    """
    structure = project.find("Structure")
    clips = _clips(project)
    tracks = [] if structure is None else [track for track in _tracks(structure) if _channel(track) is not None]
    found: dict[tuple[str, str], KnownTrack] = {}
    taken = set()
    for track, tag in _candidates(tracks, clips, written):
        channel = _channel(track)
        if (tag.part, tag.key) not in found and track not in taken and channel is not None:
            own_clips = clips.get(track.get("id"), ())
            found[tag.part, tag.key] = KnownTrack(tag, track.get("name") or tag.name, channel, own_clips)
            taken.add(track)
    others = (track.get("name", "") for track in tracks if track not in taken and not _is_group(track))
    return Identified(tuple(found.values()), tuple(others))


def _candidates(tracks: Sequence[Element], clips: _Clips, written: Sequence[Tag]) -> Iterator[tuple[Element, Tag]]:
    """Which track may be which, the surest first."""
    for track in tracks:
        yield from ((track, tag) for tag in tags_in(track.get("comment", ""))[:1])
    for tag in written:
        yield from ((track, tag) for track in tracks if tag.file and tag.file in _files(clips.get(track.get("id"), ())))
    for tag in written:
        yield from ((track, tag) for track in tracks if tag.name == track.get("name"))
    for tag in written:
        yield from ((track, tag) for track in tracks if tag.part == "master" and _is_last(track))


def _tracks(structure: Element) -> Iterator[Element]:
    """All tracks, and channels that stand alone, as some programs write the master."""
    for element in structure:
        if element.tag == "Channel":
            yield element
        else:
            yield from element.iter("Track")


def _channel(track: Element) -> Element | None:
    return track if track.tag == "Channel" else track.find("Channel")


def _is_group(track: Element) -> bool:
    channel = _channel(track)
    return track.find("Track") is not None or (channel is not None and channel.get("role") == "submix")


def _is_last(track: Element) -> bool:
    """Whether this is the master; that of a group may have its role too, but goes on to another channel."""
    channel = _channel(track)
    return channel is not None and channel.get("role") == "master" and channel.get("destination") is None


def _clips(project: Element) -> _Clips:
    clips: defaultdict[str | None, list[Element]] = defaultdict(list)
    for lanes in project.iter("Lanes"):
        if (track := lanes.get("track")) is not None:
            clips[track] += [clip for child in lanes if child.tag == "Clips" for clip in child if clip.tag == "Clip"]
    return clips


def _files(clips: Sequence[Element]) -> set[str]:
    """Names of the audio files that are played, without folder."""
    paths = (file.get("path", "") for clip in clips for file in clip.iter("File"))
    return {PurePosixPath(path.replace("\\", "/")).name for path in paths}
