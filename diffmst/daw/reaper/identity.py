"""What tells a track again: REAPER keeps the ids of tracks, and what a project says for extensions of it.

Where a track has lost its id, as one that was pasted, the file that it plays tells it, or else its name.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import NamedTuple

from diffmst.daw.reaper.chunks import Chunk, number_at

BUS_KEY, PRINTED_KEY = "reverb bus", "printed reverb"
"""Of the tracks that are no tracks of the mix, whose keys have no space."""

EXTENSION = "DIFFMST"
"""Whose state the table is; in capitals, as REAPER writes it."""

VERSION = "1"

_NAMESPACE = uuid.UUID("6d697864-6966-4673-8074-726565617065")  # any, but forever this one


class Told(NamedTuple):
    """A track as it was written.

    Attributes:
        guid: its id in the project.
        key: its key in the mix, or `BUS_KEY` or `PRINTED_KEY`.
        channels: of the stem.
        file: name of the file that it plays; empty for the bus.
        name: as shown.
    """

    guid: str
    key: str
    channels: int
    file: str
    name: str


class Table(NamedTuple):
    """All that a project says of itself.

    Attributes:
        layout: of the console, by its name.
        length_s: of all audio; 0 where the project has forgotten.
        tracks: in the order of the project.
    """

    layout: str
    length_s: float
    tracks: tuple[Told, ...]


def guid(title: str, what: str) -> str:
    """An id that is the same whenever the same mix is written."""
    return f"{{{uuid.uuid5(_NAMESPACE, f'{title}/{what}')}}}".upper()


def to_chunk(table: Table) -> Chunk:
    """The table as the state of an extension."""
    state = Chunk((EXTENSION,))
    state.add("VERSION", VERSION)
    state.add("LAYOUT", table.layout)
    state.add("LENGTH", table.length_s)
    for number, told in enumerate(table.tracks, 1):
        state.add(f"TRACK{number}", f"{told.guid} {told.channels} {told.key}")
        state.add(f"FILE{number}", told.file)
        state.add(f"NAME{number}", told.name)
    return Chunk(("EXTSTATE",), [state])


def from_project(project: Chunk) -> Table | None:
    """The table of a project; none where it has none that can be understood."""
    state = project.chunk("EXTSTATE").chunk(EXTENSION)
    if state.line("VERSION") != (VERSION,) or not state.line("LAYOUT"):
        return None
    return Table(state.line("LAYOUT")[0], number_at(state.line("LENGTH"), 0, 0.0), tuple(_told(state)))


def matched(table: Table, tracks: Sequence[Chunk]) -> dict[str, Chunk]:
    """The tracks of a project by their keys: by id where that is there, else by file, else by name."""
    found: dict[str, Chunk] = {}
    left = list(tracks)
    for told_by, of_track in _MARKS:
        for told in table.tracks:
            mark = told_by(told)
            fits = (track for track in left if mark and mark in of_track(track))
            if told.key not in found and (track := next(fits, None)) is not None:
                found[told.key] = track
                left = [other for other in left if other is not track]
    return found


def played_files(track: Chunk) -> Iterator[str]:
    """Names of the files that the items of a track play."""
    for item in track.chunks("ITEM"):
        for source in _sources(item):
            for line in source.lines("FILE"):
                if line:
                    yield base_name(line[0])


def base_name(path: str) -> str:
    r"""The last part of a path of any system.

    >>> base_name("C:\\Songs\\kick.wav"), base_name("Media/kick.wav")
    ('kick.wav', 'kick.wav')
    """
    return PurePosixPath(PureWindowsPath(path).name).name


def _sources(item: Chunk) -> Iterator[Chunk]:
    """Sources of an item; one may be a section of another."""
    left = [item]
    while left:
        sources = list(left.pop().chunks("SOURCE"))
        yield from sources
        left += sources


def _told(state: Chunk) -> Iterator[Told]:
    number = 1
    while line := state.line(f"TRACK{number}"):
        parts = line[0].split(" ", 2)
        if len(parts) == 3 and parts[1] in ("1", "2"):
            file, name = (_first(state.line(f"{what}{number}")) for what in ("FILE", "NAME"))
            yield Told(parts[0], parts[2], int(parts[1]), file, name)
        number += 1


def _guids(track: Chunk) -> set[str]:
    return {token.upper() for token in (*track.head[1:2], *track.line("TRACKID")[:1])}


_MARKS: tuple[tuple[Callable[[Told], str], Callable[[Chunk], set[str]]], ...] = (
    (lambda told: told.guid, _guids),
    (lambda told: told.file, lambda track: set(played_files(track))),
    (lambda told: told.name, lambda track: set(track.line("NAME")[:1])),
)


def _first(line: tuple[str, ...]) -> str:
    return line[0] if line else ""
