"""Slakh2100, as released, as `redux`, and the small BabySlakh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from diffmst.audio.discovery import AUDIO_EXTENSIONS
from diffmst.data.datasets.dataset import (
    Dataset,
    LabelledStem,
    SongFiles,
    entries,
    mappings,
    read_mapping,
    subfolders,
    text,
)
from diffmst.data.datasets.folders import labelled_by_name
from diffmst.data.datasets.labels import role_of_label

_SPLITS = ("train", "validation", "test")  # `omitted` holds songs that are there twice
_SONG = re.compile(r"Track\d{5}")
_LAST_OF_TRAINING, _LAST_OF_VALIDATION = 1500, 1875
_VALIDATION, _TEST = "validation", "test"


def _recognise(folder: Path) -> bool:
    return any(True for _ in _song_folders(folder))


def _songs(folder: Path) -> Iterator[SongFiles]:
    for song in _song_folders(folder):
        yield _song(song)


def _song_folders(folder: Path) -> Iterator[Path]:
    """Folders `Track00001`, with or without folders of splits above them."""
    below = [root / split for root in (folder, *subfolders(folder)) for split in _SPLITS]
    for place in (folder, *below):
        yield from (song for song in subfolders(place) if _SONG.fullmatch(song.name) and (song / "stems").is_dir())


def _song(song: Path) -> SongFiles:
    mix = next((path for path in _audio(song) if path.stem == "mix"), None)
    remarks: tuple[tuple[str, str], ...] = ()
    try:
        stems = _labelled(song, read_mapping(song / "metadata.yaml"))
    except ValueError as error:
        remarks, stems = ((str(error), "metadata.yaml"),), labelled_by_name(song / "stems")[0]
    return SongFiles(song.name, stems, mix, _split(song), remarks)


def _labelled(song: Path, metadata: dict[str, Any]) -> tuple[LabelledStem, ...]:
    entries = dict(mappings(metadata.get("stems")))
    return tuple(_stem(path, entries.get(path.stem, {})) for path in _audio(song / "stems"))


def _stem(path: Path, entry: dict[str, Any]) -> LabelledStem:
    kind, program = text(entry.get("inst_class")), text(entry.get("midi_program_name"))
    role = "drums" if entry.get("is_drum") else role_of_label(kind) or role_of_label(program)
    return LabelledStem(path, f"{path.stem} {program or kind}".strip(), role)


def _audio(folder: Path) -> list[Path]:
    """The audio files in a folder itself: sub-mixes that its tools make lie in folders below."""
    return [path for path in entries(folder) if path.suffix in AUDIO_EXTENSIONS]


def _split(song: Path) -> str:
    """By the folder; where there are no folders of splits, by the number, as in the first release."""
    if song.parent.name in _SPLITS:
        return song.parent.name
    number = int(song.name.removeprefix("Track"))
    return "train" if number <= _LAST_OF_TRAINING else _VALIDATION if number <= _LAST_OF_VALIDATION else _TEST


SLAKH2100 = Dataset(
    name="slakh2100",
    title="Slakh2100",
    licence="CC BY 4.0",
    citation=(
        'E. Manilow et al., "Cutting Music Source Separation Some Slakh: A Dataset to Study the Impact of Training '
        'Data Quality and Quantity", WASPAA 2019'
    ),
    url="https://zenodo.org/records/4599666",
    recognise=_recognise,
    songs=_songs,
)
