"""The sound engine plays in a real browser: what is heard when, and what happens when things go wrong."""

import numpy as np
import pytest

from bench.browser.page import Case
from bench.browser.songs import still_mix
from diffmst.mastering import Output

SAMPLE_RATE = 48_000
HOUR_FRAMES = 3600 * SAMPLE_RATE
SONG, BEFORE, REFERENCE = 0.25, 0.125, -0.125
"""What each source is made of: a steady level, so that any sample that is heard tells which it is."""

DELIVERED = Output(
    loudness_lufs=-12.0,
    true_peak_dbtp=-1.0,
    gain_db=0.0,
    limiting_db=0.0,
    target_lufs=None,
    frames=HOUR_FRAMES,
)

AT_LEVEL = "level => { const row = new Float32Array(32); tap.getFloatTimeDomainData(row); " + (
    "return row.every(sample => Math.abs(sample - level) < 1e-4); }"
)


def steady(level, rows=2):
    """An hour at one level, which takes no memory."""
    return np.broadcast_to(np.float32(level), (rows, HOUR_FRAMES))


@pytest.fixture
def playing(engine_songs, engine_page):
    """The page with `engine`, which plays an hour of two stereo tracks, one muted, and `tap` of what it gives."""
    engine_songs.failing.clear()
    engine_songs.cases["hour"] = Case(
        steady(SONG, rows=4),
        still_mix((2, 2), SAMPLE_RATE),
        DELIVERED,
        before=steady(BEFORE),
        reference=steady(REFERENCE),
    )
    engine_page.evaluate(
        """async () => {
          window.engine = await diffmst.open("hour");
          window.tap = engine.watch("master", "output").analyser;
          await engine.play();
        }"""
    )
    yield engine_page
    engine_page.evaluate("() => engine.close()")


def hears(page, level):
    page.wait_for_function(AT_LEVEL, arg=level)


def state(page):
    return page.evaluate("() => engine.state")


def plays_on(page):
    """Whether the position moves on from where it is now."""
    page.wait_for_function("frame => !engine.state.waiting && engine.state.frame > frame", arg=state(page)["frame"])
    return True


def test_a_song_plays_and_pauses_where_it_is(playing):
    hears(playing, SONG)
    assert plays_on(playing)
    playing.evaluate("() => engine.pause()")
    hears(playing, 0.0)
    paused = state(playing)
    playing.wait_for_timeout(200)
    assert state(playing)["frame"] == paused["frame"] > 0
    assert not paused["playing"]
    playing.evaluate("() => engine.play()")
    hears(playing, SONG)


def test_a_seek_into_an_hour_is_played_at_once(playing):
    plays_on(playing)
    there = HOUR_FRAMES - 60 * SAMPLE_RATE
    assert playing.evaluate("frame => { engine.seek(frame); return engine.state.frame; }", there) == there
    hears(playing, SONG)
    assert plays_on(playing)
    assert there < state(playing)["frame"] < there + 60 * SAMPLE_RATE


def test_the_end_of_the_song_stops_it_and_playing_again_begins_anew(playing):
    playing.evaluate("frame => engine.seek(frame)", HOUR_FRAMES - SAMPLE_RATE // 4)
    playing.wait_for_function("() => !engine.state.playing")
    assert state(playing)["frame"] == HOUR_FRAMES
    playing.evaluate("() => engine.play()")
    hears(playing, SONG)
    assert state(playing)["frame"] < 60 * SAMPLE_RATE


def test_the_reverb_dies_away_behind_the_end_of_the_song(playing):
    hears(playing, SONG)
    playing.evaluate("() => engine.set(0, { 'send.gain_db': 0 })")
    playing.evaluate("frame => engine.seek(frame)", HOUR_FRAMES - SAMPLE_RATE // 2)
    playing.wait_for_function("() => !engine.state.playing")
    playing.wait_for_timeout(100)  # what was on its way from the song to the ear
    assert not playing.evaluate(f"({AT_LEVEL})(0)")
    hears(playing, 0.0)


def test_a_loop_is_not_left(playing):
    start, end = 10 * SAMPLE_RATE, 10 * SAMPLE_RATE + SAMPLE_RATE // 3
    playing.evaluate("([start, end]) => { engine.loop([start, end]); engine.seek(start); }", [start, end])
    hears(playing, SONG)
    for _ in range(12):
        playing.wait_for_timeout(60)
        assert start <= state(playing)["frame"] <= end
    assert state(playing)["playing"]
    hears(playing, SONG)


@pytest.mark.parametrize(("source", "level"), [("before", BEFORE), ("reference", REFERENCE)])
def test_sources_are_switched_and_made_equally_loud(playing, source, level):
    hears(playing, SONG)
    playing.evaluate("source => engine.listen(source)", source)
    hears(playing, level)
    twice_db = 20 * np.log10(2)
    playing.evaluate("db => engine.gains({ mix: 0, before: db, reference: db })", twice_db)
    hears(playing, 2 * level)
    playing.evaluate("() => engine.listen('mix')")
    hears(playing, SONG)


def test_what_it_is_compared_with_comes_and_changes_while_the_song_plays(playing, engine_songs):
    hour = engine_songs.cases["hour"]
    engine_songs.cases["louder"] = Case(hour.song, hour.mix, DELIVERED, before=steady(2 * BEFORE))
    hears(playing, SONG)
    playing.evaluate("() => engine.listen('before')")
    hears(playing, BEFORE)
    playing.evaluate("async () => engine.accompany((await (await fetch('/case/louder')).json()).song)")
    hears(playing, 2 * BEFORE)
    playing.evaluate("() => engine.accompany({ before: null, reference: null })")
    hears(playing, 0.0)
    playing.evaluate("() => engine.listen('mix')")
    hears(playing, SONG)
    assert plays_on(playing)


def test_changes_are_heard(playing):
    hears(playing, SONG)
    half_db = 20 * np.log10(0.5)
    playing.evaluate("db => engine.set(0, { 'fader.gain_db': db })", half_db)
    hears(playing, SONG / 2)
    playing.evaluate("db => engine.set('master', { 'input.gain_db': db })", half_db)
    hears(playing, SONG / 4)
    playing.evaluate("() => engine.mute(0, true)")
    hears(playing, 0.0)
    playing.evaluate("() => engine.mute(0, false)")
    hears(playing, SONG / 4)
    playing.evaluate("() => engine.solo([1])")
    hears(playing, 0.0)
    playing.evaluate("() => engine.solo([])")
    hears(playing, SONG / 4)
    playing.evaluate("async () => engine.load((await (await fetch('/case/hour')).json()).mix)")
    hears(playing, SONG)


def test_meters_tell_what_is_heard(playing):
    hears(playing, SONG)
    frame = playing.evaluate("() => new Promise(resolve => engine.onMeters(resolve))")
    level_db = pytest.approx(20 * np.log10(SONG), abs=0.01)
    assert frame["tracks"][0]["peakDb"] == [level_db] * 2
    assert frame["master"]["peakDb"] == [level_db] * 2
    assert frame["tracks"][0]["reductionDb"] == frame["master"]["limitingDb"] == 0


def test_it_goes_on_after_the_system_has_interrupted_it(playing):
    hears(playing, SONG)
    playing.evaluate("() => engine.context.suspend()")
    assert plays_on(playing)


def test_when_audio_fails_the_page_is_told_why_and_the_song_goes_on_once_it_comes(playing, engine_songs):
    hears(playing, SONG)
    engine_songs.failing.add("song")
    playing.evaluate("frame => engine.seek(frame)", HOUR_FRAMES // 2)
    playing.wait_for_function("() => engine.state.trouble")
    assert state(playing)["trouble"] == "the server has no audio (404: gone)"
    assert state(playing)["waiting"] and state(playing)["playing"]
    engine_songs.failing.clear()
    hears(playing, SONG)
    assert plays_on(playing)
    assert state(playing)["trouble"] is None


def test_without_another_reverb_the_old_one_is_heard_and_the_page_is_told(playing, engine_songs):
    hears(playing, SONG)
    engine_songs.failing.add("response")
    name = next(name for name in engine_songs.cases["hour"].mix.console_layout.fx.params if name.endswith("rt60_s"))
    playing.evaluate("name => engine.set('fx', { [name]: 1.5 })", name)
    playing.wait_for_function("() => engine.state.trouble")
    assert plays_on(playing)
    engine_songs.failing.clear()
    playing.wait_for_function("() => engine.state.trouble === null")


def test_a_song_that_cannot_be_played_is_refused_in_words(engine_songs, engine_page):
    engine_songs.cases["unfit"] = Case(steady(SONG), still_mix((2, 2), SAMPLE_RATE), DELIVERED)
    refusal = engine_page.evaluate("() => diffmst.open('unfit').catch(error => error.message)")
    assert refusal == "the song has 2 rows of audio, the tracks of the mix have 4 channels"
