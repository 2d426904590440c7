"""The command line: each command reads its arguments, calls one function and reports.

Heavy modules are imported inside the commands, so that `--help` and a mistyped option answer at once.
"""

from __future__ import annotations

import gc
import io
import math
import os
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from diffmst import __version__, cli_evaluate, cli_listen, cli_pairs, cli_training, terminal
from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.mix import Subtype
    from diffmst.models.prediction import MixModel

# Threads that wait by spinning take the processor from those they wait for as soon as anything else runs beside them:
# matching and limiting then take ten times as long. It must be said before torch and numpy are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Python's default of 700 looks for garbage a thousand times while torch and numba load, where there is none.
_GARBAGE_OBJECTS = 50_000

INTERRUPTED = 130
REFUSED = 2

app = typer.Typer(
    help="Mix a song the way another song is mixed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class SampleFormat(StrEnum):
    """Sample formats of a WAV file by their everyday names."""

    BITS_16 = "16"
    BITS_24 = "24"
    FLOAT = "float"


_SUBTYPES: dict[SampleFormat, Subtype] = {
    SampleFormat.BITS_16: "PCM_16",
    SampleFormat.BITS_24: "PCM_24",
    SampleFormat.FLOAT: "FLOAT",
}


class LayoutName(StrEnum):
    """The console's sets of controls."""

    DEFAULT = "default"
    PAPER = "paper"


Force = Annotated[bool, typer.Option("--force", help="Replace outputs of the same names.")]
Stems = Annotated[bool, typer.Option("--stems", help="Also write every processed stem and the reverb return.")]
Layout = Annotated[LayoutName, typer.Option("--layout", help="The console's set of controls.")]

app.add_typer(cli_training.app)
app.add_typer(cli_training.data_app, name="data")
app.add_typer(cli_evaluate.app)
app.add_typer(cli_pairs.app, name="pairs")
app.add_typer(cli_listen.app, name="listen")


@app.command()
def mix(
    stems: Annotated[list[Path], typer.Argument(help="Stems: audio files, or folders of them.", show_default=False)],
    reference: Annotated[Path, typer.Option("--reference", "-r", help="The song to mix like.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("mix"),
    loudness: Annotated[
        str, typer.Option("--loudness", help="'reference', 'keep', or integrated loudness in LUFS, such as -14.")
    ] = "reference",
    ceiling: Annotated[
        float, typer.Option("--ceiling", help="The true peak never exceeds it, dBTP.", min=-20, max=0)
    ] = -1.0,
    sample_format: Annotated[
        SampleFormat, typer.Option("--format", help="Bits of the WAV file, or float.")
    ] = SampleFormat.BITS_24,
    write_stems: Stems = False,
    start: Annotated[
        float | None, typer.Option("--start", help="Listen to the stems from here only, s.", min=0)
    ] = None,
    reference_start: Annotated[
        float | None, typer.Option("--reference-start", help="Listen to the reference from here only, s.", min=0)
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Listen to this much from there, s.", min=1, max=60)
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="Refinement steps at most; 0 balances only.", min=0)] = 80,
    time_s: Annotated[
        float, typer.Option("--time", help="Refinement time at most, s.", min=0, show_default="no limit")
    ] = math.inf,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="A model.safetensors that says where to begin.", show_default=False),
    ] = None,
    no_refine: Annotated[bool, typer.Option("--no-refine", help="Leave it at what the model predicts.")] = False,
    layout: Annotated[
        LayoutName | None,
        typer.Option("--layout", help="The console's set of controls.", show_default="default, or the model's"),
    ] = None,
    force: Force = False,
) -> None:
    """Mix STEMS the way the reference is mixed.

    Leaves in the output folder: mix.wav, mix.json (every setting, to read and change; `diffmst render` renders it
    again) and report.html (what was done, in pictures).
    """
    from diffmst.match import Options, match
    from diffmst.passages import Listening

    if no_refine and not model:
        raise UserError(
            "--no-refine leaves it at what a model predicts: give --model too, or --steps 0 to balance only"
        )
    options = Options(
        loudness=_loudness(loudness),
        ceiling_dbtp=ceiling,
        subtype=_SUBTYPES[sample_format],
        stems=write_stems,
        where=Listening(start, reference_start, seconds),
        steps=0 if no_refine else steps,
        time_s=time_s,
        layout=(layout or LayoutName.DEFAULT).value,
        model=_network(model, layout),
        force=force,
    )
    with terminal.shown_progress() as progress:
        matched = match(stems, reference, out, options, progress)
    terminal.report_match(matched, out)


@app.command()
def render(
    document: Annotated[Path, typer.Argument(help="A mix.json, as `diffmst mix` wrote it or as you changed it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="WAV file to write.", show_default="beside the document")
    ] = None,
    write_stems: Stems = False,
    force: Force = False,
) -> None:
    """Render a mix document: the same settings give the same sound, bit for bit."""
    from diffmst.advice import output_advice
    from diffmst.render import render_document

    out = out or document.parent / f"{document.stem}.wav"
    with terminal.shown_progress() as progress:
        output = render_document(document, out, stems=write_stems, force=force, progress=progress)
    for sentence in output_advice(output):
        terminal.note(sentence)
    terminal.report_output(out, output)


@app.command()
def effects(
    layout: Layout = LayoutName.DEFAULT,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the mix document.")] = False,
) -> None:
    """Print every control of the console with its unit, range and default."""
    from diffmst.layout import LAYOUTS
    from diffmst.mix import json_schema

    if schema:
        terminal.print_json(json_schema())
    else:
        terminal.report_controls(LAYOUTS[layout.value])


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for songs and results.")] = Path("diffmst-demo"),
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another song.", min=0)] = 1,
    force: Force = False,
) -> None:
    """Make a song and a finished reference, mix the one like the other, and say where the result lies."""
    from diffmst.demo import MIX_FOLDER, run_demo
    from diffmst.match import Options

    with terminal.shown_progress() as progress:
        matched = run_demo(out, seed, Options(force=force), progress)
    terminal.report_match(matched, out / MIX_FOLDER)


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        terminal.say(f"diffmst {__version__}")
        raise typer.Exit


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0, 2 for what the user can mend, 130 after Ctrl-C."""
    try:
        with terminal.logged_notes():
            code = app(args=argv, standalone_mode=False)
    except UserError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(error.format_message())
    except OSError as error:
        return _refuse(f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        terminal.complain("interrupted: nothing was written")
    return code if isinstance(code, int) else 0


def _refuse(message: str) -> int:
    if message:  # none when the help has just been printed
        terminal.complain(f"error: {message}")
    return REFUSED


def _network(path: Path | None, layout: LayoutName | None) -> MixModel | None:
    """The model to predict with, if one is given; its controls are those of the console."""
    if path is None:
        return None
    from diffmst.models.checkpoint import load_model

    network = load_model(path)
    if layout and layout.value != network.layout.name:
        raise UserError(f"--layout {layout.value}: {path} sets the controls of layout {network.layout.name}")
    return network


def _loudness(text: str) -> Literal["reference", "keep"] | float:
    if text == "reference":
        return "reference"
    if text == "keep":
        return "keep"
    try:
        value = float(text)
    except ValueError:
        raise UserError(f"--loudness {text}: give 'reference', 'keep' or a number of LUFS such as -14") from None
    if not -70 <= value <= 0:
        raise UserError(f"--loudness {text}: must lie in -70 .. 0 LUFS")
    return value


def run() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of files in a script that the terminal does not know
    _clean_up_when_ended()
    terminal.mind_interruptions()
    gc.set_threshold(_GARBAGE_OBJECTS)
    sys.exit(main())


def _clean_up_when_ended() -> None:
    """Lets the system's requests to end, and a terminal that closes, leave nothing half-written: as an exception."""
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:  # not what `nohup` wants ignored
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
