"""The whole way of a song through the page, in a real browser: from its files to a mix that is saved, and back."""

import io
import json
import re
import zipfile

import pytest
import songs
import soundfile
from console_page import LONG_MS, Console, Program
from playwright.sync_api import Download, expect

from bench.browser.page import browsing
from diffmst.web.routes.about import FORMATS

SONG_S, REFERENCE_S = 5.0, 4.0
LATENCY_S = 0.3
"""At most, between what is read and what is heard."""

STEMS = ("bass", "hats", "keys")
BAND = "bass, EQ peak 2"
FADER = "bass, fader"


@pytest.fixture
def program(tmp_path):
    program = Program(tmp_path / "sessions")
    program.start()
    yield program
    program.close()


@pytest.fixture
def console(program, browser_path):
    with browsing(browser_path) as page:
        yield Console(page, program.url)


def test_a_song_goes_from_its_files_to_a_mix_and_is_there_when_it_is_opened_again(console, program, tmp_path):
    hear_stems_balanced(console, tmp_path)
    bring_in_the_rest(console, tmp_path)
    choose_a_passage(console)
    match_and_stop_early(console)
    listen(console)
    matched = change_and_lock(console)
    match_again(console, matched)
    mix_on_while_it_matches(console)
    take_half_of_it(console)
    take_it_home(console)
    open_it_again(console)
    lose_the_server(console, program)
    lose_server_and_page(console, program)


STOP_WHEN_NEARER = """() => {
    const label = document.querySelector('.distance-chart svg')?.ariaLabel ?? '';
    const [, first, best] = label.match(/from ([\\d.]+) to ([\\d.]+)/) ?? [];
    const stop = [...document.querySelectorAll('button')].find((button) => button.innerText === 'Stop, keep the best');
    const nearer = Number(best) < Number(first);
    if (nearer) stop.click();
    return nearer;
}"""
"""In one go, as the match of a short song may end before two questions have been answered."""


SPECTRUM_IS_DRAWN = """() => {
    const canvas = document.querySelector('.eq-spectrum');
    const { width, height } = canvas ?? {};
    return width && canvas.getContext('2d').getImageData(0, 0, width, height).data.some((value) => value);
}"""


def hear_stems_balanced(console, folder):
    """All but one, before there is a reference."""
    page = console.page
    song = songs.write_song(folder / "My song", SONG_S)
    console.drop("Stems", song / "bass.wav", song / "keys.wav")
    expect(page.locator(".stem-row")).to_have_count(2)
    console.press("Play")
    page.wait_for_function(
        "() => Number(document.querySelector('.transport-now').textContent.slice(2)) > 0", timeout=LONG_MS
    )
    console.press("Pause")
    expect(page.locator(".desk")).to_be_visible()
    mix = console.saved_mix()
    assert [track["name"] for track in mix["tracks"]] == ["bass", "keys"]
    assert not mix["references"] and not any(equalizer(mix)[name] for name in equalizer(mix) if "gain" in name)


def bring_in_the_rest(console, folder):
    page = console.page
    page.get_by_role("radio", name="Song", exact=True).click()
    console.drop("Stems", folder / "My song" / "hats.wav")
    console.press("Bring in")
    expect(page.locator(".desk")).to_be_visible(timeout=LONG_MS)
    assert sorted(track["name"] for track in console.saved_mix()["tracks"]) == sorted(STEMS)
    page.get_by_role("radio", name="Song", exact=True).click()
    console.drop("Reference", songs.write_reference(folder / "a hit.wav", REFERENCE_S))
    expect(console.page.locator(".reference-row")).to_contain_text("a hit")
    console.page.get_by_label("What hats is").select_option(label="Hi-hats and cymbals")
    expect(console.page.get_by_text("Ready.")).to_be_visible()
    assert sorted(stem["name"] for stem in console.asked()["stems"]) == sorted(STEMS)


def choose_a_passage(console):
    console.press("Passage")
    song = console.page.get_by_role("group", name="Passage of the song that is matched")
    console.drag(song.get_by_role("slider", name="End"), right_px=-300)
    console.drag(song.get_by_role("slider", name="Place"), right_px=120)
    expect(song.get_by_role("slider", name="Place")).not_to_have_attribute("aria-valuenow", "0")
    window = console.asked()["window"]
    assert 1 <= window["seconds"] < REFERENCE_S
    assert window["start_s"] > window["reference_start_s"]


def match_and_stop_early(console):
    console.page.keyboard.press("Control+m")
    console.match("Thorough")
    console.page.wait_for_function(STOP_WHEN_NEARER, timeout=LONG_MS)
    expect(console.page.locator(".desk")).to_be_visible(timeout=LONG_MS)
    assert console.asked("/jobs")[-1]["kind"] != "rematch" or console.asked("/jobs")[-1]["state"] == "stopped"
    mix = console.saved_mix()
    assert {track["name"]: track["role"] for track in mix["tracks"]}["hats"] == "hats"
    assert sum(mix["comparison"]["distance_after"].values()) < sum(mix["comparison"]["distance_before"].values())


def listen(console):
    page = console.page
    expect(page.get_by_role("radio", name="Before")).to_be_enabled(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled(timeout=LONG_MS)
    for key, source in (("1", "Before"), ("3", "Reference"), ("2", "Mix")):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=source)).to_be_checked()
    lane = page.get_by_role("slider", name="Position in the song")
    console.drag(lane, right_px=250)
    expect(page.get_by_role("button", name="Loop", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")  # to where the loop begins
    expect(page.locator(".transport-now")).not_to_have_text("0:00.0")
    start_s = console.seconds
    assert start_s == pytest.approx(SONG_S / 2, abs=0.2)
    page.keyboard.press("Space")
    page.wait_for_function(
        "start_s => Number(document.querySelector('.transport-now').textContent.slice(2)) > start_s", arg=start_s
    )
    end_s = start_s + 250 * SONG_S / lane.bounding_box()["width"]
    for _ in range(10):  # longer than what is left of the song would take
        assert start_s - LATENCY_S <= console.seconds <= end_s + LATENCY_S
        page.wait_for_timeout(SONG_S * 1000 / 10)
    for name in ("bass", "Master"):  # one after the other, as one takes the place of the other
        console.select(name)
        page.wait_for_function(SPECTRUM_IS_DRAWN)
    page.keyboard.press("Space")
    page.keyboard.press("l")


def change_and_lock(console):
    matched = console.saved_mix()
    console.select("bass")
    console.drag(console.control(BAND), right_px=60, down_px=-30)
    console.press("Lock bass, equalizer")
    changed = console.saved_mix()
    assert equalizer(changed)["eq.peak_2.gain_db"] > equalizer(matched)["eq.peak_2.gain_db"] + 1
    assert equalizer(changed)["eq.peak_2.freq_hz"] > equalizer(matched)["eq.peak_2.freq_hz"]
    assert strip(changed)["locks"] == ["eq.*"]
    return changed


def match_again(console, before):
    page = console.page
    page.get_by_label("Keep what I have changed by hand").uncheck()
    console.match("Quick", again=True)
    expect(page.get_by_role("button", name=re.compile("^Matching"))).to_be_visible()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_have_attribute("title", "Undo: match again", timeout=LONG_MS)
    again = console.saved_mix()
    assert equalizer(again) == equalizer(before)
    assert again["master"] != before["master"]
    page.keyboard.press("Control+z")
    assert console.saved_mix() == before
    page.keyboard.press("Control+Shift+z")
    assert console.saved_mix() == again


def mix_on_while_it_matches(console):
    page = console.page
    console.match("Normal", again=True)
    expect(page.get_by_role("button", name=re.compile("^Matching"))).to_be_visible()
    gain_db = lower_the_fader(console)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_have_attribute("title", "Undo: bass: fader")
    expect(undo).to_have_attribute("title", "Undo: match again", timeout=LONG_MS)
    expect(page.get_by_text("What you changed meanwhile stays: bass fader.")).to_be_visible()
    assert strip(console.saved_mix())["settings"]["fader.gain_db"] == pytest.approx(gain_db, abs=0.05)


def take_half_of_it(console):
    whole = console.saved_mix()
    console.page.get_by_role("slider", name="Overall").fill("50")
    expect(console.status).to_have_text("Saving")
    half = console.saved_mix()
    assert half["amounts"]["overall"] == 50
    assert half["master"] != whole["master"]
    assert equalizer(half) == equalizer(whole)  # it is locked
    console.press("Close the match panel")


def take_it_home(console):
    console.save("Mix as WAV")
    console.press("Render")
    (wav,) = console.downloads()
    sound = soundfile.info(io.BytesIO(content(wav)))
    assert (sound.channels, sound.samplerate) == (2, songs.RATE)
    assert sound.duration >= SONG_S
    console.press("Close")

    console.save("Processed stems")
    console.press("Render")
    (packed,) = [one for one in console.downloads() if one.suggested_filename.endswith(".zip")]
    assert len([name for name in names_in(packed) if name.endswith(".wav")]) >= len(STEMS)
    console.press("Close")

    console.save("Session for a DAW")
    boxes = console.page.get_by_role("group", name="Formats").get_by_role("checkbox")
    expect(boxes).to_have_count(len(FORMATS))
    for box in boxes.all():
        box.check()
    console.press("Export")
    exports = console.downloads()
    assert len(exports) == len(FORMATS)
    assert all(names_in(export) for export in exports)
    console.press("Close")

    with console.page.expect_download() as coming:
        console.save("mix.json")
    assert json.loads(content(coming.value)) == console.saved_mix()


def open_it_again(console):
    page = console.page
    before, window = console.saved_mix(), console.asked()["window"]
    said = [console.control(name).get_attribute("aria-valuetext") for name in (BAND, FADER)]
    page.reload()
    console.select("bass")
    for name, text in zip((BAND, FADER), said, strict=True):
        expect(console.control(name)).to_have_attribute("aria-valuetext", text)
    expect(page.get_by_role("button", name="Lock bass, equalizer")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Title of the song")).to_have_value("New song")
    assert console.saved_mix() == before
    assert console.asked()["window"] == window


def lose_the_server(console, program):
    program.kill()
    expect(console.page.get_by_text("does not answer")).to_be_visible()
    gain_db = lower_the_fader(console)
    expect(console.status).to_have_text("Kept here")
    program.start()
    expect(console.page.get_by_text("does not answer")).to_be_hidden(timeout=LONG_MS)
    assert strip(console.saved_mix())["settings"]["fader.gain_db"] == pytest.approx(gain_db, abs=0.05)


def lose_server_and_page(console, program):
    page, url = console.page, console.page.url
    program.kill()
    expect(page.get_by_text("does not answer")).to_be_visible()
    gain_db = lower_the_fader(console)
    expect(console.status).to_have_text("Kept here")
    page.goto("about:blank")
    program.start()
    page.goto(url)
    expect(page.get_by_text("kept changes that had not been saved")).to_be_visible()
    console.press("Take them")
    expect(console.status).to_have_text("Saving")
    assert strip(console.saved_mix())["settings"]["fader.gain_db"] == pytest.approx(gain_db, abs=0.05)


def lower_the_fader(console):
    """By a key; where it is then, dB."""
    fader = console.control(FADER)
    before = fader.get_attribute("aria-valuenow")
    fader.press("PageDown")
    expect(fader).not_to_have_attribute("aria-valuenow", before)
    return float(fader.get_attribute("aria-valuenow"))


def strip(mix, name="bass"):
    (found,) = [track for track in mix["tracks"] if track["name"] == name]
    return found


def equalizer(mix, name="bass"):
    return {control: value for control, value in strip(mix, name)["settings"].items() if control.startswith("eq.")}


def content(download: Download) -> bytes:
    return download.path().read_bytes()


def names_in(download: Download) -> list[str]:
    """Of a zip that is whole."""
    with zipfile.ZipFile(download.path()) as packed:
        assert packed.testzip() is None
        return packed.namelist()
