"""A whole test, taken in a browser, where Playwright and Chromium are installed."""

import shutil

import numpy as np
import pytest
from listening_sources import write_mixes

from diffmst.listening_test.make import Options, make_test
from diffmst.listening_test.results import read_results

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

SECONDS = 1.0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    mixes = write_mixes(tmp_path_factory.mktemp("mixes"), seconds=SECONDS)
    options = Options(kind="preference", seconds=SECONDS, repeats=1, must_hear=0.5)
    return make_test(mixes, tmp_path_factory.mktemp("made") / "test", options)


@pytest.fixture
def page(made):
    """The first page of the test, from the disk; whatever goes wrong in its program fails the test."""
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(accept_downloads=True)
        page, wrong = context.new_page(), []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda said: said.type == "error" and "NOT_FOUND" not in said.text and wrong.append(said.text)
        )
        page.on("request", lambda request: request.url.startswith(("file:", "blob:")) or wrong.append(request.url))
        page.goto(f"{made.page.as_uri()}?seed=5&participant=Ann")
        yield page
        browser.close()
    assert not wrong


HEARD = """label => {
    const [, labels = ""] = document.querySelector(".status").innerText.match(/Still to hear in full: ([^.]*)/) ?? [];
    return !labels.split(", ").includes(label);
}"""


def begin(page):
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Start the test").click()
    page.get_by_text("Still to hear").wait_for()


def rate_all(page, base):
    """Hears as much of every sound as it must, and rates it with the arrow keys; the scores by position."""
    page.keyboard.press("r")
    page.wait_for_function(HEARD, arg="reference")
    for number in range(1, 4):
        page.keyboard.press(str(number))
        page.keyboard.press("End")
        for _ in range(base * number):
            page.keyboard.press("PageDown")
        page.wait_for_function(HEARD, arg=str(number))
    return [100 - 10 * base * number for number in range(1, 4)]


def test_a_test_taken_from_the_disk_ends_in_results_that_the_report_reads(page, made, tmp_path):
    begin(page)
    scores = []
    for number in (1, 2, 3):
        next_page = page.locator("footer button")
        assert next_page.is_disabled()
        scores.append(rate_all(page, number % 3 + 1))
        assert page.locator(".status").inner_text() == "Everything is heard and rated."
        next_page.click()
        page.wait_for_timeout(300)
    page.get_by_text("I mix as a hobby").click()
    page.get_by_text("Headphones").click()
    page.get_by_role("button", name="Finish").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save results").click()
    download.value.save_as(tmp_path / download.value.suggested_filename)
    (ann,) = read_results([tmp_path], made.key)
    assert ann.name == "Ann" and ann.about["device"] == "headphones"
    assert not np.isnan(ann.table(made.key)).any()
    assert np.isfinite(ann.table(made.key, repeat=1)).sum() == 3
    assert sorted(ann.scores.values()) == sorted(score for page_scores in scores for score in page_scores)


def test_only_the_sound_that_is_heard_can_be_rated(page):
    begin(page)
    sliders = page.locator(".rows input[type=range]")
    page.keyboard.press("2")
    playwright.expect(sliders.nth(1)).to_be_enabled()
    assert [sliders.nth(n).is_disabled() for n in range(3)] == [True, False, True]
    page.locator(".row").nth(3).click()
    playwright.expect(sliders.nth(2)).to_be_enabled()
    assert [sliders.nth(n).is_disabled() for n in range(3)] == [True, True, False]


def test_ratings_of_an_unfinished_page_survive_a_reload(page):
    begin(page)
    page.keyboard.press("1")
    playwright.expect(page.locator(".rows input[type=range]").first).to_be_enabled()
    page.keyboard.press("Home")
    playwright.expect(page.locator(".row output b").first).to_have_text("0")
    page.reload()
    page.get_by_role("button", name="Go on with page 1").click()
    page.locator(".status").wait_for()
    assert page.locator(".row output b").all_inner_texts() == ["0", "–", "–"]


def test_a_missing_file_is_named(page, made):
    for script in (made.page.parent / "trials").iterdir():
        script.rename(script.with_suffix(".gone"))
    try:
        page.get_by_role("button", name="Begin").click()
        page.get_by_text("cannot be loaded. Unpack the whole folder").wait_for()
    finally:
        for script in (made.page.parent / "trials").iterdir():
            script.rename(script.with_suffix(".js"))
