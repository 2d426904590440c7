"""Long work on sessions: jobs that a process of its own does, one after the other, and that may be stopped."""

from diffmst.web.jobs.routes import router
from diffmst.web.jobs.runner import Runner

__all__ = ["Runner", "router"]
