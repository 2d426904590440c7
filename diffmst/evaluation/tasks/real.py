"""Task 3: the reference is a real finished song, and nobody knows the mix that is wanted.

What is asked is whether mixes come near to references of the world, and stay sane. The wrong reference is another
finished song, of another group where the names of files tell groups, as `jazz_01` and `rock_01`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffmst.audio import AudioReader, read
from diffmst.audio.flac import write_flac
from diffmst.data.datasets import song_key
from diffmst.data.survey import survey_files
from diffmst.data.windows import choose_reference_windows
from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.tasks.making import STEMS, Made, Making, Workshop, make_pairs, stem_files
from diffmst.evaluation.tasks.sections import one_section
from diffmst.evaluation.tasks.songs import SongSource, found_files, unique_names
from diffmst.progress import SILENT, Progress
from diffmst.random_mix.dice import Dice

TASK = "real"

_BLOCK_FRAMES = 1 << 16


@dataclass(frozen=True)
class Reference:
    """A finished song.

    Attributes:
        name: no other reference of the set has it; fit to be the name of a file.
        path: of its file.
    """

    name: str
    path: Path

    @property
    def group(self) -> str:
        """What it has in common with others of its kind: the first word of its name.

        >>> Reference("HipHop_02", Path()).group
        'hiphop'
        """
        return next(filter(None, re.split(r"[\W\d_]+", self.name.casefold())), "")


def find_references(places: Sequence[Path], split: str | None = None) -> list[Reference]:
    """The finished songs that lie in folders.

    Args:
        places: as `diffmst.data.datasets.recognise` takes them.
        split: only those of `train`, `validation` or `test`.

    Raises:
        UserError: a folder is missing or holds nothing of use, or no song is left.
    """
    songs = [song for song in found_files(places, split) if song.mix]
    if not songs:
        raise UserError(f"{', '.join(map(str, places))}: holds no finished songs; say references=FOLDER if it does")
    names = unique_names(song.name for song in songs)
    return [Reference(name, song.mix) for name, song in zip(names, songs, strict=True) if song.mix]


def make_real(
    songs: Sequence[SongSource],
    references: Sequence[Reference],
    out: Path,
    making: Making | None = None,
    progress: Progress = SILENT,
    *,
    sections: bool = False,
    task: str = TASK,
) -> Made:
    """Pairs of songs and real references: every song with `Making.mixes` of them, drawn by chance.

    Args:
        songs: whole, where they lie if a folder holds just their stems; else their stems are copied.
        references: none is taken for a song of the same name.
        out: folder for all that is made.
        making: how.
        progress: told how far it is.
        sections: cut one section out of every song, and of every reference the one that is most like the whole.
        task: what the pairs are called.

    Raises:
        UserError: no pair could be made, or the folder cannot be written.
    """
    making = making or Making()

    def pairs(workshop: Workshop, number: int) -> list[Pair]:
        return _pairs(workshop, songs[number], references, sections=sections, task=task)

    return make_pairs([song.name for song in songs], pairs, out, making, progress)


def _pairs(
    workshop: Workshop, source: SongSource, references: Sequence[Reference], *, sections: bool, task: str
) -> list[Pair]:
    dice = workshop.dice(source.name)
    others = [reference for reference in references if song_key(reference.name) != song_key(source.name)]
    if not others:
        raise UserError("there is no reference but its own mix")
    chosen = [others[number] for number in np.argsort(dice.uniform(0, 1, (len(others),)))[: workshop.making.mixes]]
    wrong = [_wrong(reference, others, dice) for reference in chosen]
    folder = write_section(workshop, source) if sections else _whole(workshop, source)

    def heard(reference: Reference) -> Path:
        if not sections:
            return reference.path
        return write_reference_section(workshop, f"{source.name}/{reference.name}.flac", reference.path)

    return [
        Pair(
            name=f"{source.name} like {reference.name}",
            song=source.name,
            stems=folder,
            reference=heard(reference),
            wrong_reference=heard(other) if other else None,
            task=task,
        )
        for reference, other in zip(chosen, wrong, strict=True)
    ]


def _wrong(reference: Reference, others: Sequence[Reference], dice: Dice) -> Reference | None:
    """Another reference, of another group if there is one."""
    rest = [other for other in others if other != reference]
    apart = [other for other in rest if other.group != reference.group] or rest
    return apart[dice.integer(0, len(apart) - 1)] if apart else None


def _whole(workshop: Workshop, source: SongSource) -> Path:
    """The stems of a song where they lie, or copies of those that are to be kept."""
    folder = source.own_folder()
    if folder and source.lasting and not workshop.making.tracks:
        return folder
    song = workshop.open(source)
    files = stem_files([track.name for track in song.tracks])
    for track, file in zip(song.tracks, files, strict=True):
        with AudioReader(track.path, song.sample_rate, track.channels) as reader:
            path = workshop.path(f"{source.name}/{STEMS}/{file}")
            write_flac(path, reader.blocks(_BLOCK_FRAMES), song.sample_rate, track.channels)
    return workshop.place(f"{source.name}/{STEMS}")


def write_section(workshop: Workshop, source: SongSource, start_s: float | None = None) -> Path:
    """Writes a section of a song, the one in which most stems sound if no start is given; returns where it will lie.

    Raises:
        UserError: the song is too short, or too little sounds there.
    """
    song = workshop.open(source)
    sections = one_section(song, workshop.making.section_s)
    if start_s is not None:
        sections = sections._replace(starts_s=(start_s,))
    part = workshop.cut(source, song, sections)
    workshop.write_stems(source.name, part, stem_files(part.names), 0)
    return workshop.place(f"{source.name}/{STEMS}")


def write_reference_section(workshop: Workshop, name: str, reference: Path, start_s: float | None = None) -> Path:
    """Writes a section of a reference, the one most like the whole if no start is given; returns where it will lie.

    Raises:
        UserError: the reference cannot be read, or ends before.
    """
    (survey,) = survey_files([reference])
    seconds = min(workshop.making.section_s, survey.duration_s)
    (start_s,) = choose_reference_windows(survey, seconds, 1, start_s)
    audio = read(reference, start_s, seconds)
    write_flac(workshop.path(name), [audio], survey.info.sample_rate, survey.info.channels)
    return workshop.place(name)
