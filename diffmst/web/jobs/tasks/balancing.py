"""Balancing: the stems of a session mixed without a reference, so that there is something to hear."""

from __future__ import annotations

from diffmst.balance import balanced, with_new_tracks
from diffmst.layout import DEFAULT
from diffmst.listening import hear, roles_of
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.reporting import Reporter
from diffmst.web.jobs.tasks.song import song_of_stems, told_roles_of_task


def run(task: Task, reporter: Reporter) -> Done:
    """Balances the stems; a mix that is there already takes those that it does not have, and is left alone otherwise.

    Raises:
        UserError: there is no stem, one cannot be read, or nothing sounds.
    """
    song = song_of_stems(task)
    heard = hear(song, [], reporter, roles=roles_of(song, told_roles_of_task(task)))
    with reporter.phase("balancing", 1):
        mix = balanced(heard, task.scratch, task.mix.console_layout if task.mix else DEFAULT)
    return Done({}, mix=with_new_tracks(task.mix, mix) if task.mix else mix)
