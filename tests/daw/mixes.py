"""Mixes on disk with settings all over their ranges, for the tests of sessions."""

from pathlib import Path

import numpy as np
from songs import tone, write

from diffmst.layout import LAYOUTS, Settings
from diffmst.mix import Mix, RenderSettings, TrackMix

SHA = "0" * 64


def drawn_settings(layout, tracks, seed=1):
    """Physical settings drawn from the whole ranges but for levels, which stay near full scale; batch of one."""
    random = np.random.default_rng(seed)
    shapes = Settings((1, tracks, len(layout.track)), (1, len(layout.fx)), (1, len(layout.master)))
    settings = layout.from_unit(Settings(*(random.random(shape) for shape in shapes)))
    for (_, section), values in zip(layout.sections(), settings, strict=True):
        for column, param in enumerate(section.params.values()):
            if param.unit == "dB" and param.low <= -40:
                values[..., column] = np.clip(values[..., column], -12, min(6, param.high))
    return settings


def make_mix(names=("kick", "pad"), channels=None, rate=44_100, layout="default", muted=(), paths=None, seed=1):
    """A document; by default mono and stereo tracks in turn.

    Args:
        names: of the tracks.
        channels: of the tracks.
        rate: sample rate, Hz.
        layout: of the console.
        muted: numbers of tracks.
        paths: of the stems, relative to the document's folder.
        seed: of the settings.
    """
    channels = channels or [1 + number % 2 for number in range(len(names))]
    paths = paths or [f"../song/{number:03d}.wav" for number in range(len(names))]
    tracks = tuple(
        TrackMix(name=name, path=path, sha256=SHA, channels=count, mute=number in muted)
        for number, (name, path, count) in enumerate(zip(names, paths, channels, strict=True))
    )
    mix = Mix(sample_rate=rate, layout=layout, tracks=tracks, render=RenderSettings(loudness_lufs=-14.0))
    return mix.with_settings(drawn_settings(LAYOUTS[layout], len(names), seed))


def write_mix(folder: Path, mix: Mix, seconds=0.5):
    """Writes a document into `folder/mix` and stems for it where it says; returns the document's path."""
    for number, track in enumerate(mix.tracks):
        rows = [
            tone(110 * (1 + number % 7) * (1 + side / 2), seconds, mix.sample_rate) for side in range(track.channels)
        ]
        write(folder / "mix" / track.path, np.stack(rows), mix.sample_rate, "FLOAT")
    document = folder / "mix" / "mix.json"
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(mix.to_json(), encoding="utf-8")
    return document
