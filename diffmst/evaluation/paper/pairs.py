"""The songs and references of the paper's tables: the authors' own where the user has them, generated ones otherwise.

The figures that are printed come from sections of 10 s of three songs, each with a commercial reference: Ben Flowers,
"Ecstasy"; Kat Wright, "By My Side"; and Titanium, "Haunted Age", from the Cambridge-MT library and MedleyDB. The
authors also evaluated on excerpts of these two libraries, with the test mixes of MUSDB18 as references.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diffmst.audio import find_stems
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.paper.song_list import ListedSong, read_song_list
from diffmst.evaluation.tasks.making import Made, Making, Workshop, make_pairs
from diffmst.evaluation.tasks.real import find_references, make_real, write_reference_section, write_section
from diffmst.evaluation.tasks.same_style import make_same_style
from diffmst.evaluation.tasks.songs import SongSource, find_songs, unique_names
from diffmst.progress import SILENT, Progress

SECTION_S = 10.0
"""Length of what the authors mixed and compared."""

LISTED, MUSDB18, DRAWN = "paper-songs", "paper-musdb18", "paper-drawn"
"""Tasks, by where their references come from: named with each song, the test mixes of MUSDB18, drawn mixes."""


@dataclass(frozen=True)
class PaperSongs:
    """What the user has of the songs of the paper; nothing is needed.

    Attributes:
        song_list: a CSV file of songs and references; see `read_song_list`.
        songs: folders of songs or data sets of multitracks.
        musdb18: the folder of MUSDB18-HQ, whose test mixes are references.
        generated: how many songs are made where there are none.
    """

    song_list: Path | None = None
    songs: tuple[Path, ...] = ()
    musdb18: Path | None = None
    generated: int = 8


def paper_pairs(
    out: Path, chosen: PaperSongs | None = None, making: Making | None = None, progress: Progress = SILENT
) -> Made:
    """Pairs as the paper has them, as near as what the user has comes to it.

    A song list is taken as it is. Else songs, or generated ones, meet the test mixes of MUSDB18; and where that is not
    there either, generated songs meet mixes of other songs in drawn styles.

    Args:
        out: folder for the pairs and their audio.
        chosen: what the user has.
        making: how; sections last `SECTION_S` unless it says otherwise.
        progress: told how far it is.

    Raises:
        UserError: what is given cannot be used, no pair could be made, or the folder cannot be written.
    """
    chosen, making = chosen or PaperSongs(), making or Making(section_s=SECTION_S)
    if chosen.song_list:
        return _listed_pairs(read_song_list(chosen.song_list), out, making, progress)
    with tempfile.TemporaryDirectory() as folder:
        songs = find_songs(chosen.songs) if chosen.songs else _generated(Path(folder), chosen, making, progress)
        if not chosen.musdb18:
            return make_same_style(songs, out, making, progress, task=DRAWN)
        references = find_references([Path(f"musdb18-hq={chosen.musdb18}")], "test")
        return make_real(songs, references, out, making, progress, sections=True, task=MUSDB18)


def _generated(folder: Path, chosen: PaperSongs, making: Making, progress: Progress) -> list[SongSource]:
    from diffmst.evaluation.tasks.generated import generated_songs

    return generated_songs(folder, chosen.generated, making.seed, 3 * making.section_s, progress)


def _listed_pairs(listed: Sequence[ListedSong], out: Path, making: Making, progress: Progress) -> Made:
    names = unique_names(entry.song for entry in listed)

    def pairs(workshop: Workshop, number: int) -> list[Pair]:
        entry, name = listed[number], names[number]
        source = SongSource(name, tuple(find_stems([entry.stems])))
        return [
            Pair(
                name=name,
                song=entry.song,
                stems=write_section(workshop, source, entry.stems_at_s),
                reference=write_reference_section(
                    workshop, f"{name}/reference.flac", entry.reference, entry.reference_at_s
                ),
                task=LISTED,
            )
        ]

    return make_pairs(names, pairs, out, making, progress)
