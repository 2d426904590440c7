"""A real server on a free port, in a thread of the test, and a small client of it."""

import json
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2 as httpx
from fastapi import FastAPI

from diffmst.mix import Mix
from diffmst.mix_parts import Ends, ReferenceMix, TrackMix
from diffmst.web.app import STATIC, create_app
from diffmst.web.server import LOCAL_HOST, Server, bound_socket
from diffmst.web.store import Store

START_S = 30.0
"""A server that does not answer by then never will; far above what it takes, for machines that are busy."""


class Idle:
    """A runner of jobs that does nothing but remember what it was asked for."""

    def __init__(self, store, hub):
        self.prepared, self.submitted, self.forgotten, self.running = [], [], [], False

    def start(self):
        self.running = True

    def close(self):
        self.running = False

    def prepare(self, session):
        self.prepared.append(session.id)

    def submit(self, session, kind, options):
        self.submitted.append((session.id, kind, dict(options)))
        return {"id": "0" * 8, "kind": kind, "state": "queued"}

    def forget(self, session):
        self.forgotten.append(session.id)


@dataclass(frozen=True)
class Served:
    """A server that runs.

    Attributes:
        url: of the page, without a slash at its end.
        store: its sessions.
        client: of the API, with `url` before every path.
        app: the application itself.
    """

    url: str
    store: Store
    client: httpx.Client
    app: FastAPI

    def new_session(self, stems: Path | None = None, reference: Path | None = None, title: str = "Song") -> str:
        """A session with the audio files of a folder as its stems, and a reference; its id."""
        session = self.json("POST", "/api/sessions", {"title": title})["id"]
        for path in sorted(stems.iterdir()) if stems else ():
            self.upload(session, "stems", path)
        if reference:
            self.upload(session, "references", reference)
        return session

    def upload(self, session: str, kind: str, path: Path) -> dict[str, Any]:
        """Brings in a file."""
        address = f"/api/sessions/{session}/{kind}/{quote(path.name)}"
        answer = self.client.put(address, content=path.read_bytes())
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Asks for something that must work."""
        answer = self.client.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def connect(self) -> socket.socket:
        """A connection on which nothing has been said."""
        where = urlsplit(self.url)
        return socket.create_connection((where.hostname, where.port), START_S)

    def send(self, head: str | bytes, body: bytes | Iterable[bytes] = b"", *, host: bool = True) -> tuple[int, bytes]:
        """Sends bytes as they are; returns the status, 0 for none, and all that came back.

        Args:
            head: without the empty line at its end.
            body: sent whatever the head says, as far as it is taken.
            host: adds the right Host header.
        """
        raw = head.encode("latin-1") if isinstance(head, str) else head
        if host:
            raw += f"\r\nHost: {urlsplit(self.url).netloc}".encode()
        with self.connect() as connection:
            connection.sendall(raw + b"\r\nConnection: close\r\n\r\n")
            with suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
                for piece in [body] if isinstance(body, bytes) else body:
                    connection.sendall(piece)
            received = _all(connection)
        return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else 0, received

    def events(self, session: str) -> Iterator[dict[str, Any]]:
        """Events of a session as they come; close it when done."""
        with self.client.stream("GET", f"/api/sessions/{session}/events", timeout=START_S) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))


def _all(connection: socket.socket) -> bytes:
    """What comes until the connection is closed."""
    received = b""
    with suppress(ConnectionResetError):  # what had come before it counts
        while piece := connection.recv(1 << 16):
            received += piece
    return received


@contextmanager
def serving(root: Path, **options: Any) -> Iterator[Served]:
    """A server while the context lasts.

    Args:
        root: folder of its sessions.
        options: of `create_app`: static, access, limits, runner.
    """
    store = Store(root)
    app = create_app(store, **{"static": STATIC, **options})
    with bound_socket(LOCAL_HOST, 0) as bound:
        up = threading.Event()
        server = Server(app, bound, ready=up.set)
        thread = threading.Thread(target=server.run_here)
        thread.start()
        try:
            assert up.wait(START_S), "the server did not start"
            url = f"http://{LOCAL_HOST}:{bound.getsockname()[1]}"
            with httpx.Client(base_url=url, timeout=START_S) as client:
                yield Served(url, store, client, app)
        finally:
            server.should_exit = True
            thread.join()


def document_of(session, **changes) -> Mix:
    """A mix of the uploaded files of a session, as a match would leave it."""
    info = session.info()
    tracks = [
        TrackMix(
            name=stem.name,
            path=f"../{stem.file}",
            sha256=stem.sha256,
            channels=stem.channels,
            settings={"fader.gain_db": -3.0},
            ends=Ends(neutral={"fader.gain_db": -6.0}, matched={"fader.gain_db": -3.0}),
        )
        for stem in info.stems
    ]
    references = [
        ReferenceMix(path=f"../{one.file}", sha256=one.sha256, loudness_lufs=-14, window_s=1, windows_at_s=(0,))
        for one in info.references
    ]
    return Mix(sample_rate=info.stems[0].sample_rate, tracks=tracks, references=references).model_copy(update=changes)
