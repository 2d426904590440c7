"""MedleyDB 1 and 2."""

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
    mappings,
    read_mapping,
    subfolders,
    text,
)
from diffmst.data.datasets.folders import labelled_by_name
from diffmst.data.datasets.labels import role_of_label

_METADATA = "_METADATA.yaml"


def _recognise(folder: Path) -> bool:
    return any(True for _ in _song_folders(folder))


def _songs(folder: Path) -> Iterator[SongFiles]:
    for song in _song_folders(folder):
        yield _song(song, folder)


def _song_folders(folder: Path) -> Iterator[Path]:
    """Folders `Artist_Title` with `Artist_Title_RAW` or `_STEMS` in them: in the folder, or in `Audio`, `V1`, `V2`."""
    for place in (folder, *subfolders(folder)):
        for song in subfolders(place):
            if any((song / f"{song.name}_{kind}").is_dir() for kind in ("RAW", "STEMS")):
                yield song


def _song(song: Path, root: Path) -> SongFiles:
    """A song by its metadata; by the names of its files alone where there is none."""
    remarks: list[tuple[str, str]] = []
    mix = audio_file(song / f"{song.name}_MIX.wav")
    metadata: dict[str, Any] = {}
    path = _metadata_path(song, root)
    try:
        metadata = read_mapping(path) if path else {}
    except ValueError as error:
        remarks.append((str(error), f"{song.name}{_METADATA}"))
    if not path:
        remarks.append(
            ("has no metadata, so roles are unknown; put the Metadata folder of MedleyDB beside the songs", "")
        )
    stems, missing = _labelled(song, metadata)
    remarks += [(MISSING, name) for name in missing]
    if text(metadata.get("has_bleed")) == "yes":
        remarks.append((LEAKS, ""))
    return SongFiles(song.name, stems or _unlabelled(song), mix if mix.is_file() else None, remarks=tuple(remarks))


def _metadata_path(song: Path, root: Path) -> Path | None:
    """Of a song: in its folder in the first release, in a folder of their own since."""
    name = f"{song.name}{_METADATA}"
    places = (
        song,
        *(above / below for above in (root, root.parent) for below in ("Metadata", "medleydb/data/Metadata")),
    )
    return next((place / name for place in places if (place / name).is_file()), None)


def _labelled(song: Path, metadata: dict[str, Any]) -> tuple[tuple[LabelledStem, ...], list[str]]:
    """The raw tracks of every stem, or the stem itself where there are none; and the files that are missing."""
    stems: list[LabelledStem] = []
    missing: list[str] = []
    groups = mappings(metadata.get("stems"))
    a_singer_has_the_melody = any(_is_melody(group) and _role(group) == "lead" for _, group in groups)
    for _, group in groups:
        backing = a_singer_has_the_melody and _role(group) == "lead" and not _is_melody(group)
        role = "backing" if backing else _role(group)
        raw = [_stem(song, "RAW", entry, role) for _, entry in mappings(group.get("raw"))]
        mixed = _stem(song, "STEMS", group, role)
        present = [stem for stem in raw if stem.path.is_file()] or [stem for stem in (mixed,) if stem.path.is_file()]
        stems += present
        missing += [stem.path.name for stem in raw or [mixed] if stem not in present and mixed not in present]
    return tuple(stems), missing


def _stem(song: Path, kind: str, entry: dict[str, Any], role_of_group: str) -> LabelledStem:
    """A file by its entry in the metadata; a raw track of a singer is as much in front as the whole of the singer."""
    path = audio_file(song / f"{song.name}_{kind}" / text(entry.get("filename")))
    instrument = text(entry.get("instrument"))
    own = role_of_label(instrument)
    role = role_of_group if own == "" or {own, role_of_group} == {"lead", "backing"} else own
    return LabelledStem(path, f"{instrument} {path.stem.removeprefix(song.name + '_')}".strip(), role)


def _role(group: dict[str, Any]) -> str:
    return role_of_label(text(group.get("instrument")))


def _is_melody(group: dict[str, Any]) -> bool:
    return text(group.get("component")) == "melody"


def _unlabelled(song: Path) -> tuple[LabelledStem, ...]:
    places = [song / f"{song.name}_{kind}" for kind in ("RAW", "STEMS")]
    return labelled_by_name(next(place for place in places if place.is_dir()))[0]


MEDLEYDB = Dataset(
    name="medleydb",
    title="MedleyDB 1 and 2",
    licence="CC BY-NC-SA 4.0",
    citation=(
        'R. Bittner et al., "MedleyDB: A Multitrack Dataset for Annotation-Intensive MIR Research", ISMIR 2014; '
        'R. Bittner et al., "MedleyDB 2.0: New Data and a System for Sustainable Data Collection", ISMIR 2016'
    ),
    url="https://medleydb.weebly.com",
    recognise=_recognise,
    songs=_songs,
)
