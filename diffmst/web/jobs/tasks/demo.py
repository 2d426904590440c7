"""The demo: a song and a finished reference, made up, for a session to begin with."""

from __future__ import annotations

from diffmst.demo import REFERENCE_NAME, STEM_FOLDER, write_songs
from diffmst.outputs import OutputFolder
from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.options import DemoOptions
from diffmst.web.jobs.reporting import Reporter


def run(task: Task, reporter: Reporter) -> Done:
    """Makes the stems and the reference.

    Raises:
        UserError: they cannot be written.
    """
    assert isinstance(task.options, DemoOptions)
    with OutputFolder(task.scratch, force=True) as outputs:
        stems, _ = write_songs(task.options.seed, outputs, reporter)
    return Done({}, stems=tuple(f"{STEM_FOLDER}/{path.name}" for path in stems), references=(REFERENCE_NAME,))
