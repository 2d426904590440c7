"""The file of an Ardour session, version 7: all but its routes.

Ardour writes a great deal more; here stands what it does not load a session without, or would choose differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from diffmst.daw.tempo import Tempo
from diffmst.outputs import write_errors

SUPERCLOCKS_PER_S = 282_240_000
"""Ardour counts time in these; all usual sample rates divide them."""

FORMAT_VERSION = "7002"
_FREE_IDS_FROM = "1000000000"  # for what the user adds


class Region(NamedTuple):
    """What plays on a track: one file from the beginning to its end.

    Attributes:
        name: of the region.
        file: in the folder of the session's audio.
        channels: of the file.
        frames: samples per channel.
    """

    name: str
    file: str
    channels: int
    frames: int


class SessionXml:
    """A session in the making.

    Args:
        name: of the session; its file is called by it, and the folder of its audio.
        sample_rate: hertz.
        frames: its length in samples.
        tempo: of its grid, which nothing in it follows.

    Attributes:
        routes: where routes go.
        groups: where groups of routes go.
        extra: where a program may keep what Ardour does not know; Ardour saves it again.
    """

    def __init__(self, name: str, sample_rate: int, frames: int, tempo: Tempo) -> None:
        self.name, self._sample_rate = name, sample_rate
        self._last_id = 0
        self._root = Element("Session", {"version": FORMAT_VERSION, "name": name, "sample-rate": str(sample_rate)})
        self._root.attrib |= {"id-counter": _FREE_IDS_FROM, "name-counter": "1", "event-counter": "0"}
        config = SubElement(self._root, "Config")
        for option, value in _CONFIG.items():
            SubElement(config, "Option", {"name": option, "value": value})
        for part in ("Metadata", "Bundles"):
            SubElement(self._root, part)
        self._sources = SubElement(self._root, "Sources")
        self._regions = SubElement(self._root, "Regions")
        self._add_range(frames)
        self.routes = SubElement(self._root, "Routes")
        self._playlists = SubElement(self._root, "Playlists")
        SubElement(self._root, "UnusedPlaylists")
        self.groups = SubElement(self._root, "RouteGroups")
        self._add_tempo(tempo)
        self.extra = SubElement(self._root, "Extra")

    def new_id(self) -> str:
        """An identifier that nothing else in the session has."""
        self._last_id += 1
        return str(self._last_id)

    def audio_folder(self, folder: Path) -> Path:
        """Where the session in `folder` looks for its audio."""
        return folder / "interchange" / self.name / "audiofiles"

    def superclock(self, frames: int) -> str:
        """Ardour's notation of a time in audio, the `a`, rather than in beats."""
        return f"a{frames * SUPERCLOCKS_PER_S // self._sample_rate}"

    def add_playlist(self, region: Region, route_id: str) -> str:
        """A playlist with a region at its beginning, for a route; returns its identifier."""
        attributes = self._region_attributes(region)
        SubElement(self._regions, "Region", {"id": self.new_id(), **attributes, "whole-file": "1"})
        playlist_id = self.new_id()
        playlist = SubElement(
            self._playlists,
            "Playlist",
            {"id": playlist_id, "name": region.name, "type": "audio", "orig-track-id": route_id, "frozen": "0"},
        )
        SubElement(playlist, "Region", {"id": self.new_id(), **attributes, "whole-file": "0"})
        return playlist_id

    def write(self, folder: Path) -> None:
        """Writes the file into the folder of the session.

        Raises:
            UserError: it cannot be written.
        """
        ElementTree.indent(self._root)
        path = folder / f"{self.name}.ardour"
        with write_errors(path):
            ElementTree.ElementTree(self._root).write(path, encoding="UTF-8", xml_declaration=True)

    def _add_range(self, frames: int) -> None:
        """The range that is exported and played: from 0:00 to the end."""
        attributes = {"id": self.new_id(), "name": "session", "flags": "IsSessionRange", "locked": "0"}
        location = SubElement(SubElement(self._root, "Locations"), "Location", attributes)
        location.attrib |= {"start": self.superclock(0), "end": self.superclock(frames)}

    def _add_tempo(self, tempo: Tempo) -> None:
        """One tempo and one metre from the beginning on."""
        tempo_map = SubElement(self._root, "TempoMap", {"superclocks-per-second": str(SUPERCLOCKS_PER_S)})
        at_start = {"sclock": "0", "quarters": "0:0", "bbt": "1|1|0"}
        speed = {"npm": str(tempo.bpm), "enpm": str(tempo.bpm), "note-type": "4"}
        SubElement(SubElement(tempo_map, "Tempos"), "Tempo", speed | _CONSTANT | at_start)
        meter = {"note-value": str(tempo.beat_unit), "divisions-per-bar": str(tempo.beats)}
        SubElement(SubElement(tempo_map, "Meters"), "Meter", meter | at_start)
        SubElement(tempo_map, "MusicTimes")

    def _add_sources(self, region: Region) -> Sequence[str]:
        """Every channel of a file is a source of its own."""
        ids = [self.new_id() for _ in range(region.channels)]
        for channel, source_id in enumerate(ids):
            attributes = {"name": region.file, "type": "audio", "id": source_id, "channel": str(channel)}
            SubElement(self._sources, "Source", attributes | {"origin": "", "gain": "1", "flags": ""})
        return ids

    def _region_attributes(self, region: Region) -> dict[str, str]:
        sources = {
            f"{kind}-{channel}": source_id
            for channel, source_id in enumerate(self._add_sources(region))
            for kind in ("source", "master-source")
        }
        start, length = self.superclock(0), f"{self.superclock(region.frames)}@{self.superclock(0)}"
        at = {"name": region.name, "start": start, "length": length, "channels": str(region.channels)}
        return at | _PLAIN_REGION | sources


_CONFIG = {"native-file-data-format": "FormatFloat", "native-file-header-format": "WAVE", "use-region-fades": "1"}
_CONSTANT = {"type": "Tempo::Constant", "omega": "0", "active": "1", "locked-to-meter": "0", "continuing": "0"}
_PLAIN_REGION = {
    "type": "audio",
    "muted": "0",
    "opaque": "1",
    "locked": "0",
    "automatic": "0",
    "first-edit": "nothing",
    "fade-in-active": "0",
    "fade-out-active": "0",
    "default-fade-in": "0",
    "default-fade-out": "0",
    "scale-amplitude": "1",
    "envelope-active": "0",
    "layering-index": "0",
    "stretch": "1",
    "shift": "1",
}
