"""The command line: each command reads its arguments, calls one function and reports.

Heavy modules are imported inside the commands, so that `--help` and a mistyped option answer at once.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console as Terminal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from diffmst import __version__
from diffmst.errors import UserError
from diffmst.outputs import write_text_atomically

if TYPE_CHECKING:
    from diffmst.evaluate import Pair, Row
    from diffmst.mastering import Output
    from diffmst.match import Matched
    from diffmst.progress import Advance

INTERRUPTED = 130
REFUSED = 2

app = typer.Typer(
    help="Mix a song the way another song is mixed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_out = Terminal(highlight=False)
_err = Terminal(stderr=True, highlight=False)


class SampleFormat(StrEnum):
    """Sample formats of a WAV file by their everyday names."""

    BITS_16 = "16"
    BITS_24 = "24"
    FLOAT = "float"

    @property
    def subtype(self) -> Any:  # noqa: ANN401 a Literal of a module that is heavy to import
        """As the mix document has it."""
        return {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}[self.value]


class LayoutName(StrEnum):
    """The console's sets of controls."""

    DEFAULT = "default"
    PAPER = "paper"


Force = Annotated[bool, typer.Option("--force", help="Replace outputs of the same names.")]
Stems = Annotated[bool, typer.Option("--stems", help="Also write every processed stem and the reverb return.")]
Ceiling = Annotated[float, typer.Option("--ceiling", help="The true peak never exceeds it, dBTP.", min=-20, max=0)]


@app.command()
def mix(
    stems: Annotated[list[Path], typer.Argument(help="Stems: audio files, or folders of them.", show_default=False)],
    reference: Annotated[Path, typer.Option("--reference", "-r", help="The song to mix like.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("mix"),
    loudness: Annotated[
        str, typer.Option("--loudness", help="'reference', 'keep', or integrated loudness in LUFS, such as -14.")
    ] = "reference",
    ceiling: Ceiling = -1.0,
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
    steps: Annotated[int, typer.Option("--steps", help="Refinement steps at most; 0 balances only.", min=0)] = 150,
    time_s: Annotated[
        float, typer.Option("--time", help="Refinement time at most, s.", min=0, show_default="no limit")
    ] = float("inf"),
    layout: Annotated[LayoutName, typer.Option(help="The console's set of controls.")] = LayoutName.DEFAULT,
    force: Force = False,
) -> None:
    """Mix STEMS the way the reference is mixed.

    Leaves in the output folder: mix.wav, mix.json (every setting, to read and change; `diffmst render` renders it
    again) and report.html (what was done, in pictures).
    """
    from diffmst.listening import Listening
    from diffmst.match import Options, match

    options = Options(
        loudness=_loudness(loudness),
        ceiling_dbtp=ceiling,
        subtype=sample_format.subtype,
        stems=write_stems,
        where=Listening(start, reference_start, seconds),
        steps=steps,
        time_s=time_s,
        layout=layout.value,
        force=force,
    )
    with _Bars() as bars:
        matched = match(stems, reference, out, options, bars)
    _report(matched, out)


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
    from diffmst.render import render_document

    out = out or document.with_suffix(".wav")
    with _Bars() as bars:
        output = render_document(document, out, stems=write_stems, force=force, progress=bars)
    _out.print(f"{out}: {_describe(output)}", soft_wrap=True)


@app.command()
def evaluate(
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="CSV with columns stems,reference.", show_default=False)
    ] = None,
    songs: Annotated[
        Path | None, typer.Option("--songs", help="Instead: a folder of songs, each a folder.", show_default=False)
    ] = None,
    references: Annotated[
        Path | None, typer.Option("--references", help="With it: a folder of references.", show_default=False)
    ] = None,
    systems: Annotated[
        str, typer.Option("--systems", help="Systems to compare, with commas.")
    ] = "equal-loudness,refine",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="CSV file for all figures.", show_default=False)
    ] = None,
    force: Force = False,
) -> None:
    """Run systems over pairs of song and reference: how near each mix comes, and whether it is a sane one."""
    from diffmst import evaluate as evaluation

    names = [name.strip() for name in systems.split(",")]
    if unknown := [name for name in names if name not in evaluation.SYSTEMS]:
        raise UserError(f"--systems {unknown[0]}: there is no such system; known are {', '.join(evaluation.SYSTEMS)}")
    if out and out.exists() and not force:
        raise UserError(f"{out}: already exists; use --force to replace it")
    chosen = evaluation.read_pairs(pairs) if pairs else _all_pairs(songs, references)
    with _Bars() as bars:
        rows = list(evaluation.evaluate(chosen, names, progress=bars))
    _print_rows(rows)
    if out:
        write_text_atomically(out, evaluation.to_csv(rows))


@app.command()
def effects(
    layout: Annotated[LayoutName, typer.Option(help="The console's set of controls.")] = LayoutName.DEFAULT,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the mix document.")] = False,
) -> None:
    """Print every control of the console with its unit, range and default."""
    from rich.table import Table

    from diffmst.layout import LAYOUTS
    from diffmst.mix import json_schema

    if schema:
        _out.print_json(data=json_schema())
        return
    for name, section in LAYOUTS[layout.value].sections():
        table = Table(title=f"{name}: {len(section)} controls", title_justify="left", title_style="bold")
        for heading in ("control", "unit", "from", "to", "default", "scale", "what it is"):
            table.add_column(heading, justify="right" if heading in ("from", "to", "default") else "left")
        for control, param in section.params.items():
            table.add_row(
                control,
                param.unit,
                f"{param.low:.5g}",
                f"{param.high:.5g}",
                f"{param.default:.5g}",
                param.scale,
                param.about,
            )
        _out.print(table)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for songs and results.")] = Path("diffmst-demo"),
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another song.", min=0)] = 1,
    force: Force = False,
) -> None:
    """Make a song and a finished reference, mix the one like the other, and say where the result lies."""
    from diffmst.demo import run_demo

    with _Bars() as bars:
        matched = run_demo(out, seed, bars, force=force)
    _report(matched, out / "mix")


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        _out.print(f"diffmst {__version__}")
        raise typer.Exit


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0, 2 for what the user can mend, 130 after Ctrl-C."""
    try:
        code = app(args=argv, standalone_mode=False)
    except UserError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(error.format_message())
    except (KeyboardInterrupt, typer.Abort):
        _err.print("interrupted: nothing was written")
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _refuse(message: str) -> int:
    if message:  # none when the help has just been printed
        _err.print(f"error: {' '.join(message.split())}", markup=False, soft_wrap=True)
    return REFUSED


class _Bars:
    """Progress bars with the time left, on the terminal; plain lines where there is none."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=_err,
        )

    def __enter__(self) -> "_Bars":
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    @contextlib.contextmanager
    def phase(self, description: str, total: float) -> "Iterator[Advance]":
        """One bar."""
        task = self._bars.add_task(description, total=total)
        yield lambda amount: self._bars.update(task, advance=amount)
        self._bars.update(task, completed=total)


def _all_pairs(songs: Path | None, references: Path | None) -> "list[Pair]":
    """Every song with every reference."""
    from diffmst.evaluate import Pair

    if songs is None or references is None:
        raise UserError("give --pairs, or --songs and --references")
    for folder in (songs, references):
        if not folder.is_dir():
            raise UserError(f"{folder}: is not a folder")
    found = [path for path in sorted(songs.iterdir()) if path.is_dir()]
    others = [path for path in sorted(references.iterdir()) if path.is_file() and not path.name.startswith(".")]
    if not found or not others:
        raise UserError(
            f"{songs if not found else references}: holds no {'folders of stems' if not found else 'files'}"
        )
    return [Pair(song, reference) for song in found for reference in others]


def _print_rows(rows: "Sequence[Row]") -> None:
    """One line per system and pair, then the median of every system."""
    from statistics import median

    from rich.table import Table

    figures = list(dict.fromkeys(name for row in rows for name in row.figures if not name.startswith("AF ")))
    table = Table(show_header=True, header_style="bold")
    for name in ("song", "reference", "system", *figures):
        table.add_column(name.replace("_", " "), justify="right" if name in figures else "left", overflow="fold")
    for row in rows:
        values = [row.error] if row.error else [f"{row.figures[name]:.3g}" for name in figures]
        table.add_row(row.song, row.reference, row.system, *values)
    table.add_section()
    for system in dict.fromkeys(row.system for row in rows):
        done = [row.figures for row in rows if row.system == system and row.figures]
        if done:
            medians = (f"{median(figures_of[name] for figures_of in done):.3g}" for name in figures)
            table.add_row("median", f"{len(done)} pairs", system, *medians)
    Terminal(highlight=False, width=None if _out.is_terminal else 200).print(table)


def _loudness(text: str) -> Any:  # noqa: ANN401 a Literal or a number
    if text in ("reference", "keep"):
        return text
    try:
        value = float(text)
    except ValueError:
        raise UserError(f"--loudness {text}: give 'reference', 'keep' or a number of LUFS such as -14") from None
    if not -70 <= value <= 0:
        raise UserError(f"--loudness {text}: must lie in -70 .. 0 LUFS")
    return value


def _report(matched: "Matched", folder: Path) -> None:
    _print_notes(matched.notes)
    before, after = sum(matched.refined.before.values()), sum(matched.refined.after.values())
    _out.print(f"distance to the reference: {before:.3f} balanced, {after:.3f} matched")
    _out.print(f"{folder / 'mix.wav'}: {_describe(matched.output)}", soft_wrap=True)
    _out.print(f"{folder / 'mix.json'}: every setting; change it, then `diffmst render`", soft_wrap=True)
    _out.print(f"{folder / 'report.html'}: what was done, in pictures", soft_wrap=True)


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        _err.print(f"note: {note}", markup=False, soft_wrap=True)


def _describe(output: "Output") -> str:
    limited = f", limiter up to {output.limiting_db:.1f} dB" if output.limiting_db > 0 else ""
    return f"{output.loudness_lufs:.1f} LUFS, {output.true_peak_dbtp:.1f} dBTP{limited}"


def run() -> None:
    """The console script."""
    sys.exit(main())
