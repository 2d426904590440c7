"""`diffmst ear` and `train-ear`: what stems are by how they sound, and how that is learnt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffmst import terminal
from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.ear.teaching import Taught

app = typer.Typer()


@app.command()
def ear(
    stems: Annotated[list[Path], typer.Argument(help="Stems: audio files, or folders of them.", show_default=False)],
    weights: Annotated[
        Path | None, typer.Option("--weights", help="Of another ear.", show_default="those of the package")
    ] = None,
) -> None:
    """Print what STEMS are by how they sound, and how sure that is; their names do not count."""
    from diffmst.ear import hear_stems, load_ear

    with terminal.shown_progress() as progress:
        heard = hear_stems(stems, load_ear(weights) if weights else None, progress)
    rows = [
        (stem.name, stem.role, f"{stem.confidence:.0%}", f"{stem.second} {stem.second_confidence:.0%}")
        if stem.role
        else (stem.name, "silent", "", "")
        for stem in heard
    ]
    terminal.report_table("by ear", ("stem", "role", "sure", "or"), rows)


@app.command(name="train-ear")
def train_ear(
    songs: Annotated[
        list[Path],
        typer.Option("--songs", help="Folder of songs with named stems; repeatable.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, .safetensors.")] = Path(
        "ear.safetensors"
    ),
    splits: Annotated[
        Path | None, typer.Option("--splits", help="JSON or YAML: split to list of songs.", show_default=False)
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="Of training.", min=1)] = 600,
    real: Annotated[float, typer.Option("--real", help="Share of real songs, not made ones.", min=0, max=1)] = 0.25,
    seed: Annotated[int, typer.Option("--seed", help="Of all chance.", min=0)] = 0,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder for what is known of files.", show_default="the user's")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Train the ear on songs whose stems are named by what they are, and test it on those for validation."""
    from diffmst.ear.learning import Schedule
    from diffmst.ear.teaching import teach

    if out.exists() and not force:
        raise UserError(f"{out}: exists; choose another name, or --force to replace it")
    schedule = Schedule(steps=steps, real=real, seed=seed)
    with terminal.shown_progress() as progress:
        taught = teach(
            songs, out, schedule, splits=splits, cache=cache, command=terminal.command_line(), progress=progress
        )
    for text in taught.notes:
        terminal.note(text)
    _report(taught)
    terminal.say(f"{out}: learnt from {taught.trained} songs in {taught.learnt.seconds:.0f} s")


def _report(taught: Taught) -> None:
    """Figures on songs that were not learnt from, real ones and made ones apart."""
    if not taught.figures:
        terminal.note("no song was kept for validation, so nothing is known of how well it hears; see --splits")
    for kind, figures in taught.figures.items():
        terminal.report_facts(
            {
                f"{kind} stems": str(figures.stems),
                "role right": f"{figures.exact:.0%}",
                "family right": f"{figures.family:.0%}",
                "surprise": f"{figures.surprise:.2f} nats",
                "calibration error": f"{figures.calibration_error:.2f}",
            }
        )
        headings, *rows = taught.confusions[kind]
        terminal.report_table(f"{kind} stems: what they are (rows), what is heard", headings, rows)
