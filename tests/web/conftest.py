"""What the tests of the web console share: a server, small songs, and the browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page
from serving import Idle, Served, serving
from songs import write_song

from bench.browser import page as engine
from diffmst.web.app import create_app
from diffmst.web.limits import Limits
from diffmst.web.store import Store

STRICT = Limits(max_file_bytes=2 << 20, max_files=5, patience_s=2.0)
"""Of the server that hostile requests are sent to; its patience outlasts the pauses of a busy machine."""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server with the built page and its jobs; make sessions of your own in it."""
    with serving(tmp_path_factory.mktemp("sessions")) as running:
        yield running


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The browser that the tests drive; whoever asks for it is skipped where there is none."""
    found = engine.browser()
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(engine.BROWSERS)} is installed")
    return found


@pytest.fixture(scope="session")
def built_engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sound engine's test page, built from the sources, and of `dsp.js` for Node."""
    if engine.node() is None:
        pytest.skip("no Node with the packages of web/ to build the sound engine: see `make test`")
    return engine.build(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def engine_songs(built_engine: Path) -> Iterator[engine.Songs]:
    """Serves the test page of the sound engine, and songs to it."""
    with engine.Songs(built_engine).running() as running:
        yield running


@pytest.fixture(scope="module")
def engine_page(engine_songs: engine.Songs, browser_path: str) -> Iterator[Page]:
    """The test page in the browser; what goes wrong in it fails the test."""
    with engine.opened(engine_songs, browser_path) as page:
        yield page


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty folder of sessions."""
    return Store(tmp_path / "sessions")


@pytest.fixture
def limits() -> Limits:
    """Of `app`; a test that wants others parametrizes it."""
    return Limits()


@pytest.fixture
def app(store: Store, limits: Limits):
    """The application with jobs that do nothing."""
    return create_app(store, static=None, limits=limits, runner=Idle)


@pytest.fixture
def client(app) -> Iterator[TestClient]:
    """Asks the application without a network."""
    with TestClient(app, base_url="http://127.0.0.1:8765", raise_server_exceptions=True) as asking:
        yield asking


@pytest.fixture
def session_id(client: TestClient) -> str:
    """An empty session."""
    return client.post("/api/sessions", json={"title": "Song"}).json()["id"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a session of three stems, and small limits."""
    with serving(tmp_path_factory.mktemp("sessions"), limits=STRICT, runner=Idle) as served:
        yield served


@pytest.fixture(scope="module")
def session(server, tmp_path_factory):
    """Its session; files with sessions of their own have a fixture of this name."""
    return server.new_session(write_song(tmp_path_factory.mktemp("song"), seconds=0.2))


@pytest.fixture
def send(server):
    """Sends a request byte for byte; see `Served.send`. The server is there after it."""
    yield server.send
    assert server.client.get("/api/about").status_code == 200, "the server is gone"
