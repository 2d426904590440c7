"""`python -m bench.browser`: the console plays in Chromium; tables of agreement, load, memory and latency."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.browser import measuring
from bench.browser import page as pages
from bench.browser.agreement import Difference, demo_mix, difference, rendered_by_the_package
from bench.browser.songs import busy_mix, plucked_rows
from bench.machine import machine
from diffmst.data.demo_song import make_song
from diffmst.mix import Mix

PAGE = Path(__file__).parents[2] / "docs" / "bench-browser.md"
MARK = "<!-- below: written by `python -m bench.browser --write` -->"

_CHANNELS = (1, 2, 1, 2, 2, 1)
_QUIET_LUFS, _LOUD_LUFS = -45.0, -9.0


def main() -> None:
    """Does what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser", description=__doc__)
    parser.add_argument("--tracks", type=int, nargs="*", default=[8, 32, 60], help="numbers of stereo tracks")
    parser.add_argument("--seconds", type=int, default=60, help="to play each song for")
    parser.add_argument("--turns", type=int, default=100, help="moves of a fader")
    parser.add_argument("--write", action="store_true", help=f"the tables into docs/{PAGE.name} as well")
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        songs = pages.Songs(pages.build(Path(folder) / "built"))
        with songs.running():
            for line in _lines(songs, options.tracks, options.seconds, options.turns):
                lines.append(line)
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
    if options.write:
        by_hand, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
        PAGE.write_text("\n".join([f"{by_hand}{MARK}", "", *lines, ""]), encoding="utf-8")


def _lines(songs: pages.Songs, tracks: list[int], seconds: int, turns: int) -> Iterator[str]:
    """What it was measured on, then three tables, each line once it has been measured."""
    yield f"{machine()['processor']}, {os.cpu_count()} cores; {_version(pages.installed_browser())}."
    yield ""
    yield "| rendered by the browser and by `diffmst render` | gain | limiter | differs at most | rms |"
    yield "|---|--:|--:|--:|--:|"
    yield from _agreement_rows(songs)
    yield ""
    yield f"| stereo tracks, {seconds} s | cores | load | highest | dropouts | memory | at the end | machine's load |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|"
    yield f"| no song | | | | | {measuring.empty_page_mb(songs):.0f} MB | | |"
    for count in tracks:
        yield _played_row(count, measuring.play(songs, count, seconds))
    yield ""
    yield f"| stereo tracks, {turns} moves of a fader | heard after (median) | 95 % | slowest | machine's load |"
    yield "|--:|--:|--:|--:|--:|"
    for count in tracks:
        yield _latency_row(count, measuring.fader_latencies_ms(songs, count, turns))


def _agreement_rows(songs: pages.Songs) -> Iterator[str]:
    with pages.opened(songs, pages.installed_browser()) as page:
        for name, (mix, rows) in _mixes().items():
            with tempfile.TemporaryDirectory() as folder:
                case, expected = rendered_by_the_package(Path(folder), mix, rows)
            yield _agreement_row(name, case, difference(songs, page, case, expected))


def _mixes() -> dict[str, tuple[Mix, np.ndarray]]:
    """Songs by name, with their rows."""
    rows = plucked_rows(sum(_CHANNELS), 5.0, 44_100, seed=1)
    quiet, loud = (busy_mix(_CHANNELS, 44_100, seed=2, loudness_lufs=lufs) for lufs in (_QUIET_LUFS, _LOUD_LUFS))
    return {
        "everything in use, soft": (quiet, rows),
        "everything in use, loud": (loud, rows),
        "the demo song, loud": demo_mix(make_song(0), _LOUD_LUFS),
    }


def _agreement_row(name: str, case: pages.Case, found: Difference) -> str:
    output = case.output
    return (
        f"| {name} | {output.gain_db:.1f} dB | {output.limiting_db:.1f} dB "
        f"| {found.highest / found.peak:.1e} of the peak | {found.rms / found.peak:.1e} |"
    )


def _played_row(tracks: int, played: measuring.Played) -> str:
    return (
        f"| {tracks} | {played.cores:.2f} | {np.median(played.loads):.1%} | {max(played.loads):.1%} "
        f"| {played.dropouts} | {played.early_mb:.0f} MB | {played.late_mb:.0f} MB | {_busy(played.others)} |"
    )


def _latency_row(tracks: int, found_ms: list[float]) -> str:
    return (
        f"| {tracks} | {np.median(found_ms):.0f} ms | {np.percentile(found_ms, 95):.0f} ms "
        f"| {max(found_ms):.0f} ms | {_busy(os.getloadavg()[0])} |"
    )


def _version(browser: str) -> str:
    return subprocess.run([browser, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def _busy(load: float) -> str:
    return f"{load:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
