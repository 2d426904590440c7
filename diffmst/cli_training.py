"""`diffmst data`, `train`, `pretrain` and `info`: songs to learn from, the learning, and what came of it."""

from __future__ import annotations

import os
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from diffmst import terminal
from diffmst.errors import UserError

app = typer.Typer()


class Form(StrEnum):
    """Formats of made songs."""

    flac = "flac"
    opus = "opus"


data_app = typer.Typer(help="Songs to train on.", no_args_is_help=True)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    options_metavar="COMMAND -c CONFIGURATION [OPTIONS]",
)
def train(context: typer.Context) -> None:
    """Train a model: `diffmst train fit -c default --data.songs '[SONGS]'`; `diffmst train fit --help` lists all."""
    from diffmst.training import run_training

    run_training("train", context.args, terminal.shown_progress)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    options_metavar="COMMAND -c CONFIGURATION [OPTIONS]",
)
def pretrain(context: typer.Context) -> None:
    """Train a model on a pack that `diffmst data pack` made: `diffmst pretrain fit -c packed --data.pack PACK`."""
    from diffmst.training import run_training

    run_training("pretrain", context.args, terminal.shown_progress)


@app.command()
def info(
    name: Annotated[
        str, typer.Argument(help="A model.safetensors, a training configuration or its name.", show_default=False)
    ],
    controls: Annotated[bool, typer.Option("--controls", help="Also list every control that the model sets.")] = False,
) -> None:
    """Print the weights of a model, its controls, what it was trained on and its licence."""
    from diffmst.info import describe

    description = describe(name)
    terminal.report_facts(description.facts)
    if controls:
        terminal.report_controls(description.layout)


@data_app.command()
def check(
    places: Annotated[list[Path], typer.Argument(help="Folders of songs or of references.", show_default=False)],
    splits: Annotated[
        Path | None, typer.Option("--splits", help="JSON or YAML: split to list of songs.", show_default=False)
    ] = None,
) -> None:
    """Print what lies in folders of data, by data set, and what is wrong with it."""
    from diffmst.data.check import check as check_places

    with terminal.shown_progress() as progress:
        report = check_places(places, progress, splits=splits)
    terminal.report_check(report)
    if report.usable and report.empty_splits:
        names = " and ".join(report.empty_splits)
        terminal.note(f"no song falls to {names}; a file for --splits, later --data.splits, says which shall")
    if not report.usable:
        raise UserError(f"{places[0]}: holds nothing to train on")


@data_app.command()
def make(
    output: Annotated[Path, typer.Option("--out", "-o", help="Folder for the songs.", show_default=False)],
    songs: Annotated[int, typer.Option("--songs", "-n", min=1, help="How many.")] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed, other songs.")] = 0,
    seconds: Annotated[float, typer.Option("--seconds", min=8.0, help="Length of each song.")] = 60.0,
    soundfonts: Annotated[
        list[Path] | None,
        typer.Option("--soundfont", help="SoundFont that instruments come from (.sf2, .sf3).", show_default=False),
    ] = None,
    sfz: Annotated[
        list[Path] | None,
        typer.Option(
            "--sfz", help="SFZ instrument, or a folder of such, named after what they play.", show_default=False
        ),
    ] = None,
    midi: Annotated[
        Path | None, typer.Option("--midi", help="Folder of MIDI files that scores come from.", show_default=False)
    ] = None,
    stems: Annotated[
        Path | None, typer.Option("--stems", help="Folder of real songs that some stems come from.", show_default=False)
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="Of the files: lossless, or small.")] = Form.flac,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes.", show_default="one per processor")
    ] = None,
) -> None:
    """Make multitrack songs to train on, each with its stems and what they are; run again, it goes on."""
    from diffmst.data.song_maker.make import Order, find_sources, make_songs

    order = Order(seed, seconds, form.value, find_sources(soundfonts or [], sfz or [], midi, stems))
    if roles := Counter(one.role for one in order.sources.instruments.sfz):
        counts = ", ".join(f"{count} {role}" for role, count in sorted(roles.items()))
        terminal.say(f"{roles.total()} SFZ instrument{'' if roles.total() == 1 else 's'}: {counts}")
    workers = jobs or os.cpu_count() or 1
    with terminal.shown_progress() as progress:
        made = make_songs(output, songs, order, jobs=workers, progress=progress)
    new = made.songs - made.kept
    kept = f"; {made.kept} more {'was' if made.kept == 1 else 'were'} there" if made.kept else ""
    terminal.say(f"{output}: {new} song{'' if new == 1 else 's'} made, with {made.stems} stems{kept}")


@data_app.command()
def pack(
    places: Annotated[list[Path], typer.Argument(help="Folders of songs.", show_default=False)],
    output: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pack.", show_default=False)],
    shards: Annotated[int, typer.Option("--shards", min=1, help="Files of scenes.")] = 24,
    scenes: Annotated[int, typer.Option("--scenes", min=1, help="Scenes in each file.")] = 512,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed, other scenes.")] = 0,
    splits: Annotated[
        Path | None, typer.Option("--splits", help="JSON or YAML: split to list of songs.", show_default=False)
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Of the songs: train, validation or test.")] = "train",
    favoured: Annotated[
        Path | None, typer.Option("--favoured", help="Folder of songs to be heard more often.", show_default=False)
    ] = None,
    share: Annotated[float, typer.Option("--share", min=0, max=1, help="Of the scenes, for those.")] = 0.4,
    as_they_are: Annotated[
        bool, typer.Option("--as-they-are", help="Stems as recorded, as validation wants them: not varied in tone.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes.", show_default="one per processor")
    ] = None,
) -> None:
    """Hear songs in random mixes, and keep what is heard to train on with `diffmst pretrain`; run again, it goes on."""
    from diffmst.data.library import Library
    from diffmst.training.packs.band_scenes import Variety
    from diffmst.training.packs.packing import FEWEST_SONGS, PackOrder, make_pack

    variety = Variety(tone_db=0.0) if as_they_are else Variety()
    with terminal.shown_progress() as progress:
        library = Library.open(places, cache_gb=0, splits=splits, progress=progress)
        for text in library.notes:
            terminal.note(text)
        library = library.of_split(split, fewest_songs=FEWEST_SONGS)
        record = make_pack(
            output,
            library,
            PackOrder(seed=seed, shards=shards, scenes=scenes, variety=variety),
            favoured=favoured,
            share=share,
            jobs=jobs or os.cpu_count() or 1,
            command=terminal.command_line(),
            progress=progress,
        )
    terminal.say(f"{output}: {sum(record.shards)} scenes of {len(library.songs)} songs")
