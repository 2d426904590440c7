"""`diffmst pairs`: songs and references to evaluate on, made so that as much as possible is known of the right mix."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffmst import terminal
from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.evaluation.tasks.making import Made, Making
    from diffmst.evaluation.tasks.songs import SongSource
    from diffmst.progress import Progress

app = typer.Typer(help="Songs and references to evaluate on.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for pairs.csv and the audio it names.")]
Songs = Annotated[
    list[Path] | None, typer.Option("--songs", help="A folder of songs or a data set; any number.", show_default=False)
]
Generated = Annotated[int, typer.Option("--generated", help="Make so many songs instead.", min=0)]
Split = Annotated[
    str | None, typer.Option("--split", help="Only songs of train, validation or test.", show_default=False)
]
Limit = Annotated[int | None, typer.Option("--limit", help="Only the first so many songs.", min=1, show_default=False)]
Tracks = Annotated[
    int | None, typer.Option("--tracks", help="Only the loudest so many stems of a song.", show_default="all")
]
Mixes = Annotated[int, typer.Option("--mixes", help="Mixes, or references, per song.")]
SectionS = Annotated[float, typer.Option("--section-s", help="Longest section that is cut out of a song, s.", min=6)]
Seed = Annotated[int, typer.Option("--seed", help="Another seed, other mixes.", min=0)]
Force = Annotated[bool, typer.Option("--force", help="Replace outputs of the same names.")]


@app.command("same-song")
def same_song(
    out: Out,
    songs: Songs = None,
    generated: Generated = 0,
    split: Split = None,
    limit: Limit = None,
    tracks: Tracks = None,
    mixes: Mixes = 2,
    section_s: SectionS = 30.0,
    seed: Seed = 0,
    uniform: Annotated[
        bool, typer.Option("--uniform", help="Draw every control anywhere in its range, as published.")
    ] = False,
    force: Force = False,
) -> None:
    """Task 1: stems of one section, a mix of another as reference; the right settings are known."""
    from diffmst.evaluation.tasks.making import Making
    from diffmst.evaluation.tasks.same_song import make_same_song

    making = Making(
        mixes=mixes,
        section_s=section_s,
        tracks=tracks,
        kind="uniform" if uniform else "sane",
        seed=seed,
        force=force,
    )
    with terminal.shown_progress() as progress, _chosen(songs, generated, split, limit, making, progress) as found:
        made = make_same_song(found, out, making, progress)
    _report(made, out)


@app.command("same-style")
def same_style(
    out: Out,
    songs: Songs = None,
    generated: Generated = 0,
    split: Split = None,
    limit: Limit = None,
    tracks: Tracks = None,
    mixes: Mixes = 2,
    section_s: SectionS = 30.0,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Task 2: another song in a known style as reference; settings of that style are known."""
    from diffmst.evaluation.tasks.making import Making
    from diffmst.evaluation.tasks.same_style import make_same_style

    making = Making(mixes=mixes, section_s=section_s, tracks=tracks, seed=seed, force=force)
    with terminal.shown_progress() as progress, _chosen(songs, generated, split, limit, making, progress) as found:
        made = make_same_style(found, out, making, progress)
    _report(made, out)


@app.command()
def real(
    references: Annotated[
        list[Path], typer.Option("--references", "-r", help="A folder of finished songs, or a data set; any number.")
    ],
    out: Out,
    songs: Songs = None,
    generated: Generated = 0,
    split: Split = None,
    limit: Limit = None,
    tracks: Tracks = None,
    mixes: Mixes = 2,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Task 3: real finished songs as references; the right mix is not known."""
    from diffmst.evaluation.tasks.making import Making
    from diffmst.evaluation.tasks.real import find_references, make_real

    making = Making(mixes=mixes, tracks=tracks, seed=seed, force=force)
    with terminal.shown_progress() as progress, _chosen(songs, generated, split, limit, making, progress) as found:
        made = make_real(found, find_references(references), out, making, progress)
    _report(made, out)


@app.command()
def foreign(
    folder: Annotated[Path, typer.Argument(help="SONG/stems/*, SONG/MIX/mix.wav and SONG/MIX/stems/* in it.")],
    out: Out,
    limit: Limit = None,
    tracks: Tracks = None,
    mixes: Mixes = 2,
    section_s: SectionS = 30.0,
    force: Force = False,
) -> None:
    """Task 1 with another engine: sections of mixes that any host of plug-ins has rendered."""
    from diffmst.evaluation.tasks.foreign import find_foreign, make_foreign
    from diffmst.evaluation.tasks.making import Making

    making = Making(mixes=mixes, section_s=section_s, tracks=tracks, force=force)
    with terminal.shown_progress() as progress:
        made = make_foreign(find_foreign(folder)[:limit], out, making, progress)
    _report(made, out)


@contextmanager
def _chosen(
    places: list[Path] | None,
    generated: int,
    split: str | None,
    limit: int | None,
    making: Making,
    progress: Progress,
) -> Iterator[list[SongSource]]:
    """The songs on disk or those that are made, which last as long as the context."""
    if bool(places) == bool(generated):
        raise UserError("give either --songs FOLDER or --generated COUNT")
    if places:
        from diffmst.evaluation.tasks.songs import find_songs

        yield find_songs(places, split)[:limit]
        return
    from diffmst.evaluation.tasks.generated import generated_songs

    with tempfile.TemporaryDirectory() as folder:
        yield generated_songs(Path(folder), generated, making.seed, 3 * making.section_s, progress)


def _report(made: Made, out: Path) -> None:
    for text in made.notes:
        terminal.note(text)
    count = f"{len(made.pairs)} pair{'s'[: len(made.pairs) - 1]}"
    terminal.say(
        f"{out / 'pairs.csv'}: {count} to `diffmst evaluate --pairs`, {made.megabytes:.0f} MB with their audio"
    )
