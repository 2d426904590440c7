"""The desk as a browser lays it out and colours it: nothing is cut, all can be read, fingers find what they aim at."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, sync_playwright
from serving import document_of

from bench.browser.page import WEB

TRACKS = 14
"""More than fit side by side on the widest screen that is tried with the smallest one's strips."""

SAMPLE_RATE = 44_100
LEAST_FADER_PX = 140
FINGER_PX = 31.5
"""32 px, less what rounding to the pixels of the screen may take."""

CUT = """() => {
    const problems = [];
    const page = document.documentElement;
    if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) problems.push('the page scrolls');
    const inside = (outer, inner) => {
        const [box, part] = [outer, inner].map((element) => element.getBoundingClientRect());
        const out = part.height && (part.bottom > box.bottom + 1 || part.right > box.right + 1);
        if (out) problems.push(`${inner.className} is cut by ${outer.className}`);
    };
    for (const strip of document.querySelectorAll('.strip')) {
        for (const part of strip.querySelectorAll('button, [role=slider], .value, .strip-caption')) inside(strip, part);
    }
    for (const panel of document.querySelectorAll('.panel')) {
        for (const part of panel.querySelectorAll('.knob, .value, select, .eq-graph')) inside(panel, part);
    }
    return problems;
}"""

SMALL = """least => [...document.querySelectorAll(
    '.desk button:not(.strip-name), .desk [role=slider]:not(.eq-handle), .desk [role=spinbutton], .desk select'
)].filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    const around = getComputedStyle(element, '::after');
    const reach = around.content === 'none' ? height : Math.max(height, parseFloat(around.height));
    return width && (width < least || reach < least);
}).map((element) => `${element.className}: ${element.ariaLabel}`)"""


BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
COLOUR = "name => getComputedStyle(document.querySelector(name)).getPropertyValue('--family')"


@pytest.fixture(scope="module")
def song(served, tmp_path_factory) -> str:
    """The address of a session with a mix, which is open on the desk."""
    stems = tmp_path_factory.mktemp("stems")
    for track in range(TRACKS):
        tone = 0.1 * np.sin(np.arange(SAMPLE_RATE) * (track + 1) * 0.01)
        soundfile.write(stems / f"{track:02} Backing Vocals Left.wav", tone, SAMPLE_RATE)
    session = served.new_session(stems)
    mix = document_of(served.store.get(session))
    locked = mix.tracks[0].model_copy(update={"locks": ("*",), "mute": True, "role": "backing"})
    mix = mix.model_copy(update={"tracks": (locked, *mix.tracks[1:])})
    served.json("PUT", f"/api/sessions/{session}/mix", {"revision": 0, "mix": mix.model_dump(mode="json")})
    return f"{served.url}/#/s/{session}"


@pytest.fixture(scope="module")
def browser(browser_path) -> Iterator[Browser]:
    """One for all tests of this file."""
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def desk(browser: Browser, address: str, width: int, height: int, theme: str, *, touch: bool = False) -> Iterator[Page]:
    """The page of a session at the size of a screen."""
    viewport = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, color_scheme=theme, has_touch=touch, bypass_csp=True)
    page = context.new_page()
    page.goto(address)
    page.locator(".desk .fader").first.wait_for()
    yield page
    context.close()


SCREENS = pytest.mark.parametrize(("width", "height", "touch"), [(1280, 800, 0), (1024, 768, 1), (1920, 1080, 0)])


@SCREENS
def test_nothing_is_cut_and_faders_are_long_enough(browser, song, width, height, touch):
    with desk(browser, song, width, height, "dark", touch=bool(touch)) as page:
        for strip in ("0", "fx", "master"):
            page.locator(f'[data-strip="{strip}"] .strip-name').click()
            assert page.evaluate(CUT) == []
        for fader in page.locator(".strip .fader").all():
            assert fader.bounding_box()["height"] >= LEAST_FADER_PX


def test_faders_grow_when_the_detail_is_closed(browser, song):
    with desk(browser, song, 1280, 800, "dark") as page:
        before = page.locator(".strip .fader").first.bounding_box()["height"]
        page.locator(".detail-toggle").click()
        assert page.locator(".strip .fader").first.bounding_box()["height"] > before + 100


def test_the_detail_has_the_colour_of_its_strip(browser, song):
    with desk(browser, song, 1280, 800, "dark") as page:
        colours = []
        for strip in ("0", "1", "master"):
            page.locator(f'[data-strip="{strip}"] .strip-name').click()
            colours.append([page.evaluate(COLOUR, name) for name in (f'[data-strip="{strip}"]', ".detail")])
        assert all(strip == detail for strip, detail in colours)
        assert len({strip for strip, _ in colours}) == 3  # a voice, nothing known, the mix bus


def test_it_follows_the_colours_of_the_system_and_moves_nothing_where_no_motion_is_wanted(browser, song):
    with desk(browser, song, 1280, 800, "dark") as page:
        page.emulate_media(reduced_motion="reduce")
        dark = page.evaluate(BACKGROUND)
        page.emulate_media(reduced_motion="reduce", color_scheme="light")
        page.wait_for_function(f"dark => ({BACKGROUND})() !== dark", arg=dark)
        assert page.evaluate("document.getAnimations().length") == 0
        page.get_by_role("button", name="Theme: as the system").click()  # to dark, whatever the system says
        page.wait_for_function(f"dark => ({BACKGROUND})() === dark", arg=dark)


def test_fingers_find_what_they_aim_at(browser, song):
    with desk(browser, song, 1024, 768, "light", touch=True) as page:
        for strip in ("0", "fx", "master"):
            page.locator(f'[data-strip="{strip}"] .strip-name').click()
            assert page.evaluate(SMALL, FINGER_PX) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(browser, song, theme):
    axe = WEB / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.exists():
        pytest.skip("no packages of web/ with axe: see `make test`")
    with desk(browser, song, 1280, 800, theme) as page:
        page.evaluate(axe.read_text("utf-8"))
        for strip in ("0", "1", "fx", "master"):
            page.locator(f'[data-strip="{strip}"] .strip-name').click()
            found = page.evaluate("axe.run('.desk').then(({ violations }) => violations)")
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
