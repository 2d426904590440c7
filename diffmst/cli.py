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
from pathlib import Path
from typing import Annotated

import typer

from diffmst import (
    __version__,
    cli_adjust,
    cli_daw,
    cli_ear,
    cli_evaluate,
    cli_listen,
    cli_pairs,
    cli_recall,
    cli_serve,
    cli_training,
    terminal,
)
from diffmst.cli_options import (
    SUBTYPES,
    Amount,
    DynamicsAmount,
    Force,
    LayoutName,
    LevelAmount,
    Model,
    NoRefine,
    OtherTail,
    ReferenceStart,
    Roles,
    SampleFormat,
    Seconds,
    SpaceAmount,
    Start,
    Stems,
    Steps,
    Tail,
    TimeS,
    ToneAmount,
    WidthAmount,
    chosen_amounts,
    network,
    parse_loudness,
    refinement_steps,
)
from diffmst.cli_references import (
    DynamicsFrom,
    LevelFrom,
    References,
    SpaceFrom,
    ToneFrom,
    WidthFrom,
    chosen_references,
)
from diffmst.daw.tempo import DEFAULT_BPM, DEFAULT_METER
from diffmst.errors import UserError

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


Layout = Annotated[LayoutName, typer.Option("--layout", help="The console's set of controls.")]
Loudness = Annotated[
    str, typer.Option("--loudness", help="'reference', 'keep', or integrated loudness in LUFS, such as -14.")
]
Ceiling = Annotated[float, typer.Option("--ceiling", help="The true peak never exceeds it, dBTP.", min=-20, max=0)]
Format = Annotated[SampleFormat, typer.Option("--format", help="Bits of the WAV file, or float.")]

app.add_typer(cli_adjust.app)
app.add_typer(cli_daw.app)
app.add_typer(cli_training.app)
app.add_typer(cli_training.data_app, name="data")
app.add_typer(cli_ear.app)
app.add_typer(cli_evaluate.app)
app.add_typer(cli_pairs.app, name="pairs")
app.add_typer(cli_listen.app, name="listen")
app.add_typer(cli_recall.app)
app.add_typer(cli_serve.app)


@app.command()
def mix(
    stems: Annotated[list[Path], typer.Argument(help="Stems: audio files, or folders of them.", show_default=False)],
    reference: References,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("mix"),
    loudness: Loudness = "reference",
    ceiling: Ceiling = -1.0,
    sample_format: Format = SampleFormat.BITS_24,
    tail_s: Tail = 0.0,
    write_stems: Stems = False,
    start: Start = None,
    reference_start: ReferenceStart = None,
    seconds: Seconds = None,
    steps: Steps = None,
    time_s: TimeS = math.inf,
    model: Model = None,
    no_refine: NoRefine = False,
    layout: Annotated[
        LayoutName | None,
        typer.Option("--layout", help="The console's set of controls.", show_default="default, or the model's"),
    ] = None,
    level_from: LevelFrom = None,
    tone_from: ToneFrom = None,
    dynamics_from: DynamicsFrom = None,
    width_from: WidthFrom = None,
    space_from: SpaceFrom = None,
    amount: Amount = None,
    level: LevelAmount = None,
    tone: ToneAmount = None,
    dynamics: DynamicsAmount = None,
    width: WidthAmount = None,
    space: SpaceAmount = None,
    roles: Roles = None,
    export: cli_daw.Formats = None,
    tempo_bpm: cli_daw.TempoBpm = DEFAULT_BPM,
    meter: cli_daw.Meter = DEFAULT_METER,
    open_it: cli_serve.Open = False,
    force: Force = False,
) -> None:
    """Mix STEMS the way the reference is mixed, or several references are.

    Leaves in the output folder: mix.wav, mix.json (every setting, to read and change; `diffmst render` renders it
    again) and report.html (what was done, in pictures).
    """
    from diffmst.match import Options, match
    from diffmst.passages import Listening
    from diffmst.roles import parse_roles

    references = chosen_references(
        reference, level=level_from, tone=tone_from, dynamics=dynamics_from, width=width_from, space=space_from
    )
    beside = cli_daw.Beside(out, export, tempo_bpm, meter, force)
    beside.check()
    predictor = network(model, layout)
    options = Options(
        loudness=parse_loudness(loudness),
        ceiling_dbtp=ceiling,
        subtype=SUBTYPES[sample_format],
        tail_s=tail_s,
        stems=write_stems,
        where=Listening(start, reference_start, seconds),
        steps=refinement_steps(steps, time_s, predictor, no_refine=no_refine),
        time_s=time_s,
        layout=(layout or LayoutName.DEFAULT).value,
        model=predictor,
        amounts=chosen_amounts(overall=amount, level=level, tone=tone, dynamics=dynamics, width=width, space=space),
        roles=parse_roles(roles or []),
        force=force,
    )
    with terminal.shown_progress() as progress:
        matched = match(stems, references, out, options, progress)
        sessions = beside.write(progress)
    terminal.report_match(matched, out)
    cli_daw.report_sessions(sessions)
    if open_it:
        cli_serve.serve_sessions(out / "mix.json")


@app.command()
def render(
    document: Annotated[Path, typer.Argument(help="A mix.json, as `diffmst mix` wrote it or as you changed it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="WAV file to write.", show_default="beside the document")
    ] = None,
    tail_s: OtherTail = None,
    write_stems: Stems = False,
    force: Force = False,
) -> None:
    """Render a mix document: the same settings give the same sound, bit for bit."""
    from diffmst.advice import output_advice
    from diffmst.render import render_document

    out = out or document.parent / f"{document.stem}.wav"
    with terminal.shown_progress() as progress:
        output = render_document(document, out, stems=write_stems, tail_s=tail_s, force=force, progress=progress)
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
    from diffmst.mix_schema import json_schema

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

    options = Options(model=network(None, None), force=force)
    with terminal.shown_progress() as progress:
        matched = run_demo(out, seed, options, progress)
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
