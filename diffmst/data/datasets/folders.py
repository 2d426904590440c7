"""Folders of anybody's songs: a folder of stems per song, or a folder of finished songs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from diffmst.audio import StemFile, find_stems
from diffmst.audio.discovery import AUDIO_EXTENSIONS, natural_key
from diffmst.data.datasets.dataset import Dataset, LabelledStem, SongFiles, entries, read_mapping, subfolders, text
from diffmst.errors import UserError
from diffmst.roles import BY_NAME, role_of

SIDECAR = "song.json"
"""Beside the stems of a song, what each of them is: `{"stems": [{"file": "01 Kick.flac", "role": "kick"}, ...]}`."""
_FINISHED = {"mix", "mixture", "mixdown", "master", "mastered", "preview"}
_OWN = "as its owner says"


def labelled_by_name(folder: Path) -> tuple[tuple[LabelledStem, ...], Path | None]:
    """The stems below a folder, their roles by a sidecar or by their names, and the finished mix if one is there."""
    files = audio_below(folder)
    mix = next((file.path for file in files if _is_finished(file.path)), None)
    roles = sidecar_roles(folder)
    return tuple(
        LabelledStem(file.path, file.name, roles.get(file.path.name, role_of(file.name).name))
        for file in files
        if not _is_finished(file.path)
    ), mix


def sidecar_roles(folder: Path) -> dict[str, str]:
    """Role of each file that a sidecar names, as far as it names one that there is; a broken sidecar names none."""
    try:
        stems = read_mapping(folder / SIDECAR).get("stems")
    except ValueError:
        return {}
    listed = [stem for stem in stems if isinstance(stem, dict)] if isinstance(stems, list) else []
    return {str(stem.get("file")): text(stem.get("role")) for stem in listed if text(stem.get("role")) in BY_NAME}


def audio_below(folder: Path) -> list[StemFile]:
    """The audio files in a folder and below it, in natural order; none where there are none."""
    try:
        return find_stems([folder])
    except UserError:
        return []


def holds_audio(folder: Path) -> bool:
    """Whether audio files lie in a folder itself."""
    return any(entry.suffix.lower() in AUDIO_EXTENSIONS for entry in entries(folder))


def holds_folders_of_songs(folder: Path) -> bool:
    """Whether the songs lie one level further down, as those in `multitracks` do, which lies beside `references`."""
    if holds_audio(folder):
        return False
    return any(sum(_is_song(song) for song in subfolders(place)) > 1 for place in subfolders(folder))


def _is_finished(path: Path) -> bool:
    """Whether a file is a mix by its name, as `Song_MIX.wav`; a `drum mix` is a stem.

    >>> [_is_finished(Path(name)) for name in ("Mixture.flac", "song - master 2.wav", "DrumMix.wav", "remix.wav")]
    [True, True, False, False]
    """
    words = re.split(r"[\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path.stem).casefold())
    return bool(_FINISHED & set(words)) and not role_of(path.stem).name


def _is_song(folder: Path) -> bool:
    """Whether the files in a folder are the stems of one song: it has a sidecar, or half of their names tell a role."""
    if (folder / SIDECAR).is_file():
        return True
    names = [entry.stem for entry in entries(folder) if entry.suffix.lower() in AUDIO_EXTENSIONS]
    return len(names) > 1 and sum(bool(role_of(name).name) for name in names) >= len(names) / 2


def _holds_stems(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return _is_song(folder) if holds_audio(folder) else any(audio_below(song) for song in subfolders(folder))


def _songs_of_stems(folder: Path) -> Iterator[SongFiles]:
    if holds_audio(folder):
        yield _song(folder)
        return
    for song in sorted(subfolders(folder), key=lambda song: natural_key(song.name)):
        yield _song(song)


def _song(folder: Path) -> SongFiles:
    stems, mix = labelled_by_name(folder)
    return SongFiles(folder.name, stems, mix, remarks=() if stems else (("holds no audio", ""),))


def _holds_references(folder: Path) -> bool:
    return folder.is_dir() and bool(audio_below(folder))


def _references(folder: Path) -> Iterator[SongFiles]:
    for file in audio_below(folder):
        yield SongFiles(file.name, mix=file.path)


STEMS = Dataset(
    name="stems",
    title="Folders of stems, one per song",
    licence=_OWN,
    citation="",
    url="",
    recognise=_holds_stems,
    songs=_songs_of_stems,
)
REFERENCES = Dataset(
    name="references",
    title="Folder of finished songs",
    licence=_OWN,
    citation="",
    url="",
    recognise=_holds_references,
    songs=_references,
)
