"""`diffmst evaluate` and `paper-tables`: systems on pairs, in tables, plots and a page to listen to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffmst import terminal
from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.evaluation.pair import Pair
    from diffmst.evaluation.tables import Table

INTERRUPTED = 130
DEFAULT_SYSTEMS = "equal-loudness,balanced,refine"

app = typer.Typer()


Systems = Annotated[str, typer.Option("--systems", help="Systems to compare, with commas, and YAML files of more.")]
Model = Annotated[
    Path | None, typer.Option("--model", help="Of the systems model and model+refine.", show_default=False)
]
External = Annotated[list[str] | None, typer.Option("--external", help="NAME=FOLDER of finished mixes from elsewhere.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", help="Processes.", min=1, show_default="all processors")]
RayAddress = Annotated[
    str | None, typer.Option("--ray", help="HOST:PORT of a Ray cluster, or local.", show_default=False)
]
Fad = Annotated[str, typer.Option("--fad", help="Embedding for the Fréchet distance, or none; see docs/fad.md.")]
WithControl = Annotated[bool, typer.Option("--control/--no-control", help="Also try wrong references.")]
WithMixes = Annotated[bool, typer.Option("--mixes/--no-mixes", help="Keep every mix, and put some on the page.")]
Seed = Annotated[int, typer.Option("--seed", help="Of all chance.", min=0)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what OUT holds.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what OUT holds.")]


@app.command()
def evaluate(
    pairs: Annotated[
        Path | None,
        typer.Option("--pairs", help="CSV with the columns stems,reference; see `diffmst pairs`.", show_default=False),
    ] = None,
    songs: Annotated[
        Path | None, typer.Option("--songs", help="Instead: a folder of songs, each a folder.", show_default=False)
    ] = None,
    references: Annotated[
        Path | None, typer.Option("--references", help="With it: a folder of references.", show_default=False)
    ] = None,
    systems: Systems = DEFAULT_SYSTEMS,
    model: Model = None,
    external: External = None,
    out: Out = Path("evaluation"),
    jobs: Jobs = None,
    ray: RayAddress = None,
    fad: Fad = "style",
    control: WithControl = True,
    mixes: WithMixes = True,
    seed: Seed = 0,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Run systems over pairs of song and reference: how near each comes, and whether its mixes are sane."""
    from diffmst.evaluation.evaluate import evaluate as evaluate_all
    from diffmst.evaluation.run import Options
    from diffmst.evaluation.systems import parse_systems

    chosen = parse_systems(systems, model=model, externals=_externals(external or []))
    options = Options(
        seed=seed,
        control=control,
        embedding=_embedding(fad),
        keep_mixes=mixes,
        jobs=jobs,
        ray=ray,
        resume=resume,
        force=force,
    )
    work = _pairs(pairs, songs, references)
    with _kept_when_interrupted(out), terminal.shown_progress() as progress:
        done = evaluate_all(work, chosen, out, options, progress, command=terminal.command_line())
    _report(done.notes, done.tables, done.page)


@app.command()
def paper_tables(
    songs: Annotated[
        list[Path] | None,
        typer.Option("--songs", help="A folder of songs or a data set; any number.", show_default="generated ones"),
    ] = None,
    musdb18: Annotated[
        Path | None, typer.Option("--musdb18", help="MUSDB18-HQ, for the references.", show_default=False)
    ] = None,
    song_list: Annotated[
        Path | None,
        typer.Option("--song-list", help="Instead: CSV with the columns stems,reference.", show_default=False),
    ] = None,
    generated: Annotated[int, typer.Option("--generated", help="Songs to make where none are given.", min=2)] = 8,
    systems: Systems = DEFAULT_SYSTEMS,
    model: Model = None,
    external: External = None,
    out: Out = Path("paper"),
    jobs: Jobs = None,
    ray: RayAddress = None,
    fad: Fad = "style",
    seed: Seed = 0,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Lay out the tables of the Diff-MST paper with rows of ours, on its songs or on what takes their place."""
    from diffmst.evaluation.paper.pairs import PaperSongs
    from diffmst.evaluation.paper.reproduce import reproduce
    from diffmst.evaluation.run import Options
    from diffmst.evaluation.systems import parse_systems

    chosen = parse_systems(systems, model=model, externals=_externals(external or []))
    options = Options(
        seed=seed, control=False, embedding=_embedding(fad), jobs=jobs, ray=ray, resume=resume, force=force
    )
    work = PaperSongs(song_list=song_list, songs=tuple(songs or ()), musdb18=musdb18, generated=generated)
    with _kept_when_interrupted(out), terminal.shown_progress() as progress:
        done = reproduce(out, work, chosen, options, progress, command=terminal.command_line())
    _report(done.notes, done.tables, done.evaluation.page)


@contextmanager
def _kept_when_interrupted(out: Path) -> Iterator[None]:
    """Says after Ctrl-C that what was done is not lost."""
    try:
        yield
    except KeyboardInterrupt:
        terminal.complain(f"interrupted: what was done is kept in {out}; --resume goes on with it")
        raise SystemExit(INTERRUPTED) from None


def _report(notes: Sequence[str], tables: Sequence[Table], page: Path) -> None:
    from diffmst.evaluation.tables_markup import terminal_tables

    for text in notes:
        terminal.note(text)
    for table in terminal_tables(tables):
        terminal.report_table(table.title, table.headings, table.rows)
    terminal.say("* best mean, no verdict; ≈ not told apart from it; × times equal loudness; ↓ less is better")
    terminal.say(f"{page}: all figures, with the mixes to listen to")


def _embedding(text: str) -> str | None:
    return None if text == "none" else text


def _pairs(pairs: Path | None, songs: Path | None, references: Path | None) -> list[Pair]:
    from diffmst.evaluation.pairs_file import all_pairs, read_pairs

    if pairs and not (songs or references):
        return read_pairs(pairs)
    if songs and references and not pairs:
        return all_pairs(songs, references)
    raise UserError("give either --pairs, or both --songs and --references")


def _externals(texts: list[str]) -> dict[str, Path]:
    """Folders of finished mixes by the name of their system."""
    folders: dict[str, Path] = {}
    for text in texts:
        name, _, folder = text.partition("=")
        if not (name and folder):
            raise UserError(f"--external {text}: give NAME=FOLDER, as human=mixes/human")
        if name in folders:
            raise UserError(f"--external {text}: {name} was given before; give every folder a name of its own")
        folders[name] = Path(folder)
    return folders
