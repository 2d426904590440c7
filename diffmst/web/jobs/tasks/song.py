"""The song and the references of a session, as the rest of the package takes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from diffmst.adjust import neutral_settings
from diffmst.audio import StemFile
from diffmst.data.song import Song
from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.outputs import file_name, write_text_atomically
from diffmst.references import ReferenceChoice
from diffmst.render import song_of
from diffmst.web.jobs.job import Task

_KEY_DIGITS = 32
_LONGEST_TITLE_BYTES = 100


def song_of_task(task: Task) -> Song:
    """The song that the document mixes, without its tail; before there is one, that of all stems of the session.

    Raises:
        UserError: there is no stem, or one cannot be read.
    """
    if task.mix:
        return song_of(task.mix, task.scratch).with_tail(0.0)
    return song_of_stems(task)


def song_of_stems(task: Task) -> Song:
    """The song of all stems of the session, by the names that are shown.

    Raises:
        UserError: there is no stem, or one cannot be read.
    """
    if not task.info.stems:
        raise UserError("there are no stems yet; add the tracks of your song")
    files = [StemFile(task.folder / stem.file, stem.name) for stem in task.info.stems]
    return Song.of_stems(_with_names_apart(files))


def _with_names_apart(files: Sequence[StemFile]) -> list[StemFile]:
    """The same files; names that are there already get numbers."""
    taken: set[str] = set()
    apart = []
    for file in files:
        name, number = file.name, 2
        while name.casefold() in taken:
            name, number = f"{file.name} ({number})", number + 1
        taken.add(name.casefold())
        apart.append(StemFile(file.path, name))
    return apart


def references_of_task(task: Task) -> list[ReferenceChoice]:
    """The references of the session.

    Raises:
        UserError: there is none.
    """
    if not task.info.references:
        raise UserError("there is no reference yet; add a song to mix like")
    return [
        ReferenceChoice(task.folder / reference.file, reference.weight, reference.aspects, reference.main)
        for reference in task.info.references
    ]


def told_roles_of_task(task: Task) -> dict[str, str]:
    """The roles that the user has told, by file."""
    return {str(task.folder / stem.file): stem.role for stem in task.info.stems if stem.role is not None}


def file_key(path: Path) -> list[object]:
    """What changes with the contents of a file, as far as can be told without reading it."""
    path = path.resolve()
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def key_of(*parts: object) -> str:
    """A short text that is the same for the same parts alone; they are JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:_KEY_DIGITS]


def song_key(song: Song) -> str:
    """Changes with anything that decoding a song depends on."""
    return key_of("song", song.sample_rate, song.channels, [file_key(track.path) for track in song.tracks])


def before_key(song: Song, mix: Mix) -> str:
    """Changes with anything that the balanced neutral mix of a song depends on."""
    return key_of("before", song_key(song), mix.layout, mix.muted, [part.tolist() for part in neutral_settings(mix)])


def sounding_key(mix: Mix) -> str:
    """Changes with anything that the sound of a mix depends on, up to its final gain."""
    tracks = [(track.sha256, track.channels, track.mute) for track in mix.tracks]
    settings, tail_s = [part.tolist() for part in mix.settings], mix.render.tail_s
    return key_of("mix", mix.layout, mix.sample_rate, tail_s, tracks, settings)


def document_of_task(task: Task) -> Path:
    """The document as a file, as it was when the job began; paths in it hold.

    Raises:
        UserError: there is no document yet, or it cannot be written.
    """
    if task.mix is None:
        raise UserError("there is no mix yet; match the song first")
    path = task.scratch / "mix.json"
    write_text_atomically(path, task.mix.to_json())
    return path


def file_title(task: Task) -> str:
    """The title of the session as the beginning of a file's name."""
    return file_name(task.info.title, _LONGEST_TITLE_BYTES).lstrip(".- ") or "mix"
