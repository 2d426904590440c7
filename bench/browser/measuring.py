"""Songs in a browser that nobody looks into: what they need, and how fast a change is heard."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from bench.browser import page as pages
from bench.browser.processes import private_mb, processor_s
from bench.browser.songs import busy_mix, plucked_rows, still_mix
from diffmst.mastering import Output

SAMPLE_RATE = 48_000
SONG_S = 20  # played over and over
_SETTLED_S = 10  # until the song has been played for a while
_STEADY = 0.25  # level of the track whose fader is moved
_PATIENCE_S = 60  # beyond what a measurement takes by itself
_TURN_S = 0.5  # at most


class Played(NamedTuple):
    """What playing a song took.

    Attributes:
        loads: of every second, as shares of the time that there was.
        cores: processors that the whole browser had, on average.
        dropouts: once it had settled.
        early_mb: private memory of the whole browser after a few seconds.
        late_mb: the same at the end.
        others: processes that ran or wanted to, on average over the last minute.
    """

    loads: list[float]
    cores: float
    dropouts: int
    early_mb: float
    late_mb: float
    others: float


def empty_page_mb(songs: pages.Songs) -> float:
    """Private memory of a browser that shows the page and no song."""
    with _asked(songs, "nothing") as browser:
        time.sleep(_SETTLED_S)
        return private_mb(browser.pid)


def play(songs: pages.Songs, tracks: int, seconds: int) -> Played:
    """Plays stereo tracks with everything in use, besides what they are compared with."""
    songs.cases["song"] = _case(tracks)
    with _asked(songs, f"play=song&seconds={seconds}") as browser:
        time.sleep(_SETTLED_S)
        early_mb, early_s, begun = private_mb(browser.pid), processor_s(browser.pid), time.monotonic()
        found = _result(songs, "song", seconds)
        cores = (processor_s(browser.pid) - early_s) / (time.monotonic() - begun)
        return Played(found["loads"], cores, found["dropouts"], early_mb, private_mb(browser.pid), os.getloadavg()[0])


def fader_latencies_ms(songs: pages.Songs, tracks: int, turns: int) -> list[float]:
    """How long it takes until a fader is heard at the speakers: of one track that is steady, while others work."""
    case = _case(tracks)
    case.song[:2] = _STEADY
    songs.cases["steady"] = pages.Case(case.song, still_mix((2,) * tracks, SAMPLE_RATE), _delivered(case.song, 0.0))
    with _asked(songs, f"fader=steady&turns={turns}"):
        return _result(songs, "steady", turns * _TURN_S)


@contextmanager
def _asked(songs: pages.Songs, what: str) -> Iterator[subprocess.Popen[bytes]]:
    """A browser that nobody looks into, which would keep all that it fetches in its memory."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [pages.installed_browser(), "--headless=new", *pages.BROWSER_FLAGS, f"--user-data-dir={profile}"]
        url = f"{songs.url}/engine.html#{what}"
        with subprocess.Popen([*command, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
            try:
                yield browser
            finally:
                browser.terminate()


def _result(songs: pages.Songs, name: str, seconds: float) -> Any:  # noqa: ANN401 whatever the page found
    return json.loads(songs.results.get(name, timeout_s=seconds + _PATIENCE_S))


def _case(tracks: int) -> pages.Case:
    heard = plucked_rows(16, SONG_S, SAMPLE_RATE, seed=0) / np.sqrt(tracks, dtype=np.float32)
    rows = np.resize(heard, (2 * tracks, heard.shape[1]))
    mix = busy_mix((2,) * tracks, SAMPLE_RATE, seed=1, loudness_lufs=-12.0)
    return pages.Case(rows, mix, _delivered(rows, 6.0), before=rows[:2], reference=rows[-2:])


def _delivered(song: np.ndarray, gain_db: float) -> Output:
    return Output(
        loudness_lufs=-12.0,
        true_peak_dbtp=-1.0,
        gain_db=gain_db,
        limiting_db=3.0,
        target_lufs=-12.0,
        frames=song.shape[1],
        limited=True,
    )
