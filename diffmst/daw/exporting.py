"""Mixes written as sessions: every session appears whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from diffmst.adjust import moved_to
from diffmst.audio import SAMPLE_BYTES
from diffmst.data.checksum import file_sha256
from diffmst.data.song import Song
from diffmst.daw.build import build_console_mix
from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.earlier import EarlierSession
from diffmst.daw.formats import FORMAT_NAMES, Format, SessionValues, format_named, known_names
from diffmst.daw.naming import session_title
from diffmst.daw.notes import delivery_note, path_note
from diffmst.daw.ranges import within_ranges
from diffmst.daw.record import DOCUMENT_NAME, RECORD_NAME, Record
from diffmst.daw.tempo import DEFAULT_BPM, DEFAULT_METER, Tempo
from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder, check_writable, write_text_atomically
from diffmst.progress import SILENT, Progress
from diffmst.render import song_of

FOLDER_NAME = "daw"
"""Where sessions go, beside the document, unless the user says where."""


class Exported(NamedTuple):
    """A session that was written.

    Attributes:
        path: what the user opens: the file of the session, or its folder.
        format: its name.
        title: of the format, for people.
        notes: a line each on what the user should know of it.
    """

    path: Path
    format: str
    title: str
    notes: tuple[str, ...]


def chosen_formats(names: Sequence[str]) -> tuple[Format, ...]:
    """Formats as the user names them: several with commas between them, or `all`; none twice.

    Raises:
        UserError: there is no such format, or none is named.
    """
    words = [word.strip().lower() for name in names for word in name.split(",") if word.strip()]
    if not words:
        raise UserError(f"no format is named; give --to with one or several of {known_names()}")
    every = [name for word in words for name in (FORMAT_NAMES if word == "all" else (word,))]
    return tuple(map(format_named, dict.fromkeys(every)))


def check_places(folder: Path, formats: Sequence[Format], *, force: bool) -> None:
    """Makes sure, ahead of the work, that sessions may be written.

    Raises:
        UserError: one is there already, unless that is to be replaced; a file is; or the folder cannot be written.
    """
    for kind in formats:
        target = folder / kind.name
        if target.exists() and not target.is_dir():
            raise UserError(f"{target}: is a file, where a folder is to be written; choose another folder")
        if not force and target.is_dir() and any(target.iterdir()):
            raise UserError(f"{target}: already exists; use --force to replace it, or choose another folder")
        check_writable(target)


def export_session(
    document: Path | str,
    formats: str | Sequence[str],
    folder: Path | str | None = None,
    *,
    tempo_bpm: float = DEFAULT_BPM,
    meter: str = DEFAULT_METER,
    title: str | None = None,
    force: bool = False,
    progress: Progress = SILENT,
) -> tuple[Exported, ...]:
    """Writes a mix as sessions of other programs, each into a folder of its own, `<folder>/<format>`.

    A session plays the mix as the console makes it, before `diffmst render` brings it to its loudness and ceiling.
    With `force`, the files of an earlier export give way; what else lies in the folder of a session stays. Where a
    program has saved the session since, all of the folder is kept beside the new one, as `<format>-old`.

    Args:
        document: a mix.json.
        formats: one or several of `ardour`, `ardour-ace`, `dawproject`, `reaper`, `stems`; or `all`.
        folder: takes the folders of the sessions; `daw` beside the document if not given.
        tempo_bpm: of the grid of the sessions that have one, quarter notes per minute; the audio does not follow it.
        meter: of that grid, such as `6/8`.
        title: of the song; as its folder is called if not given.
        force: replace an earlier session.
        progress: told how far it is.

    Raises:
        UserError: the document or a stem cannot be used, there is no such format, or a session cannot be written.
    """
    chosen = chosen_formats([formats] if isinstance(formats, str) else formats)
    document, tempo = Path(document), Tempo.of(tempo_bpm, meter)
    folder = document.parent / FOLDER_NAME if folder is None else Path(folder)
    mix_document = Mix.read(document)  # what is no mix is told before what is in the way
    check_places(folder, chosen, force=force)
    with ExitStack() as opened:
        places = [_Place.enter(opened, kind, folder / kind.name, force) for kind in chosen]
        places[0].outputs.check_room(_audio_bytes(song_of(mix_document, document.parent), mix_document.muted, chosen))
        parts = {part for kind in chosen for part in kind.parts}
        with _told_as(folder, aside := places[0].outputs.aside()):
            mix = build_console_mix(document, aside, parts, progress)._replace(tempo=tempo)
            mix = mix._replace(title=session_title(title)) if title is not None else mix
        inputs = [document, *(document.parent / track.path for track in mix.document.tracks)]
        written = [place.write(mix, inputs, progress) for place in places]
        kept = [place.earlier.make_way(inputs) for place in places]
    for place, session in zip(places, written, strict=True):
        place.earlier.clear(session.files, inputs)
    return tuple(
        session.exported._replace(notes=(*notes, *session.exported.notes))
        for session, notes in zip(written, kept, strict=True)
    )


def _audio_bytes(song: Song, muted: Sequence[bool], formats: Sequence[Format]) -> int:
    """Room that the audio of sessions takes on the disk, at least."""
    rows = {"sources": sum(song.channels), "processed": 2 * muted.count(False)}
    reverb_rows = 2
    wanted = reverb_rows + sum(rows[part] for kind in formats for part in kind.parts)
    return song.frames * wanted * SAMPLE_BYTES["FLOAT"]


@contextmanager
def _told_as(folder: Path, aside: Path) -> Iterator[None]:
    """What cannot be written aside is told as what cannot be written into the folder: the files are nobody's yet."""
    try:
        yield
    except UserError as error:
        _, found, rest = str(error).partition(str(aside))
        if not found:
            raise
        raise UserError(f"{folder}: {rest.partition(': ')[2]}") from error


class _Written(NamedTuple):
    exported: Exported
    files: tuple[str, ...]  # all of them, relative to the folder


class _Place(NamedTuple):
    """Where a session goes."""

    kind: Format
    earlier: EarlierSession
    outputs: OutputFolder

    @classmethod
    def enter(cls, opened: ExitStack, kind: Format, folder: Path, force: bool) -> _Place:
        """What lies there moves back, in the end, only if the new session does not get there."""
        earlier = opened.enter_context(EarlierSession(kind, folder))
        return cls(kind, earlier, opened.enter_context(OutputFolder(folder, force=force)))

    def write(self, mix: ConsoleMix, inputs: Sequence[Path], progress: Progress) -> _Written:
        """Writes the session aside; it comes to its place with the other outputs."""
        kind, outputs = self.kind, self.outputs
        outputs.claim([DOCUMENT_NAME, RECORD_NAME], inputs)
        stage = outputs.path(DOCUMENT_NAME).parent
        with progress.phase(f"writing {kind.title}", 1) as advance:
            notes = kind.write(mix, stage, advance)
        moved = moved_to(mix.document, mix.document_path.parent, outputs.folder)
        write_text_atomically(stage / DOCUMENT_NAME, moved.to_json())
        files = [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]
        opens = _session_file(kind, stage)
        self._record(mix, opens, files).write(stage / RECORD_NAME)
        outputs.claim(files, inputs)
        path = outputs.folder / opens.relative_to(stage) if opens else outputs.folder
        exported = Exported(path, kind.name, kind.title, (delivery_note(mix), *path_note(kind, outputs.folder), *notes))
        return _Written(exported, (*files, RECORD_NAME))

    def _record(self, mix: ConsoleMix, opens: Path | None, files: Sequence[str]) -> Record:
        values = within_ranges(self.kind.read(opens), mix.layout) if opens else SessionValues({}, {})
        values = values._replace(fx={**mix.fx, **values.fx})  # what the return plays, where no effect says it
        sha256 = file_sha256(opens) if opens else ""
        return Record.of(values, self.kind, mix.document_path, self.outputs.folder, files, sha256)


def _session_file(kind: Format, folder: Path) -> Path | None:
    """The file that a program opens; none for a format that no program opens."""
    if not kind.suffix:
        return None
    (found,) = (path for path in folder.iterdir() if path.suffix.lower() == kind.suffix)
    return found
