"""`diffmst data`, `train` and `info`: songs to learn from, the learning, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diffmst import terminal
from diffmst.errors import UserError

app = typer.Typer()
data_app = typer.Typer(help="Songs to train on.", no_args_is_help=True)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    options_metavar="COMMAND -c CONFIGURATION [OPTIONS]",
)
def train(context: typer.Context) -> None:
    """Train a model: `diffmst train fit -c default --data.songs '[SONGS]'`; `diffmst train fit --help` lists all."""
    from diffmst.training import run_training

    run_training(context.args, terminal.shown_progress)


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
