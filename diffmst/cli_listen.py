"""`diffmst listen`: blind listening tests, made and evaluated."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffmst import terminal
from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.listening_test.make import Anchor

app = typer.Typer(help="Blind listening tests that run in any browser, offline.", no_args_is_help=True)

_ANCHORS: tuple[Anchor, ...] = ("low", "mid")


class Kind(StrEnum):
    """Kinds of test."""

    MUSHRA = "mushra"
    PREFERENCE = "preference"


class Question(StrEnum):
    """What a preference test asks."""

    QUALITY = "quality"
    STYLE = "style"
    SIMILARITY = "similarity"


Force = Annotated[bool, typer.Option("--force", help="Replace outputs of the same names.")]


@app.command()
def make(
    stimuli: Annotated[
        Path, typer.Argument(help="A folder per song with a file per system, a CSV of them, or results of evaluate.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the test.")] = Path("test"),
    kind: Annotated[
        Kind,
        typer.Option("--kind", help="With a hidden reference, which has to be a mix of the same song, or without."),
    ] = Kind.MUSHRA,
    question: Annotated[Question, typer.Option("--question", help="That a preference test asks.")] = Question.QUALITY,
    title: Annotated[str, typer.Option("--title", help="On every page.")] = "Listening test",
    instructions: Annotated[str, typer.Option("--instructions", help="More for listeners to know.")] = "",
    send_to: Annotated[str, typer.Option("--send-to", help="Where listeners send their results.")] = "",
    start: Annotated[
        float | None, typer.Option("--start", help="Of the excerpts, s.", min=0, show_default="the loudest passage")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="Length of the excerpts.")] = 10.0,
    loudness: Annotated[float, typer.Option("--loudness", help="Of every sound, LUFS.")] = -23.0,
    anchors: Annotated[
        str | None, typer.Option("--anchors", help="low,mid or none.", show_default="both for mushra")
    ] = None,
    must_hear: Annotated[float, typer.Option("--must-hear", help="Share of every sound, 0 to 1.")] = 1.0,
    repeats: Annotated[
        int | None, typer.Option("--repeats", help="Pages that come twice.", show_default="1 for preference")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the names of the sounds.")] = 1,
    webmushra: Annotated[bool, typer.Option("--webmushra", help="Also write the test for webMUSHRA.")] = False,
    force: Force = False,
) -> None:
    """Make a blind, loudness-matched test of STIMULI: a page for listeners, and the key to it."""
    from diffmst.listening_test.make import Options, make_test

    options = Options(
        kind=kind.value,
        question=question.value,
        title=title,
        instructions=instructions,
        send_to=send_to,
        start_s=start,
        seconds=seconds,
        loudness_lufs=loudness,
        anchors=_anchors(anchors),
        must_hear=must_hear,
        repeats=repeats,
        seed=seed,
        webmushra=webmushra,
    )
    with terminal.shown_progress() as progress:
        made = make_test(stimuli, out, options, force=force, progress=progress)
    for text in made.notes:
        terminal.note(text)
    terminal.say(f"{made.page}: for listeners, with all in its folder ({made.page_bytes / 1e6:.1f} MB)")
    terminal.say(f"{out / 'key.json'}: for you; `diffmst listen report` needs it")


@app.command()
def report(
    results: Annotated[list[Path], typer.Argument(help="CSV files that listeners saved, or folders of them.")],
    test: Annotated[
        Path | None, typer.Option("--test", help="Folder of the test.", show_default="beside the results")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for report.html and tables.", show_default=False)
    ] = None,
    keep_all: Annotated[bool, typer.Option("--keep-all", help="Leave no listener out.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap.")] = 0,
    force: Force = False,
) -> None:
    """Print what listeners rated: means, intervals, differences, and who was left out."""
    from diffmst.listening_test.report import report_test
    from diffmst.listening_test.tables import terminal_tables

    done = report_test(results, test=test, out=out, keep_all=keep_all, seed=seed, force=force)
    for text in done.notes:
        terminal.note(text)
    for table in terminal_tables(done):
        terminal.report_table(table.title, table.headings, table.rows)


def _anchors(text: str | None) -> tuple[Anchor, ...] | None:
    if text is None:
        return None
    names = [name for name in text.split(",") if name and name != "none"]
    if unknown := [name for name in names if name not in _ANCHORS]:
        raise UserError(f"--anchors {unknown[0]}: give {','.join(_ANCHORS)}, one of them, or none")
    return tuple(anchor for anchor in _ANCHORS if anchor in names)
