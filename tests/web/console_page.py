"""The page of `diffmst serve` as a person uses it, and the program that serves it."""

import base64
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Download, Locator, Page, expect

QUICK_MS = 60_000
"""For what happens at once, on a machine that is very busy: it is only waited for where something is wrong."""

LONG_MS = 300_000
"""For work of the server that takes some seconds, on a machine that is very busy."""


class Program:
    """`diffmst serve` in a process of its own, which can be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._folder = folder
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it serves."""
        options = ["--no-open", "--port", str(self._port), "--folder", str(self._folder)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "diffmst", "serve", *options], stdout=subprocess.PIPE, text=True
        )
        assert self.url in self._process.stdout.readline()

    def kill(self) -> None:
        """Without a warning, as when the power fails."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """As with Ctrl-C."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.communicate(timeout=LONG_MS / 1000)
            self._process = None


class Console:
    """What a person sees and does on the page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        page.set_default_timeout(QUICK_MS)
        expect.set_options(timeout=QUICK_MS)
        page.goto(url)

    def drop(self, area: str, *files: Path) -> None:
        """Drops files onto one of the areas that take them."""
        contents = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
        data = self.page.evaluate_handle(
            """files => {
                const data = new DataTransfer();
                for (const [name, content] of files) {
                    data.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name));
                }
                return data;
            }""",
            contents,
        )
        self.page.get_by_role("group", name=area, exact=True).dispatch_event("drop", {"dataTransfer": data})

    def drag(self, grip: Locator, right_px: float, down_px: float = 0.0) -> None:
        """Drags something by its middle."""
        box = grip.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right_px, y + down_px, steps=6)
        self.page.mouse.up()

    def press(self, name: str) -> None:
        """A button by its name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def select(self, strip: str) -> None:
        """A strip by its name."""
        self.page.locator(".strip-name", has_text=strip).click()

    def control(self, name: str) -> Locator:
        """One of the desk by its name, which begins with that of its strip; the selected strip has it twice."""
        return self.page.get_by_role("slider", name=name, exact=True).first

    def match(self, quality: str, *, again: bool = False) -> None:
        """Starts a match from its panel, which is open."""
        self.page.get_by_role("radio", name=quality).click()
        panel = self.page.get_by_role("complementary", name="Match")
        panel.get_by_role("button", name="Match again" if again else "Start matching", exact=True).click()

    def save(self, item: str) -> None:
        """Chooses something from the menu of what can be saved."""
        self.press("Save")
        self.page.get_by_role("menuitem", name=item).click()

    def downloads(self) -> list[Download]:
        """Downloads everything that a dialog offers once it is made."""
        links = self.page.get_by_role("list", name="Ready to download").get_by_role("link")
        expect(links.first).to_be_visible(timeout=LONG_MS)
        return [self._downloaded(link) for link in links.all()]

    def _downloaded(self, link: Locator) -> Download:
        with self.page.expect_download() as coming:
            link.click()
        return coming.value

    @property
    def seconds(self) -> float:
        """Where the song is."""
        minutes, seconds = self.page.locator(".transport-now").inner_text().split(":")
        return 60 * int(minutes) + float(seconds)

    @property
    def status(self) -> Locator:
        """Whether all is saved."""
        return self.page.locator(".save-status")

    @property
    def session_id(self) -> str:
        """Of the session that is open."""
        return re.search(r"#/s/(\w+)$", self.page.url)[1]

    def asked(self, what: str = "") -> Any:
        """What the server answers about the session that is open."""
        return self.page.request.get(f"{self._url}/api/sessions/{self.session_id}{what}").json()

    def saved_mix(self) -> dict[str, Any]:
        """The document as the server has it, when it has everything."""
        expect(self.status).to_have_text("Saved")
        return self.asked("/mix")["mix"]
