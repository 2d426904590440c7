"""Task 2: the reference is another song, mixed in the same style.

What is asked is whether a system can tell a style from its song. A style says how loud, bright, dynamic, wide and wet
each role is; the settings that bring it about differ from song to song, and so do the dice for what a style leaves
open, so that the truth is one of many right answers. The wrong reference is the same other song in another style.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.tasks.making import STEMS, Made, Making, Workshop, drawn_loudness_lufs, make_pairs, stem_files
from diffmst.evaluation.tasks.sections import Cut, one_section
from diffmst.evaluation.tasks.songs import SongSource
from diffmst.progress import SILENT, Progress
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.draw import MixDraw
from diffmst.roles import role_of

TASK = "same-style"


def make_same_style(
    songs: Sequence[SongSource],
    out: Path,
    making: Making | None = None,
    progress: Progress = SILENT,
    *,
    task: str = TASK,
) -> Made:
    """Pairs of a section of every song and sections of others, mixed in one style.

    Args:
        songs: at least two.
        out: folder for all that is made.
        making: how; mixes are sane.
        progress: told how far it is.
        task: what the pairs are called.

    Raises:
        UserError: there is one song only, no pair could be made, or the folder cannot be written.
    """
    making = making or Making()
    if making.kind != "sane":
        raise UserError("uniform mixes have no style that songs could share; leave out --uniform")
    if len(songs) < 2:
        raise UserError("a style is shared by two songs, there is one; give more, or make same-song pairs")
    return make_pairs(
        [song.name for song in songs],
        lambda workshop, number: _pairs(workshop, songs, number, task),
        out,
        making,
        progress,
    )


def _pairs(workshop: Workshop, songs: Sequence[SongSource], number: int, task: str) -> list[Pair]:
    source = songs[number]
    part, dice = _section(workshop, source), workshop.dice(source.name)
    files = stem_files(part.names)
    kept = workshop.write_stems(source.name, part, files, 0)
    others = _others(workshop, source, songs, dice)
    pairs = []
    for index, other in enumerate(islice(others, workshop.making.mixes), 1):
        name, loudness_lufs, own = f"{source.name}/mix {index}", drawn_loudness_lufs(dice), workshop.draw(dice)
        shared = workshop.draw(dice, own.style_seed)
        truth = workshop.mix(part, files, own, loudness_lufs)
        pairs.append(
            Pair(
                name=f"{source.name} mix {index}",
                song=source.name,
                stems=workshop.place(f"{source.name}/{STEMS}"),
                reference=_reference(workshop, f"{name}.flac", other, shared, loudness_lufs),
                truth=workshop.write_truth(f"{name}.json", truth, kept),
                wrong_reference=_reference(workshop, f"{name} wrong.flac", other, workshop.draw(dice), loudness_lufs),
                task=task,
            )
        )
    return pairs


def _reference(workshop: Workshop, name: str, part: Cut, draw: MixDraw, loudness_lufs: float) -> Path:
    mix = workshop.mix(part, stem_files(part.names), draw, loudness_lufs)
    return workshop.write_reference(name, mix, part.excerpts.audio[0].numpy())


def _section(workshop: Workshop, source: SongSource) -> Cut:
    song = workshop.open(source)
    return workshop.cut(source, song, one_section(song, workshop.making.section_s))


def _others(workshop: Workshop, source: SongSource, songs: Sequence[SongSource], dice: Dice) -> Iterator[Cut]:
    """Sections of other songs in an order that is drawn, again and again; songs that cannot be used are passed over.

    Those that have most of the roles of the song come first: of a role that is not played, nothing can be heard.

    Raises:
        UserError: none can be used.
    """
    roles = _roles(source)
    order = [songs[number] for number in np.argsort(dice.uniform(0, 1, (len(songs),))) if songs[number] != source]
    order.sort(key=lambda other: len(roles - _roles(other)))
    reasons: list[str] = []
    while len(reasons) < len(order):
        reasons.clear()
        for other in order:
            try:
                part = _section(workshop, other)
            except UserError as error:
                reasons.append(str(error))
            else:
                yield part
    raise UserError(f"no other song can be used: {'; '.join(reasons)}")


def _roles(source: SongSource) -> set[str]:
    return {role_of(stem.name).name for stem in source.stems} - {""}
