"""Task 1: the reference is another section of the same song, made with settings that are known.

What is asked is whether a system hears how a song was mixed. The sound of the instruments is the same in both sections,
so nothing but the mix has to be heard. The wrong reference is the same section in another mix: a system that comes out
as well with it has not listened.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diffmst.evaluation.pair import Pair
from diffmst.evaluation.tasks.making import STEMS, Made, Making, Workshop, drawn_loudness_lufs, make_pairs, stem_files
from diffmst.evaluation.tasks.sections import two_sections
from diffmst.evaluation.tasks.songs import SongSource
from diffmst.progress import SILENT, Progress

TASK = "same-song"
_REFERENCE, _WORK = 0, 1


def make_same_song(
    songs: Sequence[SongSource], out: Path, making: Making | None = None, progress: Progress = SILENT
) -> Made:
    """Pairs of two sections of every song, mixed alike.

    Of every song, the stems of the later section are written once; for each of `Making.mixes` the earlier section is
    mixed and finished as a reference, and the document of the same settings on the stems is the truth.

    Args:
        songs: at least twice as long as a window that systems listen to.
        out: folder for all that is made.
        making: how.
        progress: told how far it is.

    Raises:
        UserError: no pair could be made, or the folder cannot be written.
    """
    making = making or Making()
    return make_pairs(
        [song.name for song in songs], lambda workshop, number: _pairs(workshop, songs[number]), out, making, progress
    )


def _pairs(workshop: Workshop, source: SongSource) -> list[Pair]:
    song = workshop.open(source)
    part = workshop.cut(source, song, two_sections(song, workshop.making.section_s))
    dice, files = workshop.dice(source.name), stem_files(part.names)
    loudness_lufs = drawn_loudness_lufs(dice)
    # The last one is there for the one before it to be wrong.
    mixes = [workshop.mix(part, files, workshop.draw(dice), loudness_lufs) for _ in range(workshop.making.mixes + 1)]
    kept = workshop.write_stems(source.name, part, files, _WORK)
    heard = part.excerpts.audio[_REFERENCE].numpy()
    references = [
        workshop.write_reference(f"{source.name}/mix {number}.flac", mix, heard) for number, mix in enumerate(mixes, 1)
    ]
    return [
        Pair(
            name=f"{source.name} mix {number}",
            song=source.name,
            stems=workshop.place(f"{source.name}/{STEMS}"),
            reference=references[number - 1],
            truth=workshop.write_truth(f"{source.name}/mix {number}.json", mix, kept),
            wrong_reference=references[number],
            task=TASK,
        )
        for number, mix in enumerate(mixes[:-1], 1)
    ]
