"""What the browser renders against what the package renders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soundfile

from bench.browser.page import Case, Songs, rendered
from diffmst.audio import AudioWriter, StemFile
from diffmst.data.demo_song import DemoSong
from diffmst.data.song import Song
from diffmst.demo import engineer_settings
from diffmst.layout import DEFAULT
from diffmst.mix import Mix, RenderSettings
from diffmst.mix_parts import TrackMix
from diffmst.outputs import OutputFolder
from diffmst.render import render

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Difference(NamedTuple):
    """Between two renders of a song; full scale is 1.

    Attributes:
        highest: of any sample.
        rms: of all.
        peak: of the song.
    """

    highest: float
    rms: float
    peak: float


def difference(songs: Songs, page: Page, case: Case, expected: np.ndarray) -> Difference:
    """How far the browser's render of a case is from what is expected, [2, frames].

    Raises:
        ValueError: it has another length.
    """
    songs.cases["song"] = case
    found = rendered(songs, page, "song").astype(np.float64)
    if found.shape != expected.shape:
        raise ValueError(f"the browser renders {found.shape}, expected {expected.shape}")
    error = found - expected
    return Difference(np.abs(error).max(), np.sqrt(np.mean(error**2)), np.abs(expected).max())


def rendered_by_the_package(folder: Path, mix: Mix, rows: np.ndarray) -> tuple[Case, np.ndarray]:
    """Writes a song to disk and renders it; what the browser needs to do the same, and the result [2, frames]."""
    _write_stems(folder, mix, rows)
    stems = [StemFile(folder / track.path, track.name) for track in mix.tracks]
    song = Song.of_stems(stems, mix.sample_rate).with_channels(mix.channels)
    with OutputFolder(folder) as outputs:
        output = render(mix, song, outputs, "mix.wav")
    expected, _ = soundfile.read(folder / "mix.wav", dtype="float32", always_2d=True)
    return Case(rows, mix, output), expected.T


def demo_mix(song: DemoSong, loudness_lufs: float) -> tuple[Mix, np.ndarray]:
    """The song of `diffmst demo` mixed by the roles of its stems, as its reference is; its rows too."""
    settings = engineer_settings(song)
    tracks = tuple(
        TrackMix(
            name=stem.name,
            path=f"{at}.wav",
            sha256="0" * 64,
            channels=len(stem.audio),
            settings=DEFAULT.track.named(settings.tracks[0, at]),
        )
        for at, stem in enumerate(song.stems)
    )
    mix = Mix(
        sample_rate=song.sample_rate,
        tracks=tracks,
        fx=DEFAULT.fx.named(settings.fx[0]),
        master=DEFAULT.master.named(settings.master[0]),
        render=RenderSettings(loudness_lufs=loudness_lufs, subtype="FLOAT"),
    )
    return mix, np.concatenate([stem.audio for stem in song.stems])


def _write_stems(folder: Path, mix: Mix, rows: np.ndarray) -> None:
    ends = np.cumsum(mix.channels)
    for track, end in zip(mix.tracks, ends, strict=True):
        with AudioWriter(folder / track.path, mix.sample_rate, track.channels, "FLOAT") as writer:
            writer.write(rows[end - track.channels : end])
