"""The application: the API, the page, and what guards them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute

from diffmst import __version__
from diffmst.web import documentation
from diffmst.web.access import Access, local_access
from diffmst.web.guard import Guard
from diffmst.web.hub import Hub
from diffmst.web.jobs import Runner as JobRunner
from diffmst.web.jobs import router as jobs_router
from diffmst.web.limits import Limits
from diffmst.web.page import page
from diffmst.web.problems import add_handlers
from diffmst.web.routes import about, audio, documents, events, files, login, sessions, uploads
from diffmst.web.state import RunnerFactory, ServerState
from diffmst.web.store import Store

STATIC = Path(__file__).parent / "static"
"""The built page."""

_ABOUT = """Everything that the page of `diffmst serve` does, for programs.

A session holds the stems of a song, its references and the mix. Upload files, start a job of kind `match`, watch its
events, read and change the mix document, render or export it, download the files.
"""


def create_app(
    store: Store,
    *,
    static: Path | None = STATIC,
    access: Access | None = None,
    limits: Limits | None = None,
    runner: RunnerFactory = JobRunner,
) -> FastAPI:
    """The application.

    Args:
        store: its sessions.
        static: folder of the built page; None for the API alone.
        access: who may use it; this machine only if not given.
        limits: how much it takes.
        runner: makes what works on sessions.
    """
    access, limits, hub = access or local_access(), limits or Limits(), Hub()
    state = ServerState(store, hub, runner(store, hub), access, limits)
    app = FastAPI(
        title="diffmst",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=_operation_id,
        lifespan=_lifespan,
    )
    app.state.server = state
    add_handlers(app)
    for part in (about, login, sessions, uploads, documents, audio, files, events):
        app.include_router(part.router)
    app.include_router(jobs_router)
    app.include_router(documentation.router)
    if static is not None:
        app.mount("/", page(static))
    app.add_middleware(Guard, access=access, patience_s=limits.patience_s)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state: ServerState = app.state.server
    state.runner.start()
    try:
        yield
    finally:
        state.hub.close()
        state.runner.close()


def _operation_id(route: APIRoute) -> str:
    """Names of functions, as they are told to programs that are made from the API."""
    return route.name
