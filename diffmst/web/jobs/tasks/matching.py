"""Matching: the stems of a session mixed like its references."""

from __future__ import annotations

from diffmst.listening import hear, roles_of
from diffmst.match import Options, match_heard
from diffmst.models.shipped import shipped_model
from diffmst.outputs import OutputFolder
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.options import MatchOptions
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.tasks.matched import core_options, done
from diffmst.web.jobs.tasks.song import references_of_task, song_of_stems, told_roles_of_task


def run(task: Task, reporter: Reporter) -> Done:
    """Mixes the stems like the references; the document is new.

    Raises:
        UserError: an input cannot be used, or an output not written.
    """
    assert isinstance(task.options, MatchOptions)
    song, choices = song_of_stems(task), references_of_task(task)
    options = core_options(task, task.options, Options(), shipped_model() if task.options.model else None)
    with OutputFolder(task.scratch, force=True) as outputs:
        heard = hear(song, choices, reporter, roles=roles_of(song, told_roles_of_task(task)))
        matched = match_heard(
            heard, outputs, options, title=task.info.title, progress=reporter, observer=reporter.observe
        )
    return done(task, matched)
