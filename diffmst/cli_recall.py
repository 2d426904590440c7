"""The command that finds the settings of a finished mix."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from diffmst import terminal
from diffmst.cli_options import Force

app = typer.Typer()


@app.command()
def recall(
    stems: Annotated[list[Path], typer.Argument(help="Stems: audio files, or folders of them.", show_default=False)],
    mix: Annotated[Path, typer.Option("--mix", help="The finished mix of the same song.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("recall"),
    residual: Annotated[
        bool, typer.Option("--residual", help="Also write what is not explained, and the original in step with it.")
    ] = False,
    steps: Annotated[
        float, typer.Option("--effort", help="Share of the usual steps; 0 finds levels and pans alone.", min=0, max=10)
    ] = 1.0,
    time_s: Annotated[
        float, typer.Option("--time", help="Time at most, s.", min=0, show_default="no limit")
    ] = math.inf,
    force: Force = False,
) -> None:
    """Find the settings by which STEMS became a finished mix.

    The mix may begin earlier or later than the stems, or run at a slightly other speed. Leaves in the output folder:
    mix.wav (the mix made again), mix.json (every setting) and report.html (what is explained, and what is not).
    """
    from diffmst.recall.explain import begins
    from diffmst.recall.recall import RecallOptions, recall

    options = RecallOptions(steps=steps, time_s=time_s, residual=residual, force=force)
    with terminal.shown_progress() as progress:
        found = recall(stems, mix, out, options, progress)
    for text in found.notes:
        terminal.note(text)
    terminal.say(found.verdict)
    terminal.say(begins(found.alignment, found.mix.sample_rate))
    terminal.report_output(out / "mix.wav", found.output)
    terminal.say(f"{out / 'mix.json'}: every setting; change it, then `diffmst render`")
    terminal.say(f"{out / 'report.html'}: what is explained, and what is not")
