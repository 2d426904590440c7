"""Rendering: the mix of a session as a WAV file, and its processed stems as an archive."""

from __future__ import annotations

from diffmst.advice import output_advice
from diffmst.mix import Mix
from diffmst.render import render_document
from diffmst.web.jobs.delivery import delivery_of
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.options import RenderOptions
from diffmst.web.jobs.packing import bytes_of, pack
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.tasks.song import document_of_task, file_title

_STEMS_FOLDER = "mix_stems"


def run(task: Task, reporter: Reporter) -> Done:
    """Renders the mix as `diffmst render` does.

    Raises:
        UserError: there is no document, a stem cannot be read, or an output not written.
    """
    assert isinstance(task.options, RenderOptions)
    options, title = task.options, file_title(task)
    document = document_of_task(task._replace(mix=_as_asked(task.mix, options) if task.mix else None))
    output = render_document(document, task.scratch / "mix.wav", stems=options.stems, force=True, progress=reporter)
    (task.scratch / "mix.wav").rename(task.scratch / f"{title}.wav")
    files = [f"{title}.wav"]
    if options.stems:
        files.append(f"{title} stems.zip")
        folder = task.scratch / _STEMS_FOLDER
        with reporter.phase("packing", bytes_of(folder)) as advance:
            pack(folder, task.scratch / files[-1], f"{title} stems", advance)
    told = {"files": files, "delivery": delivery_of(output), "notes": list(output_advice(output))}
    return Done(told, files=tuple(files))


def _as_asked(mix: Mix, options: RenderOptions) -> Mix:
    """The document with what is said of the file; the document itself stays as it is."""
    changes: dict[str, object] = {}
    if options.subtype:
        changes["subtype"] = options.subtype
    if options.ceiling_dbtp is not None:
        changes["ceiling_dbtp"] = options.ceiling_dbtp
    if options.tail_s is not None:
        changes["tail_s"] = options.tail_s
    if options.loudness != "document":
        changes["loudness_lufs"] = None if options.loudness == "keep" else options.loudness
    return mix.model_copy(update={"render": mix.render.model_copy(update=changes)})
