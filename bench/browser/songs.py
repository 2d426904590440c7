"""Songs for the engine in the browser: synthesised rows, and mixes in which every control does something."""

from __future__ import annotations

import numpy as np

from diffmst.layout import DEFAULT, Layout, Section
from diffmst.mix import Mix, RenderSettings
from diffmst.mix_parts import TrackMix

_KEPT = {"input.gain_db": 0.0, "fader.gain_db": -6.0, "send.gain_db": -10.0, "compressor.makeup_db": 2.0}
"""Levels that stay where music has them, so that no track drowns the others."""


def plucked_rows(rows: int, seconds: float, sample_rate: int, seed: int) -> np.ndarray:
    """Tones and noise that are struck and decay, so that compressors and limiter have work: [rows, frames] float32."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    made = []
    for row in range(rows):
        pulse = np.exp(-12 * (time_s % (0.3 + 0.05 * (row % 16))))
        tone = np.sin(2 * np.pi * 55 * 1.5 ** (row % 12) * time_s)
        made.append(0.3 * pulse * (tone + 0.5 * generator.standard_normal(len(time_s))))
    return np.stack(made).astype(np.float32)


def busy_mix(
    channels: tuple[int, ...],
    sample_rate: int,
    *,
    seed: int,
    layout: Layout = DEFAULT,
    loudness_lufs: float | None = None,
) -> Mix:
    """A mix with every control away from its ends and its default; one track of four and more is muted.

    Args:
        channels: of every track.
        sample_rate: of the song, Hz.
        seed: draws the settings.
        layout: the console's controls.
        loudness_lufs: to which the mix is brought; None leaves it as it is.
    """
    generator = np.random.default_rng(seed)
    tracks = [_track(count, _settings(layout.track, generator), mute=at == 3) for at, count in enumerate(channels)]
    return Mix(
        layout=layout.name,
        sample_rate=sample_rate,
        tracks=_numbered(tracks),
        fx=_settings(layout.fx, generator) | {"reverb.mix": 0.7},
        master=_settings(layout.master, generator) | {"compressor.ratio": 2.0},
        render=RenderSettings(loudness_lufs=loudness_lufs, subtype="FLOAT"),
    )


def still_mix(channels: tuple[int, ...], sample_rate: int) -> Mix:
    """A mix that lets its first track through as it is; the others work as in `busy_mix`, but are muted."""
    generator = np.random.default_rng(0)
    muted = [_track(count, _settings(DEFAULT.track, generator), mute=True) for count in channels[1:]]
    return Mix(sample_rate=sample_rate, tracks=_numbered([_track(channels[0], {}, mute=False), *muted]))


def _numbered(tracks: list[TrackMix]) -> tuple[TrackMix, ...]:
    return tuple(track.model_copy(update={"name": f"{at}", "path": f"{at}.wav"}) for at, track in enumerate(tracks))


def _track(channels: int, settings: dict[str, float], *, mute: bool) -> TrackMix:
    return TrackMix(name="", path="", sha256="0" * 64, channels=channels, mute=mute, settings=settings)


def _settings(section: Section, generator: np.random.Generator) -> dict[str, float]:
    values = section.named(section.from_unit(generator.uniform(0.1, 0.9, len(section))))
    return values | {name: value for name, value in _KEPT.items() if name in values}
