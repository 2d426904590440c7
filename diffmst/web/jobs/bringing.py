"""What a job has made, brought from its scratch folder into the session: all of it, or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from diffmst.data.checksum import file_sha256
from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.outputs import write_errors
from diffmst.rebase import rebased
from diffmst.web.jobs.job import Done, Task
from diffmst.web.probing import checked
from diffmst.web.session import Session
from diffmst.web.session_info import Reference, SessionInfo, Stem

FileT = TypeVar("FileT", Stem, Reference)


def bring_home(session: Session, task: Task, done: Done) -> Iterator[dict[str, Any]]:
    """Makes what a job has made part of its session; yields what pages have to know.

    Args:
        session: of the job.
        task: what it had to do.
        done: what it made.

    Raises:
        UserError: what was made does not fit the session any more, or something cannot be written.
    """
    with session.lock:
        mix, kept = _with_edits(session, task, done.mix)
        if mix:
            session.check_files(mix)
        if done.stems and session.info().stems:
            raise UserError("stems have come meanwhile; the demo needs a session without any")
        _move(done.cached, task.scratch, session.cache_folder)
        _move(done.files, task.scratch, session.mix_folder)
        if done.stems or done.references:
            _add_files(session, task, done)
            yield {"type": "session"}
        revision = task.revision
        if mix:
            revision = session.put_document(mix, task.kind)
            yield {"type": "mix", "revision": revision, "origin": task.kind, "kept": kept}
        if done.delivery and mix == done.mix:
            yield {"type": "delivery", "revision": revision, **done.delivery}


def _with_edits(session: Session, task: Task, found: Mix | None) -> tuple[Mix | None, list[str]]:
    """The document that a job has found, with what the user has changed since the job began, and what that is."""
    if not (found and task.mix and (now := session.document())):
        return found, []
    return rebased(found, task.mix, now.mix)


def _move(names: Iterable[str], source: Path, target: Path) -> None:
    for name in names:
        path = target / name
        with write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            (source / name).replace(path)


def _add_files(session: Session, task: Task, done: Done) -> None:
    stems = _added(Stem, done.stems, task.scratch, session.stems_folder)
    references = _added(Reference, done.references, task.scratch, session.references_folder)

    def update(info: SessionInfo) -> SessionInfo:
        return info.model_copy(update={"stems": (*info.stems, *stems), "references": (*info.references, *references)})

    session.change(update)


def _added(kind: type[FileT], names: Iterable[str], scratch: Path, folder: Path) -> list[FileT]:
    """Files of the scratch folder moved into a folder of the session."""
    files = []
    for name in names:
        source, target = scratch / name, folder / Path(name).name
        about, checksum = checked(source), file_sha256(source)
        _move([source.name], source.parent, folder)
        file = target.relative_to(scratch.parent).as_posix()
        files.append(kind(id=secrets.token_hex(4), name=target.stem, file=file, sha256=checksum, **about))
    return files
