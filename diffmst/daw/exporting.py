"""Mixes written as sessions: every session appears whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from diffmst.adjust import moved_to
from diffmst.daw.build import build_console_mix
from diffmst.daw.console_mix import ConsoleMix
from diffmst.daw.formats import FORMAT_NAMES, Format, SessionValues, format_named, known_names
from diffmst.daw.ranges import within_ranges
from diffmst.daw.record import DOCUMENT_NAME, RECORD_NAME, Record, read_files
from diffmst.errors import UserError
from diffmst.mix import RenderSettings
from diffmst.outputs import OutputFolder, write_errors, write_text_atomically
from diffmst.progress import SILENT, Progress

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


def check_free(folder: Path, formats: Sequence[Format]) -> None:
    """Makes sure, ahead of the work, that sessions may be written.

    Raises:
        UserError: there is one already, or something else.
    """
    for kind in formats:
        target = folder / kind.name
        if target.exists() and not target.is_dir():
            raise UserError(f"{target}: is a file, where a folder is to be written; choose another folder")
        if target.is_dir() and any(target.iterdir()):
            raise UserError(f"{target}: already exists; use --force to replace what is in it, or choose another folder")


def export_session(
    document: Path | str,
    formats: str | Sequence[str],
    folder: Path | str | None = None,
    *,
    force: bool = False,
    progress: Progress = SILENT,
) -> tuple[Exported, ...]:
    """Writes a mix as sessions of other programs, each into a folder of its own, `<folder>/<format>`.

    A session plays the mix as the console makes it, before `diffmst render` brings it to its loudness and ceiling.
    With `force`, the files of an earlier export give way; what else lies in the folder of a session stays.

    Args:
        document: a mix.json.
        formats: one or several of `ardour`, `dawproject`, `reaper`, `stems`; or `all`.
        folder: takes the folders of the sessions; `daw` beside the document if not given.
        force: replace an earlier session.
        progress: told how far it is.

    Raises:
        UserError: the document or a stem cannot be used, there is no such format, or a session cannot be written.
    """
    chosen = chosen_formats([formats] if isinstance(formats, str) else formats)
    document = Path(document)
    folder = document.parent / FOLDER_NAME if folder is None else Path(folder)
    if not force:
        check_free(folder, chosen)
    before = [read_files(folder / kind.name) for kind in chosen]
    with ExitStack() as opened:
        targets = [opened.enter_context(OutputFolder(folder / kind.name, force=force)) for kind in chosen]
        parts = {part for kind in chosen for part in kind.parts}
        mix = build_console_mix(document, targets[0].aside(), parts, progress)
        sessions = tuple(
            _write_session(kind, mix, target, progress) for kind, target in zip(chosen, targets, strict=True)
        )
    inputs = _inputs(mix)
    for target, files in zip(targets, before, strict=True):
        _remove((target.folder / name for name in sorted(files - read_files(target.folder))), inputs)
    return sessions


def delivery_note(mix: ConsoleMix) -> str:
    """What `diffmst render` does to the mix that no session does."""
    if not (level := mix.stated_level()):
        return "the mix is silent: its tracks are muted, at their lowest, or have no sound"
    return f"a session plays the mix as the console makes it, at {level}; {_delivery(mix.document.render)}"


def _delivery(asked: RenderSettings) -> str:
    ceiling = f"{asked.ceiling_dbtp:g} dBTP"
    if asked.loudness_lufs is None:
        return f"`diffmst render` then keeps it under {ceiling}"
    return f"`diffmst render` then aims at {asked.loudness_lufs:.1f} LUFS under {ceiling}"


def _write_session(kind: Format, mix: ConsoleMix, outputs: OutputFolder, progress: Progress) -> Exported:
    inputs = _inputs(mix)
    outputs.claim([DOCUMENT_NAME, RECORD_NAME], inputs)
    stage = outputs.path(DOCUMENT_NAME).parent
    with progress.phase(f"writing {kind.title}", 1) as advance:
        notes = kind.write(mix, stage, advance)
    moved = moved_to(mix.document, mix.document_path.parent, outputs.folder)
    write_text_atomically(stage / DOCUMENT_NAME, moved.to_json())
    files = [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]
    written = _session_file(kind, stage)
    values = within_ranges(kind.read(written), mix.layout) if written else SessionValues({}, {})
    values = values._replace(fx={**mix.fx, **values.fx})  # what the return plays, where no effect says it
    Record.of(values, kind, mix.document_path, outputs.folder, files).write(stage / RECORD_NAME)
    outputs.claim(files, inputs)
    opens = outputs.folder / written.relative_to(stage) if written else outputs.folder
    return Exported(opens, kind.name, kind.title, (delivery_note(mix), *notes))


def _inputs(mix: ConsoleMix) -> list[Path]:
    """The files that a mix is made from."""
    return [mix.document_path, *(mix.document_path.parent / track.path for track in mix.document.tracks)]


def _remove(files: Iterable[Path], inputs: Collection[Path]) -> None:
    """Removes files of an earlier session that are none of the new one: tracks may have had other names."""
    for path in files:
        with write_errors(path):
            if path.is_file() and not any(path.samefile(source) for source in inputs):
                path.unlink()


def _session_file(kind: Format, folder: Path) -> Path | None:
    """The file that a program opens; none for a format that no program opens."""
    if not kind.suffix:
        return None
    (found,) = (path for path in folder.iterdir() if path.suffix.lower() == kind.suffix)
    return found
