import base64
import io
import json
import re
from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest
import soundfile
from evaluated import METRICS, SCALES, make_rows, row
from html_checks import Page
from songs import noise, tone, write

from diffmst.audio.mp3 import mp3_bytes
from diffmst.evaluation.page import build_page
from diffmst.evaluation.page_audio import evenly
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.summary import summarize

RATE = 44_100
SECONDS, EXCERPT_S = 6.0, 3.0
HOSTILE = '</script><img src=x onerror="alert(1)">\'"'
TOLERANCE_LU = 0.5  # MP3 changes the loudness of noise by a few tenths


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Mixes of one song with two loud seconds in it, a reference and a truth, all at different levels."""
    folder = tmp_path_factory.mktemp("results")
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    swell = np.where((time_s >= 2) & (time_s < 4), 1.0, 0.1)
    for place, system in enumerate(("equal-loudness", "refine", "guess")):
        mix = np.stack([tone(220 + 50 * place, SECONDS, RATE), noise(SECONDS, place, RATE)])
        write(folder / "mixes" / "song0-0" / f"{system}.flac", 0.3 * (place + 1) * swell * mix, RATE)
    write(folder / "like.wav", 0.05 * np.stack([noise(5.0, 7, 22_050)] * 2), 22_050)
    write(folder / "truth.wav", 0.9 * np.stack([tone(440, SECONDS, RATE)] * 2), RATE)
    return folder


@pytest.fixture(scope="module")
def rows():
    kept = [
        replace(r, mix=f"mixes/song0-0/{r.system}.flac") if r.pair == "song0-0" and not r.wrong else r
        for r in make_rows(songs=8, takes=1)
    ]
    return [*kept, row("song9-0", "refine", error="vox.wav: is silent")]


@pytest.fixture(scope="module")
def html(rows, folder):
    return built(rows, folder, [pair_of(folder)])


def pair_of(folder, **more):
    return Pair("song0-0", "song0", folder, folder / "like.wav", truth=folder / "truth.wav", task="same-song", **more)


def built(rows, folder, pairs=(), **more):
    return build_page(
        summarize(rows, [], METRICS), rows, folder, pairs=pairs, scales=SCALES, excerpt_s=EXCERPT_S, **more
    )


def sounds_in(html):
    """By pair of the page: names in their order, and audio [time, channels] by number."""
    found = []
    for block in re.findall(r"<details class=\"one\" data-sounds>.*?</details>", html, re.S):
        data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', block, re.S)[1])
        names = dict(re.findall(r'data-sound="(\d+)".*?<span>(.*?)</span>', block))
        audio = {number: soundfile.read(io.BytesIO(base64.b64decode(text))) for number, text in data["sounds"].items()}
        found.append({names[number]: audio[number] for number in names})
    return found


def test_page_is_well_formed_and_loads_nothing(html):
    page = Page(html)
    tags = {tag for tag, _ in page.tags}
    assert not {"link", "img", "iframe", "object", "audio", "video"} & tags
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    without_data = re.sub(r'<script type="application/json">.*?</script>', "", html, flags=re.S)
    assert not re.search(
        r"https?:|//[\w.]+\.\w+/|@import|url\(|src=|fetch\(|XMLHttp|import\(", named_less(without_data)
    )


def named_less(html):
    """Without the one address that is a name: that of drawings."""
    return html.replace("http://www.w3.org/2000/svg", "")


def test_page_says_what_came_out(html):
    page = Page(html)
    for words in (
        "refine comes nearest in level",
        "Better with the right reference than with a wrong one, by more than chance: refine.",
        "vox.wav: is silent",
        "1 of 9 pairs can be heard",
        "song9-0",
        "What level_error_lu says.",
    ):
        assert words in page.text, words


def test_metrics_link_to_what_they_say(html):
    page = Page(html)
    targets = {attrs["href"][1:] for tag, attrs in page.tags if tag == "a"}
    identities = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert "metric-level_error_lu" in targets and targets <= set(identities)
    assert len(identities) == len(set(identities))


def test_all_sounds_of_a_pair_are_equally_loud_and_long(html):
    (sounds,) = sounds_in(html)
    assert set(sounds) == {"truth", "reference", "equal-loudness", "refine", "guess"}
    assert len({audio.shape for audio, _ in sounds.values()}) == 1
    for audio, rate in sounds.values():
        assert rate == RATE and audio.shape == (EXCERPT_S * RATE, 2)
        assert pyloudnorm.Meter(rate).integrated_loudness(audio) == pytest.approx(-23, abs=TOLERANCE_LU)
    assert re.search(r"3\.0 s from [12]\.\d s of the song, and .* all at −23\.0 LUFS", Page(html).text)


def test_all_mixes_play_the_loudest_passage_in_step(html):
    """The two loud seconds lie within the excerpt, in every mix at the same place."""
    (sounds,) = sounds_in(html)
    found = set()
    for name in ("equal-loudness", "refine", "guess"):
        level = np.abs(sounds[name][0][:, 1]).reshape(-1, RATE // 20).mean(1)  # the noise, in steps of 50 ms
        (loud,) = np.nonzero(level > 0.5 * level.max())
        found.add((loud[0], loud[-1]))
    ((first, last),) = found
    assert last - first + 1 == 40


def test_sounds_stay_under_the_ceiling(html):
    (sounds,) = sounds_in(html)
    assert max(np.abs(audio).max() for audio, _ in sounds.values()) < 10 ** (-0.5 / 20)  # of -1 dBTP, MP3 takes some


def test_a_silent_mix_does_not_silence_the_others(rows, folder):
    write(folder / "mixes" / "song0-0" / "nothing.flac", np.zeros((2, round(SECONDS * RATE))), RATE)
    silent = [replace(r, mix=r.mix.replace("guess", "nothing")) for r in rows]
    (sounds,) = sounds_in(built(silent, folder))
    assert set(sounds) == {"equal-loudness", "refine"}


def test_a_system_may_be_called_reference(rows, folder):
    named = [replace(r, system="reference") if r.system == "guess" else r for r in rows]
    html = built(named, folder, [pair_of(folder)])
    keys = re.findall(r'data-sound="(\d+)" data-key="(.)".*?<span>(.*?)</span>', html)
    assert [(key, name) for _, key, name in keys] == [
        ("t", "truth"),
        ("r", "reference"),
        ("1", "equal-loudness"),
        ("2", "refine"),
        ("3", "reference"),
    ]
    assert len({sound for sound, _, _ in keys}) == 5


def test_a_mix_that_is_gone_is_said_to_be(rows, folder):
    gone = [replace(r, mix=r.mix.replace("refine", "gone")) for r in rows]
    html = built(gone, folder)
    assert "Not to be heard:" in Page(html).text and "gone.flac" in Page(html).text and not sounds_in(html)


def test_there_is_sound_as_far_as_there_is_room(rows, folder):
    assert "No mixes were kept" in Page(built(rows, folder, most_mb=0.2)).text
    twice = [replace(r, mix=r.mix or f"mixes/song0-0/{r.system}.flac") for r in rows if not (r.wrong or r.error)]
    page = built(twice, folder, most_mb=0.6)
    assert "1 of 8 pairs, evenly chosen, can be heard" in Page(page).text and len(page) < 0.8e6
    unkept = [replace(r, mix="") for r in rows]
    assert "<script" not in built(unkept, folder)


def test_chosen_pairs_are_spread_evenly():
    assert evenly(range(40), 5) == [0, 10, 20, 29, 39]
    assert evenly("abc", 9) == ["a", "b", "c"] and evenly("abc", 1) == ["a"] and evenly("abc", 0) == []


def test_names_cannot_become_markup(rows, folder):
    nasty = [
        replace(
            r,
            system=HOSTILE if r.system == "guess" else r.system,
            pair=f"{r.pair}{HOSTILE}",
            song=HOSTILE + r.song,
            reference=HOSTILE,
            task=HOSTILE,
            error=r.error and f"{r.error} {HOSTILE}",
        )
        for r in rows
    ]
    html = built(nasty, folder, title=HOSTILE, command=HOSTILE, facts={HOSTILE: HOSTILE})
    page = Page(html)
    assert HOSTILE in page.text and not {"img"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert html.count("</script>") == 2  # the data of one pair, and the program


def test_the_same_results_make_the_same_page(rows, folder, html):
    assert built(rows, folder, [pair_of(folder)]) == html


def test_mp3_keeps_its_length_and_refuses_other_rates():
    audio = np.stack([tone(440, 1.0, RATE)] * 2)
    decoded, rate = soundfile.read(io.BytesIO(mp3_bytes(audio, RATE)))
    assert decoded.shape == (RATE, 2) and rate == RATE
    with pytest.raises(ValueError, match="sample_rate must be one of"):
        mp3_bytes(audio, 22_050)
