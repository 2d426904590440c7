"""Matching again: the document of a session, as the user has changed and locked it."""

from __future__ import annotations

from diffmst.errors import UserError
from diffmst.models.prediction import MixModel
from diffmst.models.shipped import shipped_model
from diffmst.references import ReferenceChoice
from diffmst.rematch import options_of, rematch
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.options import RematchOptions
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.tasks.matched import core_options, done
from diffmst.web.jobs.tasks.song import document_of_task, references_of_task


def run(task: Task, reporter: Reporter) -> Done:
    """Matches the document to the references of the session; what is locked stays as it is.

    Raises:
        UserError: there is no document, an input cannot be used, or an output not written.
    """
    assert isinstance(task.options, RematchOptions)
    if task.mix is None:
        raise UserError("there is no mix yet; match the song first")
    references = references_of_task(task)
    before = options_of(task.mix, same_references=_same(task, references))
    model = _model(task.mix.layout) if task.options.model else None
    matched = rematch(
        document_of_task(task),
        task.scratch,
        references,
        core_options(task, task.options, before, model),
        keep_changes=task.options.keep_changes,
        title=task.info.title,
        progress=reporter,
        observer=reporter.observe,
    )
    return done(task, matched)


def _model(layout: str) -> MixModel | None:
    """The model that comes with diffmst, if it sets the controls of this layout."""
    model = shipped_model()
    return model if model.layout.name == layout else None


def _same(task: Task, references: list[ReferenceChoice]) -> bool:
    """Whether the references are those that the document was matched to."""
    assert task.mix is not None
    before = {(task.scratch / reference.path).resolve() for reference in task.mix.references if reference.main}
    return before == {choice.path.resolve() for choice in references if choice.main}
