"""The sound engine of the page in a real browser, served with songs by whoever tests or measures it."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from diffmst.dsp.reverb import impulse_response
from diffmst.layout import Layout
from diffmst.mastering import Output
from diffmst.mix import Mix
from diffmst.web.routes.about import effects

if TYPE_CHECKING:
    from playwright.sync_api import Page

WEB = Path(__file__).parents[2] / "web"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required")
_TYPES = {".html": "text/html", ".js": "text/javascript"}


def node() -> str | None:
    """The Node of the environment, if there is one and it has the packages that build the page: see `make test`."""
    found = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    return found if (WEB / "node_modules" / "vite").is_dir() else None


def browser() -> str | None:
    """The first of the browsers that is installed."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def installed_browser() -> str:
    """The browser, where there must be one.

    Raises:
        SystemExit: there is none.
    """
    found = browser()
    if found is None:
        raise SystemExit(f"no browser: none of {', '.join(BROWSERS)} is installed")
    return found


def build(folder: Path) -> Path:
    """Builds the engine's test page and `dsp.js` into a folder."""
    found = node()
    assert found, "there is no Node with the packages of web/"
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    config = WEB / "dev" / "engine.vite.config.ts"
    command = [found, str(vite), "build", "--config", str(config), "--outDir", str(folder), "--logLevel", "warn"]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, text=True)
    return folder


def declared(layout: Layout) -> dict[str, Any]:
    """A layout as the page is told it by `/api/effects`."""
    return next(found.model_dump() for found in effects() if found.name == layout.name)


@dataclass
class Case:
    """A song and its mix, as the browser is served them.

    Attributes:
        song: [rows, frames].
        mix: its document.
        output: how the mix is delivered.
        before, reference: [2, frames].
    """

    song: np.ndarray
    mix: Mix
    output: Output
    before: np.ndarray | None = None
    reference: np.ndarray | None = None

    def described(self, name: str) -> dict[str, Any]:
        """What the page is told."""
        streams = {
            lane: None
            if (audio := getattr(self, lane)) is None
            else {"url": f"/audio/{name}/{lane}", "rows": len(audio), "frames": audio.shape[1]}
            for lane in ("song", "before", "reference")
        }
        return {
            "song": {"sampleRate": self.mix.sample_rate, "responseUrl": f"/response/{name}", **streams},
            "mix": json.loads(self.mix.to_json()),
            "layout": declared(self.mix.console_layout),
            "delivery": {
                "gainDb": self.output.gain_db,
                "trimDb": self.output.trim_db,
                "limited": self.output.limited,
                "ceilingDbtp": self.mix.render.ceiling_dbtp,
            },
        }

    def block(self, lane: str, start: int, frames: int) -> bytes:
        """Audio as the server sends it."""
        return np.ascontiguousarray(getattr(self, lane)[:, start : start + frames], np.float32).tobytes()

    def response(self, values: dict[str, float]) -> bytes:
        """The impulse response for settings of the reverb."""
        section = self.mix.console_layout.fx
        controls = section.controls(section.vector(values)[None].astype(np.float32), "reverb")
        return impulse_response(self.mix.sample_rate, controls["gain_db"], controls["rt60_s"])[0].tobytes()


class Results:
    """What pages have posted, by name."""

    def __init__(self) -> None:
        self._found: dict[str, bytes] = {}
        self._changed = threading.Condition()

    def put(self, name: str, found: bytes) -> None:
        """Keeps what was found."""
        with self._changed:
            self._found[name] = found
            self._changed.notify_all()

    def get(self, name: str, timeout_s: float = 30.0) -> bytes:
        """What was found, once; waits for it.

        Raises:
            TimeoutError: nothing came.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: name in self._found, timeout_s):
                raise TimeoutError(f"the page has not posted {name} within {timeout_s} s")
            return self._found.pop(name)


@dataclass
class Songs:
    """A server of the built page and of cases by name; `failing` names streams that it does not send just now."""

    built: Path
    cases: dict[str, Case] = field(default_factory=dict)
    results: Results = field(default_factory=Results)
    failing: set[str] = field(default_factory=set)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator["Songs"]:
        """Serves on a free port."""
        server = _Server(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def get(self, path: str, query: dict[str, list[str]]) -> tuple[str, bytes] | None:
        """Type and content of what there is at a path."""
        match path.strip("/").split("/"):
            case ["case", name]:
                return "application/json", json.dumps(self.cases[name].described(name)).encode()
            case ["audio", name, lane] if lane not in self.failing:
                return "application/octet-stream", self.cases[name].block(lane, *_span(query))
            case _ if (file := self.built / path.strip("/")).is_file():
                return _TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes()
        return None

    def post(self, path: str, body: bytes) -> bytes | None:
        """What comes of a body."""
        match path.strip("/").split("/"):
            case ["response", name] if "response" not in self.failing:
                return self.cases[name].response(json.loads(body)["values"])
            case ["result", name]:
                self.results.put(name, body)
                return b""
        return None


class _Server(ThreadingHTTPServer):
    """Takes it that browsers leave whenever they like."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 as it is inherited
        """Says what went wrong, unless the browser has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _span(query: dict[str, list[str]]) -> tuple[int, int]:
    return int(query["start"][0]), int(query["frames"][0])


def _handler(songs: Songs) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            kind, content = songs.get(url.path, parse_qs(url.query)) or (None, b'{"detail": "gone"}')
            self._answer(200 if kind else 404, kind or "application/json", content)

        def do_POST(self) -> None:
            content = songs.post(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            if content is None:
                self._answer(404, "application/json", b'{"detail": "gone"}')
            else:
                self._answer(200, "application/octet-stream", content)

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler


@contextmanager
def browsing(browser: str) -> Iterator["Page"]:
    """An empty page in a browser; what goes wrong in it is raised at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=list(BROWSER_FLAGS))
        page = chromium.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        chromium.close()
        assert not errors, errors


@contextmanager
def opened(songs: Songs, browser: str) -> Iterator["Page"]:
    """The engine's page in a browser; what goes wrong in it is raised at the end."""
    with browsing(browser) as page:
        page.goto(f"{songs.url}/engine.html")
        page.wait_for_function("() => 'diffmst' in window")
        yield page


def rendered(songs: Songs, page: "Page", name: str) -> np.ndarray:
    """A case as the browser renders it, [2, frames]."""
    frames = page.evaluate("name => diffmst.render(name)", name)
    return np.frombuffer(songs.results.get(name), np.float32).reshape(2, frames)
