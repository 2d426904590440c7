"""MoisesDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from diffmst.data.datasets.dataset import (
    LEAKS,
    MISSING,
    Dataset,
    LabelledStem,
    SongFiles,
    audio_file,
    read_mapping,
    subfolders,
    text,
)
from diffmst.data.datasets.folders import labelled_by_name
from diffmst.data.datasets.labels import role_of_label

_METADATA = "data.json"


def _recognise(folder: Path) -> bool:
    return any(True for _ in _song_folders(folder))


def _songs(folder: Path) -> Iterator[SongFiles]:
    for song in _song_folders(folder):
        yield _song(song)


def _song_folders(folder: Path) -> Iterator[Path]:
    """Folders with metadata and a folder per stem in them: `moisesdb_v0.1/<id>`, or `<id>` itself."""
    for place in (folder, *subfolders(folder)):
        yield from (song for song in subfolders(place) if (song / _METADATA).is_file() and subfolders(song))


def _song(song: Path) -> SongFiles:
    try:
        metadata = read_mapping(song / _METADATA)
    except ValueError as error:
        return SongFiles(song.name, labelled_by_name(song)[0], remarks=((str(error), _METADATA),))
    tracks = [(group, track) for group in _records(metadata, "stems") for track in _records(group, "tracks")]
    stems = [_stem(song, group, track) for group, track in tracks]
    name = " - ".join(filter(None, (text(metadata.get("artist")), text(metadata.get("song"))))) or song.name
    remarks = [(MISSING, stem.path.name) for stem in stems if not stem.path.is_file()]
    if any(track.get("has_bleed") for _, track in tracks):
        remarks.append((LEAKS, ""))
    return SongFiles(name, tuple(stem for stem in stems if stem.path.is_file()), remarks=tuple(remarks))


def _stem(song: Path, group: dict[str, Any], track: dict[str, Any]) -> LabelledStem:
    stem, kind, identity = text(group.get("stemName")), text(track.get("trackType")), text(track.get("id"))
    path = audio_file(song / stem / f"{identity}.{text(track.get('extension'))}")
    return LabelledStem(path, f"{stem}/{kind} {identity[:8]}".strip(), role_of_label(kind) or role_of_label(stem))


def _records(mapping: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The records of a list, whatever else stands there."""
    value = mapping.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


MOISESDB = Dataset(
    name="moisesdb",
    title="MoisesDB",
    licence="CC BY-NC-SA 4.0",
    citation='I. Pereira et al., "MoisesDB: A dataset for source separation beyond 4-stems", ISMIR 2023',
    url="https://github.com/moises-ai/moises-db",
    recognise=_recognise,
    songs=_songs,
)
