"""The songs that tasks are made of, on disk in any layout that is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from diffmst.audio import StemFile, find_stems, probe
from diffmst.audio.discovery import folded
from diffmst.data.datasets import SongFiles, recognise, song_key
from diffmst.data.gathering import FEWEST_STEMS, MOST_STEMS
from diffmst.data.song import Song
from diffmst.data.splits import SPLITS, assign_splits
from diffmst.data.survey import survey_files
from diffmst.errors import UserError
from diffmst.listening import known_stems
from diffmst.outputs import file_name

_LONGEST_NAME_BYTES = 80  # a pair is called by two of them


@dataclass(frozen=True)
class SongSource:
    """A song as files, before any of them is opened.

    Attributes:
        name: no other song of the set has it; fit to be the name of a folder.
        stems: in order.
        lasting: whether they stay where they are; those of a song made for the moment are copied.
    """

    name: str
    stems: tuple[StemFile, ...]
    lasting: bool = True

    def own_folder(self) -> Path | None:
        """The folder that holds these stems and no other audio, if there is one."""
        folders = {stem.path.parent for stem in self.stems}
        above = {folder.parent for folder in folders}
        for folder in folders if len(folders) == 1 else above if len(above) == 1 else ():
            if {file.path for file in find_stems([folder])} == {stem.path for stem in self.stems}:
                return folder
        return None


def find_songs(places: Sequence[Path], split: str | None = None) -> list[SongSource]:
    """The songs with stems that lie in folders.

    Args:
        places: as `diffmst.data.datasets.recognise` takes them.
        split: only those of `train`, `validation` or `test`.

    Raises:
        UserError: a folder is missing or holds nothing of use, or no song is left.
    """
    songs = [song for song in found_files(places, split) if song.stems and len(song.stems) <= MOST_STEMS]
    if not songs:
        raise UserError(f"{', '.join(map(str, places))}: holds no song with stems{f' of {split}' if split else ''}")
    names = unique_names(song.name for song in songs)
    return [
        SongSource(name, tuple(StemFile(stem.path, stem.name) for stem in song.stems))
        for name, song in zip(names, songs, strict=True)
    ]


def found_files(places: Sequence[Path], split: str | None = None) -> list[SongFiles]:
    """All that the data sets in folders hold, songs and finished mixes; see `recognise`.

    Raises:
        UserError: a folder is missing or holds nothing of use, or there is no such split.
    """
    files = [song for place in places for dataset, folder in recognise(place) for song in dataset.songs(folder)]
    if split is None:
        return files
    if split not in SPLITS:
        raise UserError(f"--split {split}: there is no such split; there are {', '.join(SPLITS)}")
    splits = assign_splits(files, {})
    return [song for song in files if splits[song_key(song.name)] == split]


def open_song(source: SongSource, tracks: int | None = None) -> tuple[Song, list[str]]:
    """A song, surveyed, without stems that cannot be opened or heard; and what was left out of it.

    Args:
        source: its files.
        tracks: keep only so many, the loudest.

    Raises:
        UserError: fewer than two of them can be heard, or one breaks while it is read.
    """
    stems, notes = _openable(source)
    song = Song.of_stems(stems) if stems else None
    surveys = survey_files([stem.path for stem in stems])
    silent = [stem.name for stem, survey in zip(stems, surveys, strict=True) if survey.silent]
    if song is None or len(stems) - len(silent) < FEWEST_STEMS:
        raise UserError("; ".join([f"{source.name}: fewer than two stems that can be heard", *notes]))
    if silent:
        notes.append(f"{source.name}: left out, as nothing is heard in them: {', '.join(silent)}")
    song = song.with_surveys(surveys)
    by_loudness = sorted(range(len(stems)), key=lambda track: -known_stems(song)[track].loudness_lufs)
    kept = sorted(by_loudness[: len(stems) - len(silent)][:tracks])
    return replace(song, tracks=tuple(song.tracks[track] for track in kept)), notes


def unique_names(names: Iterable[str]) -> list[str]:
    """Names fit for folders and files, of which no two are alike in any file system; long ones are cut.

    >>> unique_names(["A/B", "a_b", "C"])
    ['A_B', 'a_b 2', 'C']
    """
    taken: set[str] = set()
    unique = []
    for name in names:
        safe = file_name(name.encode(errors="ignore")[:_LONGEST_NAME_BYTES].decode(errors="ignore")) or "song"
        numbered = (safe if number == 1 else f"{safe} {number}" for number in count(1))
        unique.append(next(other for other in numbered if folded(other) not in taken))
        taken.add(folded(unique[-1]))
    return unique


def _openable(source: SongSource) -> tuple[list[StemFile], list[str]]:
    """The stems that are audio files, and what is the matter with the others."""
    stems, notes = [], []
    for stem in source.stems:
        try:
            probe(stem.path)
        except UserError as error:
            notes.append(f"{source.name}: left out: {error}")
        else:
            stems.append(stem)
    return stems, notes
