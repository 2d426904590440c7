"""What the browser plays is what `diffmst render` writes."""

import numpy as np
import pytest

from bench.browser.agreement import demo_mix, difference, rendered_by_the_package
from bench.browser.page import rendered
from bench.browser.songs import busy_mix, plucked_rows
from diffmst.data.demo_song import make_song
from diffmst.layout import LAYOUTS

TOLERANCE = 1e-5
"""Where 1e-4 is promised. Between their stages both work in float32, and gain before the limiter brings that up."""

CHANNELS = (1, 2, 1, 2, 2, 1)
SECONDS = 3.1
QUIET_LUFS, LOUD_LUFS = -45.0, -9.0


def assert_agreement(songs, page, case, expected):
    found = difference(songs, page, case, expected)
    assert found.peak > 0.01
    assert found.highest < TOLERANCE


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("loudness_lufs", [QUIET_LUFS, LOUD_LUFS], ids=["gain alone", "limited"])
def test_the_browser_renders_what_diffmst_renders(engine_songs, engine_page, tmp_path, layout, loudness_lufs):
    rows = plucked_rows(sum(CHANNELS), SECONDS, 44_100, seed=1)
    mix = busy_mix(CHANNELS, 44_100, seed=2, layout=layout, loudness_lufs=loudness_lufs)
    case, expected = rendered_by_the_package(tmp_path, mix, rows)
    assert case.output.limited == (loudness_lufs == LOUD_LUFS)
    assert_agreement(engine_songs, engine_page, case, expected)


@pytest.mark.parametrize("sample_rate", [22_050, 96_000, 192_000])
def test_they_agree_at_any_sample_rate(engine_songs, engine_page, tmp_path, sample_rate):
    rows = plucked_rows(sum(CHANNELS), 0.7, sample_rate, seed=3)
    mix = busy_mix(CHANNELS, sample_rate, seed=4, loudness_lufs=LOUD_LUFS)
    assert_agreement(engine_songs, engine_page, *rendered_by_the_package(tmp_path, mix, rows))


def test_they_agree_on_a_song_shorter_than_a_block_of_the_audio_thread(engine_songs, engine_page, tmp_path):
    rows = plucked_rows(sum(CHANNELS), 0.002, 44_100, seed=5)
    mix = busy_mix(CHANNELS, 44_100, seed=6)
    assert_agreement(engine_songs, engine_page, *rendered_by_the_package(tmp_path, mix, rows))


def test_they_agree_on_silence(engine_songs, engine_page, tmp_path):
    rows = np.zeros((sum(CHANNELS), 30_000), np.float32)
    mix = busy_mix(CHANNELS, 44_100, seed=7)
    case, expected = rendered_by_the_package(tmp_path, mix, rows)
    engine_songs.cases["silence"] = case
    assert not expected.any()
    assert not rendered(engine_songs, engine_page, "silence").any()


def test_they_agree_on_the_demo_song(engine_songs, engine_page, tmp_path):
    mix, rows = demo_mix(make_song(0), LOUD_LUFS)
    assert_agreement(engine_songs, engine_page, *rendered_by_the_package(tmp_path, mix, rows))
