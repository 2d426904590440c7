"""Exporting: the mix of a session as sessions of other programs, an archive each."""

from __future__ import annotations

import shutil

from diffmst.daw.exporting import FOLDER_NAME, chosen_formats, export_session
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.options import ExportOptions
from diffmst.web.jobs.packing import bytes_of, pack
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.tasks.song import document_of_task, file_title


def run(task: Task, reporter: Reporter) -> Done:
    """Writes the sessions as `diffmst export` does, and packs each.

    Raises:
        UserError: there is no document, no such format, a stem cannot be read, or an output not written.
    """
    assert isinstance(task.options, ExportOptions)
    names = [kind.name for kind in chosen_formats(task.options.formats)]
    folder, title = task.scratch / FOLDER_NAME, file_title(task)
    document, name = document_of_task(task), task.info.title
    sessions = export_session(document, names, folder, title=name, force=True, progress=reporter)
    files = [f"{FOLDER_NAME}/{title} ({session.format}).zip" for session in sessions]
    with reporter.phase("packing", bytes_of(folder)) as advance:
        for session, file in zip(sessions, files, strict=True):
            pack(folder / session.format, task.scratch / file, f"{title} ({session.format})", advance)
            shutil.rmtree(folder / session.format)
    told = [
        {"format": session.format, "title": session.title, "file": file, "notes": list(session.notes)}
        for session, file in zip(sessions, files, strict=True)
    ]
    return Done({"files": files, "sessions": told}, files=tuple(files))
