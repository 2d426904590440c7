"""What jobs do, in the working process: each a function from a task, and who is told how far it is, to what it made.

Their modules are imported when they are needed: some load torch, and the server must not.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from diffmst.web.jobs.job import Done, Task
from diffmst.web.jobs.options import Kind
from diffmst.web.jobs.reporting import Reporter

MODULES: dict[Kind, str] = {
    "prepare": "preparing",
    "balance": "balancing",
    "match": "matching",
    "rematch": "rematching",
    "measure": "measuring",
    "render": "rendering",
    "export": "exporting",
    "demo": "demo",
}


class Work(Protocol):
    """Does a job."""

    def __call__(self, task: Task, reporter: Reporter) -> Done:
        """What it made lies in the scratch folder of the task, or in the cache; nothing else is touched.

        Raises:
            UserError: it cannot be done.
            CancelledError: it was to end.
        """


def work_of(kind: Kind) -> Work:
    """What does jobs of a kind."""
    return cast(Work, import_module(f"{__name__}.{MODULES[kind]}").run)
