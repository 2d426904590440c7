"""What a data set is, and what it holds: songs as files, before any of them is opened."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from diffmst.audio.discovery import AUDIO_EXTENSIONS

LEAKS = "the microphones leak into each other"
MISSING = "named in the metadata, but not there"


@dataclass(frozen=True)
class LabelledStem:
    """A stem on disk.

    Attributes:
        path: of the file.
        name: to show; no other stem of the song has it.
        role: name of one of `diffmst.roles.ROLES`, as the labels of the data set tell it, or else its name; empty for
            unknown.
    """

    path: Path
    name: str
    role: str


@dataclass(frozen=True)
class SongFiles:
    """A song of a data set: raw stems, a finished mix, or both.

    Attributes:
        name: of artist and song as far as they are known; `song_key` of it tells songs apart.
        stems: in order; empty for a reference.
        mix: the finished mix.
        split: the data set's own, or None where it has none: `train`, `validation` or `test`.
        remarks: what the user should know: what is the matter, in words that are the same for all songs, and the file
            that it is about, empty where it is the song.
    """

    name: str
    stems: tuple[LabelledStem, ...] = ()
    mix: Path | None = None
    split: str | None = None
    remarks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A kind of folder that songs come in. Nothing is ever downloaded.

    Attributes:
        name: to choose it by.
        title: to show.
        licence: of the audio.
        citation: what a paper that uses it cites.
        url: where it comes from.
        recognise: whether a folder is one, from the names in it alone.
        songs: what a folder holds, in natural order; metadata that cannot be read is a remark on its song.
    """

    name: str
    title: str
    licence: str
    citation: str
    url: str
    recognise: Callable[[Path], bool]
    songs: Callable[[Path], Iterator[SongFiles]]


def song_key(name: str) -> str:
    """What the names of one song have in common in different data sets: letters and digits.

    >>> song_key("Clara Berry And Wooldog - Waltz For My Victims")
    'claraberryandwooldogwaltzformyvictims'
    >>> song_key("ClaraBerryAndWooldog_WaltzForMyVictims_Full")
    'claraberryandwooldogwaltzformyvictims'
    """
    plain = unicodedata.normalize("NFKC", name.removesuffix("_Full")).casefold()
    return re.sub(r"[\W_]+", "", plain)


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name, without what is hidden; nothing where it cannot be listed, as in `lost+found`."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except PermissionError:
        return []


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, by name; hidden ones and what macOS leaves behind are passed over."""
    if not folder.is_dir():
        return []
    return [entry for entry in entries(folder) if not entry.name.startswith("__MACOSX") and entry.is_dir()]


def audio_file(path: Path) -> Path:
    """A file that a data set names, or the same in another format, as many keep WAV as FLAC; `path` where none is."""
    others = (path.parent / f"{path.stem}{extension}" for extension in AUDIO_EXTENSIONS)
    return next((file for file in (path, *others) if file.is_file()), path)


def read_mapping(path: Path) -> dict[str, Any]:
    """What a YAML or JSON file holds.

    Raises:
        ValueError: it cannot be read, or holds something else than names and values; it says which, not of which file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = json.loads(text) if path.suffix == ".json" else yaml.load(text, loader)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ValueError(f"is no valid {path.suffix[1:].upper()} ({error.__class__.__name__})") from None
    if not isinstance(content, dict):
        raise ValueError("holds no names and values")  # noqa: TRY004 of the file, not of a variable
    return content


def mappings(value: object) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a mapping that are mappings themselves, whatever else stands where people write by hand."""
    entries = value.items() if isinstance(value, dict) else ()
    return [(str(key), entry) for key, entry in entries if isinstance(entry, dict)]


def text(value: object) -> str:
    """A value of a metadata file as text; nothing for none."""
    return "" if value is None else str(value)
