"""`python -m bench.browser.picture`: docs/desk.png, the demo song on the desk of the console as it plays."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.browser.page import browsing, installed_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

OUT = Path(__file__).parents[2] / "docs" / "desk.png"
WIDTH, HEIGHT = 1440, 860
SECONDS = 14.0
"""Where the song is when the picture is taken: all instruments play."""

_LONG_MS = 600_000
"""For making the song and matching it, on a machine that is busy."""


def main() -> None:
    """Does what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser.picture", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--strip", default="Lead Vo", help="the strip whose settings are seen at large")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as url, browsing(installed_browser()) as page:
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.emulate_media(color_scheme="dark")
        page.goto(url)
        _match_demo(page)
        _play(page, options.strip)
        page.screenshot(path=options.out)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address of the console, served by a process of its own."""
    command = [sys.executable, "-m", "diffmst", "serve", "--no-open", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().partition(": ")[0]
        finally:
            server.terminate()


def _match_demo(page: Page) -> None:
    page.get_by_role("button", name="Try the demo song").click()
    page.get_by_role("button", name="Match", exact=True).click(timeout=_LONG_MS)
    panel = page.get_by_role("complementary", name="Match")
    panel.get_by_role("button", name="Start matching", exact=True).click()
    panel.get_by_role("button", name="Match again", exact=True).wait_for(timeout=_LONG_MS)


def _play(page: Page, strip: str) -> None:
    panel = page.get_by_role("complementary", name="Match")
    panel.get_by_role("button", name="Close").click()
    page.locator(".strip-name", has_text=strip).click()
    page.get_by_role("button", name="Play", exact=True).click(timeout=_LONG_MS)
    page.wait_for_function(
        "seconds => Number(document.querySelector('.transport-now').innerText.split(':')[1]) >= seconds",
        arg=SECONDS,
        timeout=_LONG_MS,
    )


if __name__ == "__main__":
    main()
