"""`diffmst export` and `diffmst import`: a mix as a session of the musician's own program, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from diffmst import terminal
from diffmst.cli_options import Force, result_folder
from diffmst.daw.tempo import DEFAULT_BPM, DEFAULT_METER, Tempo
from diffmst.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diffmst.daw.exporting import Exported
    from diffmst.progress import Progress

app = typer.Typer()

Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--export",
        metavar="FORMAT",
        help="Also write sessions into daw/ of the results: ardour, ardour-ace, dawproject, reaper, stems or all.",
        show_default=False,
    ),
]
TempoBpm = Annotated[
    float,
    typer.Option(
        "--tempo",
        metavar="BPM",
        help="Of the grid of sessions, quarter notes per minute; the audio does not follow it.",
    ),
]
Meter = Annotated[str, typer.Option("--meter", help="Of the grid of sessions, such as 6/8.")]


@app.command()
def export(
    document: Annotated[Path, typer.Argument(help="A mix.json, as diffmst wrote it or as you changed it.")],
    out: Annotated[
        Path | None, typer.Argument(help="Takes a folder per format.", show_default="daw, beside the document")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="ardour, ardour-ace, dawproject, reaper, stems or all; several with commas, or --to again.",
            show_default=False,
        ),
    ] = None,
    tempo_bpm: TempoBpm = DEFAULT_BPM,
    meter: Meter = DEFAULT_METER,
    force: Force = False,
) -> None:
    """Write a mix as a session that your DAW opens, every track and setting in its place."""
    from diffmst.daw.exporting import export_session

    with terminal.shown_progress() as progress:
        sessions = export_session(
            document, formats or [], out, tempo_bpm=tempo_bpm, meter=meter, force=force, progress=progress
        )
    report_sessions(sessions)


@app.command("import")
def import_(
    session: Annotated[
        Path, typer.Argument(help="A session that diffmst exported and you changed: its folder or file.")
    ],
    document: Annotated[
        Path | None, typer.Argument(help="The mix.json that takes the changes.", show_default="the one exported")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the document.", show_default="a new one beside the document's"),
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Replace the document.")] = False,
    force: Force = False,
) -> None:
    """Bring what you changed in an exported session back into its mix, and lock it there."""
    from diffmst.daw.read_back import read_session, write_document

    read = read_session(session, document)
    folder = result_folder(read.document, out, in_place=in_place)
    for note in read.notes:
        terminal.note(note)
    if not read.changes:
        terminal.say(f"{session}: nothing was changed in it that {read.document} does not have; nothing is written")
        return
    written = write_document(read, folder, force=force or in_place)
    terminal.report_table("changed in the session", ("part", "control", "before", "after"), read.changes)
    terminal.say(f"{written}: the mix with these changes locked; `diffmst match` finds the rest anew, or `render` it")


def report_sessions(sessions: Sequence[Exported]) -> None:
    """Where sessions lie, and what to know of them; what holds for several is said once."""
    formats: dict[str, list[str]] = {}
    for session in sessions:
        for note in session.notes:
            formats.setdefault(note, []).append(session.format)
    for note, names in formats.items():
        terminal.note(note if len(names) == len(sessions) else f"{', '.join(names)}: {note}")
    for session in sessions:
        terminal.say(f"{session.path}: {session.title}")


class Beside(NamedTuple):
    """Sessions of a mix, beside it, as the options of its command say.

    Attributes:
        folder: of the mix.
        formats: of the sessions; none is written where none is named.
        tempo_bpm: of their grid.
        meter: of their grid.
        force: replace earlier ones.
    """

    folder: Path
    formats: Sequence[str] | None
    tempo_bpm: float
    meter: str
    force: bool

    def check(self) -> None:
        """Makes sure, ahead of the work, that nothing will be in the way of `write`.

        Raises:
            UserError: there is no such format or grid, a grid of no session, or a session already.
        """
        tempo = Tempo.of(self.tempo_bpm, self.meter)
        if not self.formats:
            if tempo != Tempo():
                raise UserError(f"--tempo and --meter ({tempo}) are of sessions; name a format for them with --export")
            return
        from diffmst.daw.exporting import FOLDER_NAME, check_places, chosen_formats

        check_places(self.folder / FOLDER_NAME, chosen_formats(self.formats), force=self.force)

    def write(self, progress: Progress) -> Sequence[Exported]:
        """The sessions.

        Raises:
            UserError: one cannot be written.
        """
        if not self.formats:
            return ()
        from diffmst.daw.exporting import export_session

        return export_session(
            self.folder / "mix.json",
            self.formats,
            tempo_bpm=self.tempo_bpm,
            meter=self.meter,
            force=self.force,
            progress=progress,
        )
