"""MTG-Jamendo: finished songs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from diffmst.data.datasets.dataset import Dataset, SongFiles, entries, subfolders

_FOLDER = re.compile(r"\d\d")
_FILE = re.compile(r"(\d+)(\.low)?\.mp3")  # `.low` in the archive of a lower bit rate
_SPLITS = ("train", "validation", "test")


def _recognise(folder: Path) -> bool:
    return any(True for _ in _files(folder))


def _songs(folder: Path) -> Iterator[SongFiles]:
    splits = _splits(folder)
    for path, number in _files(folder):
        yield SongFiles(f"{path.parent.name}/{number}", mix=path, split=splits.get(f"{path.parent.name}/{number}.mp3"))


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Songs `14/214.mp3` with their numbers, whose last two digits name the folder; in the folder, or one below."""
    for place in (folder, *(place for place in subfolders(folder) if not _FOLDER.fullmatch(place.name))):
        for part in subfolders(place):
            if not _FOLDER.fullmatch(part.name):
                continue
            for path in entries(part):
                match = _FILE.fullmatch(path.name)
                if match and int(match[1]) % 100 == int(part.name):
                    yield path, match[1]


def _splits(folder: Path) -> dict[str, str]:
    """Split of each song by the authors' first one, where their repository lies in the folder or beside it."""
    for above in (folder, folder.parent):
        for below in ("splits", "data/splits", "mtg-jamendo-dataset/data/splits"):
            tables = {split: above / below / "split-0" / f"autotagging-{split}.tsv" for split in _SPLITS}
            if all(table.is_file() for table in tables.values()):
                return {path: split for split, table in tables.items() for path in _paths(table)}
    return {}


def _paths(table: Path) -> Iterator[str]:
    """The column PATH of a table; rows have as many tags at their end as they like."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(rows, [])
        column = header.index("PATH") if "PATH" in header else None
        yield from (row[column] for row in rows if column is not None and len(row) > column)


MTG_JAMENDO = Dataset(
    name="mtg-jamendo",
    title="MTG-Jamendo",
    licence="Creative Commons, by song: see audio_licenses.txt",
    citation='D. Bogdanov et al., "The MTG-Jamendo Dataset for Automatic Music Tagging", ML4MD workshop, ICML 2019',
    url="https://github.com/MTG/mtg-jamendo-dataset",
    recognise=_recognise,
    songs=_songs,
)
