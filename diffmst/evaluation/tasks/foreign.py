"""Task 1 with another engine: mixes of a song that any host of plug-ins has rendered.

What is asked is the same as in `same_song`, of mixes that our console may not be able to make. They come in folders:

    FOLDER/SONG/stems/*                 the raw stems
    FOLDER/SONG/MIX/mix.wav             a mix of them, in any format
    FOLDER/SONG/MIX/stems/*             the stems as they are in that mix, by the names of the raw ones; may be missing

All files of a song begin together. Any number of songs, and of mixes of each; the folder of a mix has any name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import StemFile, find_stems
from diffmst.audio.discovery import AUDIO_EXTENSIONS, natural_key
from diffmst.audio.flac import write_flac
from diffmst.data.datasets.dataset import subfolders
from diffmst.data.song import Song
from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.tasks.making import STEMS, Made, Making, Workshop, make_pairs, stem_files
from diffmst.evaluation.tasks.sections import FULL_SCALE, Sections, two_sections
from diffmst.evaluation.tasks.songs import SongSource, unique_names
from diffmst.progress import SILENT, Progress

TASK = "foreign"
_REFERENCE, _WORK = 0, 1


@dataclass(frozen=True)
class ForeignMix:
    """A mix that another engine has rendered.

    Attributes:
        name: of its folder.
        mix: the file.
        stems: as they are in it, named as the raw ones; none where they were not rendered.
    """

    name: str
    mix: Path
    stems: tuple[StemFile, ...]


@dataclass(frozen=True)
class ForeignSong:
    """A song and its mixes.

    Attributes:
        source: its raw stems.
        mixes: at least one.
    """

    source: SongSource
    mixes: tuple[ForeignMix, ...]


def find_foreign(folder: Path) -> list[ForeignSong]:
    """The songs in a folder that is laid out as this module says.

    Raises:
        UserError: there is no such folder, or no song with a mix in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: {'is a file; give its folder' if folder.exists() else 'no such folder'}")
    places = sorted(subfolders(folder), key=lambda place: natural_key(place.name))
    found = [(place, mixes) for place in places if (place / STEMS).is_dir() and (mixes := _mixes(place))]
    if not found:
        raise UserError(f"{folder}: holds no SONG/{STEMS} with a SONG/MIX/mix.wav beside it")
    names = unique_names(place.name for place, _ in found)
    return [
        ForeignSong(SongSource(name, tuple(find_stems([place / STEMS]))), mixes)
        for name, (place, mixes) in zip(names, found, strict=True)
    ]


def make_foreign(
    songs: Sequence[ForeignSong], out: Path, making: Making | None = None, progress: Progress = SILENT
) -> Made:
    """Pairs of two sections of every song, both from a mix of another engine.

    The reference is the earlier section of a mix, the truth the later one, with the processed stems where they are
    there. The wrong reference is the earlier section of another mix, where the song has one.

    Args:
        songs: from `find_foreign`.
        out: folder for all that is made.
        making: how; `Making.mixes` is how many of a song are used, the first.
        progress: told how far it is.

    Raises:
        UserError: no pair could be made, or the folder cannot be written.
    """
    names = [song.source.name for song in songs]
    return make_pairs(
        names, lambda workshop, number: _pairs(workshop, songs[number]), out, making or Making(), progress
    )


def _mixes(place: Path) -> tuple[ForeignMix, ...]:
    found = []
    for folder in sorted(subfolders(place), key=lambda folder: natural_key(folder.name)):
        files = sorted(
            file
            for file in folder.iterdir()
            if file.stem.casefold() == "mix" and file.suffix.lower() in AUDIO_EXTENSIONS and file.is_file()
        )
        if files and folder.name != STEMS:
            stems = find_stems([folder / STEMS]) if (folder / STEMS).is_dir() else []
            found.append(ForeignMix(folder.name, files[0], tuple(stems)))
    return tuple(found)


def _pairs(workshop: Workshop, song: ForeignSong) -> list[Pair]:
    source, opened = song.source, workshop.open(song.source)
    sections = two_sections(opened, workshop.making.section_s)
    part = workshop.cut(source, opened, sections)
    files = stem_files(part.names)
    kept = {part.names[track]: files[track] for track in workshop.write_stems(source.name, part, files, _WORK)}
    used = song.mixes[: workshop.making.mixes + 1]  # the last one is there for the one before it to be wrong
    folders = unique_names(f"mix {mix.name}" for mix in used)
    heard = [
        _write_mix(workshop, f"{source.name}/{folder}", mix, sections, opened.sample_rate)
        for folder, mix in zip(folders, used, strict=True)
    ]
    return [
        Pair(
            name=f"{source.name} {folder}",
            song=source.name,
            stems=workshop.place(f"{source.name}/{STEMS}"),
            reference=heard[number].reference,
            truth=heard[number].truth,
            truth_stems=_write_wet(workshop, f"{source.name}/{folder}", mix, sections, opened.sample_rate, kept),
            wrong_reference=heard[(number + 1) % len(used)].reference if len(used) > 1 else None,
            task=TASK,
        )
        for number, (folder, mix) in enumerate(zip(folders, used, strict=True))
        if number < workshop.making.mixes
    ]


class _Heard(NamedTuple):
    """The two sections of a mix."""

    reference: Path
    truth: Path


def _write_mix(workshop: Workshop, folder: str, mix: ForeignMix, sections: Sections, sample_rate: int) -> _Heard:
    song = Song.of_stems([StemFile(mix.mix, mix.name)], sample_rate)
    audio = _under_full_scale(song.read_windows(sections.starts_s, sections.seconds))
    if not all(section.any() for section in audio):
        raise UserError(f"{mix.mix}: is silent where its stems sound; all files of a song must begin together")
    places = []
    for name, section in zip(("reference", "truth"), audio, strict=True):
        write_flac(workshop.path(f"{folder}/{name}.flac"), [section], sample_rate, len(section))
        places.append(workshop.place(f"{folder}/{name}.flac"))
    return _Heard(*places)


def _write_wet(
    workshop: Workshop, folder: str, mix: ForeignMix, sections: Sections, sample_rate: int, files: Mapping[str, str]
) -> Path | None:
    """The processed stems of the later section, in files called as those of the raw ones; none if some are missing."""
    by_name = {stem.name: stem for stem in mix.stems}
    if missing := sorted(files.keys() - by_name.keys()):
        workshop.notes.append(f"{folder}: no processed stems are used, as there is none of {', '.join(missing)}")
        return None
    song = Song.of_stems([by_name[name] for name in files], sample_rate)
    audio = _under_full_scale(song.read_windows(sections.starts_s[_WORK:], sections.seconds)[0])
    rows = np.split(audio, np.cumsum(song.channels)[:-1])
    for file, stem in zip(files.values(), rows, strict=True):
        write_flac(workshop.path(f"{folder}/{STEMS}/{file}"), [stem], sample_rate, len(stem))
    return workshop.place(f"{folder}/{STEMS}")


def _under_full_scale(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound turned down as a whole if it exceeds full scale: how its parts relate is what counts."""
    return audio * np.float32(min(1.0, FULL_SCALE / max(float(np.abs(audio).max()), FULL_SCALE)))
