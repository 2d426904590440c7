"""Which files are compared: a folder per song with a file per system, or a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from diffmst.audio.discovery import AUDIO_EXTENSIONS, natural_key
from diffmst.errors import UserError

Role = Literal["system", "reference", "anchor"]

REFERENCE = "reference"
SOURCE_COLUMNS = ("song", "system", "path")
"""That a table needs."""

TABLE_NAME = "listen.csv"
"""Of the table in a folder that `diffmst evaluate` wrote."""

_ROLES: dict[str, Role] = {"": "system", "system": "system", "reference": "reference", "anchor": "anchor"}
_ANCHOR_PREFIX = "anchor"


class StimulusFile(NamedTuple):
    """One version of a song."""

    system: str
    path: Path
    role: Role = "system"


@dataclass(frozen=True)
class TrialFiles:
    """What is compared on one page.

    Attributes:
        song: its name.
        stimuli: the versions to rate, anchors among them.
        reference: what they are compared with.
        start_s: where the excerpt begins, if the table says so.
    """

    song: str
    stimuli: tuple[StimulusFile, ...]
    reference: StimulusFile | None = None
    start_s: float | None = None


def read_sources(stimuli: Path) -> list[TrialFiles]:
    """The trials in a folder or a table, songs and systems in natural order.

    A folder has one folder per song, in it one audio file per system under the system's name; `reference` with any
    extension is the reference, and a name that begins with `anchor` an anchor. A table is a CSV file with the columns
    `song,system,path`, and if wanted `role` (system, reference or anchor) and `start_s`; its paths are relative to it.
    A folder that `diffmst evaluate` wrote has its own, `listen.csv`.

    Raises:
        UserError: it cannot be read, or songs differ in their systems, or there is nothing to compare.
    """
    if not stimuli.exists():
        raise UserError(f"{stimuli}: no such folder or table")
    stimuli = table if (table := stimuli / TABLE_NAME).is_file() else stimuli
    trials = _from_folder(stimuli) if stimuli.is_dir() else _from_table(stimuli)
    _check(trials, stimuli)
    return trials


def _from_folder(folder: Path) -> list[TrialFiles]:
    songs = [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    if not songs:
        raise UserError(f"{folder}: holds no folders; it needs one per song, with an audio file per system")
    return [_trial(song.name, map(_stimulus, _audio_in(song))) for song in sorted(songs, key=_by_name)]


def _by_name(path: Path) -> tuple[list[str | int], str]:
    return natural_key(path.name)


def _audio_in(folder: Path) -> list[Path]:
    entries = sorted(folder.iterdir(), key=_by_name)
    return [path for path in entries if path.suffix.lower() in AUDIO_EXTENSIONS and not path.name.startswith(".")]


def _stimulus(path: Path) -> StimulusFile:
    name = path.stem.lower()
    role: Role = "reference" if name == REFERENCE else "anchor" if name.startswith(_ANCHOR_PREFIX) else "system"
    return StimulusFile(path.stem, path, role)


def _from_table(path: Path) -> list[TrialFiles]:
    by_song: dict[str, list[StimulusFile]] = {}
    starts_s: dict[str, float] = {}
    for number, row in _rows(path):
        song, where = row["song"], f"{path}: line {number}"
        by_song.setdefault(song, []).append(_stimulus_of(row, path.parent, where))
        if row.get("start_s"):
            starts_s[song] = _seconds(row["start_s"], where)
    return [_trial(song, by_song[song], starts_s.get(song)) for song in sorted(by_song, key=natural_key)]


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The lines of a table that have all they need, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error.__class__.__name__})") from None
    reader = csv.DictReader(io.StringIO(text), restval="")
    if missing := [name for name in SOURCE_COLUMNS if name not in (reader.fieldnames or ())]:
        raise UserError(f"{path}: has no column {' and '.join(missing)}; it needs {','.join(SOURCE_COLUMNS)}")
    rows = [(reader.line_num, {name: row[name] or "" for name in reader.fieldnames or ()}) for row in reader]
    for number, row in rows:
        if not all(row[name].strip() for name in SOURCE_COLUMNS):
            raise UserError(f"{path}: line {number} lacks song, system or path; every line needs all three")
    if not rows:
        raise UserError(f"{path}: has no lines; add one per song and system")
    return rows


def _stimulus_of(row: Mapping[str, str], folder: Path, where: str) -> StimulusFile:
    given = (row.get("role") or "").strip().lower()
    role = _ROLES.get(given)
    if role is None:
        raise UserError(f"{where}: the role is {given!r}; it must be one of {', '.join(filter(None, _ROLES))}")
    return StimulusFile(row["system"].strip(), folder / row["path"].strip(), role)


def _seconds(text: str, where: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e6:
        raise UserError(f"{where}: start_s is {text!r}; it must be a number of seconds, 0 or more")
    return seconds


def _trial(song: str, files: Iterable[StimulusFile], start_s: float | None = None) -> TrialFiles:
    found = list(files)
    references = [file for file in found if file.role == "reference"]
    if len(references) > 1:
        raise UserError(f"{song}: has {len(references)} references; it may have one")
    stimuli = sorted((file for file in found if file.role != "reference"), key=lambda file: natural_key(file.system))
    return TrialFiles(song, tuple(stimuli), references[0] if references else None, start_s)


def _check(trials: Sequence[TrialFiles], source: Path) -> None:
    """Every song has the same systems, each of them once: only then can systems be compared over songs."""
    systems = [stimulus.system for stimulus in trials[0].stimuli]
    for trial in trials:
        own = [stimulus.system for stimulus in trial.stimuli]
        if repeated := sorted({name for name in own if own.count(name) > 1}):
            raise UserError(f"{source}: {trial.song} has {repeated[0]!r} more than once; a system is one file per song")
        if odd := sorted(set(systems) ^ set(own)):
            lacking = trial.song if odd[0] in systems else trials[0].song
            raise UserError(f"{source}: {lacking} has no {odd[0]!r}; every song needs a file of every system")
    if not systems:
        raise UserError(f"{source}: holds no audio to rate; every song needs an audio file per system")
