"""The page in a browser, where Playwright and Chromium are installed: one playhead per pair, whatever is heard."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from evaluated import METRICS, make_rows
from songs import noise, tone, write

from diffmst.evaluation.page import build_page
from diffmst.evaluation.summary import summarize

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

RATE, SECONDS = 44_100, 6.0
SYSTEMS = ("equal-loudness", "refine", "guess")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    for pair in ("song0-0", "song1-0"):
        for place, system in enumerate(SYSTEMS):
            mix = np.stack([tone(220 + 50 * place, SECONDS, RATE), noise(SECONDS, place, RATE)])
            write(folder / "mixes" / pair / f"{system}.flac", mix, RATE)
    rows = [
        replace(r, mix=f"mixes/{r.pair}/{r.system}.flac") if r.pair in ("song0-0", "song1-0") and not r.wrong else r
        for r in make_rows(songs=6, takes=1)
    ]
    path = folder / "report.html"
    path.write_text(build_page(summarize(rows, [], METRICS), rows, folder), encoding="utf-8")
    return path


@pytest.fixture
def page(path):
    """The page from the disk; whatever goes wrong in its program, or asks for the network, fails the test."""
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        page, wrong = browser.new_page(), []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.on("request", lambda request: request.url == path.as_uri() or wrong.append(request.url))
        page.goto(path.as_uri())
        yield page
        browser.close()
    assert not wrong


def opened(page, number):
    pair = page.locator("details[data-sounds]").nth(number)
    pair.locator("summary").click()
    return pair


def heard(pair):
    return [b.get_attribute("data-key") for b in pair.locator("button.hear[aria-pressed=true]").all()]


def place_s(pair):
    return float(pair.locator(".time b").inner_text().partition(":")[2])


def test_another_system_goes_on_at_the_same_place(page):
    pair = opened(page, 0)
    pair.get_by_role("button", name="refine").click()
    pair.locator(".waveform").wait_for()
    page.wait_for_timeout(1000)
    before = place_s(pair)
    page.keyboard.press("3")
    page.wait_for_timeout(100)
    assert heard(pair) == ["3"] and 0.3 < before <= place_s(pair) < before + 2
    page.keyboard.press(" ")
    page.wait_for_timeout(100)
    assert heard(pair) == []
    held = place_s(pair)
    page.wait_for_timeout(300)
    assert place_s(pair) == held


def test_another_pair_silences_the_first(page):
    first, second = opened(page, 0), opened(page, 1)
    first.get_by_role("button", name="refine").click()
    first.locator(".waveform").wait_for()
    second.get_by_role("button", name="guess").click()
    second.locator(".waveform").wait_for()
    page.wait_for_timeout(200)
    assert heard(first) == [] and heard(second) == ["3"]


def test_nothing_is_wider_than_the_window(page):
    opened(page, 0)
    for width in (1280, 800, 380):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
