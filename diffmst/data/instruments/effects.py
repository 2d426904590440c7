"""Effects: risers, impacts and reversed cymbals that lead from one section to the next, and textures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, add_at, lay, pan
from diffmst.data.synth import (
    NYQUIST_MARGIN,
    Samples,
    bandpass,
    damped_partials,
    fade,
    fall,
    highpass,
    lowpass,
    noise,
    sawtooth,
)

GRAINS = 24
"""Sounds that a texture is made of."""
SHORTEST_TEXTURE_S = 4.0


def effects(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Riser `r`, reversed cymbal `v` and impact `i`. Shape: [2, samples]."""
    makers = {"r": _riser, "v": _reverse, "i": _impact}
    return lay(tones, stage, lambda tone: tone.velocity * makers[tone.symbol](tone, stage), channels=2)


def _sweep(white: Samples, sample_rate: int, octaves: Samples) -> Samples:
    """Noise through a band that moves: a bank of fixed bands, between which the sound is cross-faded.

    Args:
        octaves: centre of the band, octaves above 200 Hz, sample by sample.
    """
    swept = np.zeros_like(white)
    for octave in np.arange(0, 6.5, 0.75):
        centre_hz = min(200 * 2**octave, 0.8 * NYQUIST_MARGIN * sample_rate)
        share = np.exp(-(((octaves - octave) / 0.75) ** 2))
        swept += share * bandpass(white, sample_rate, centre_hz / 1.3, centre_hz * 1.3)
    return swept


def _riser(tone: Tone, stage: Stage) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(tone.length_s)
    progress = np.linspace(0, 1, length)
    wash = _sweep(noise(stage.rng, length, 2), rate, 1.0 + 5.0 * progress**1.3)
    siren_hz = 110 * 2 ** (3 * progress**1.5)
    siren = np.stack([sawtooth(siren_hz * 2 ** (cents / 1200), rate, 9000) for cents in (-9, 9)])
    return fade(progress**2 * (wash + 0.1 * lowpass(siren, rate, 3500)), rate, 0.05, 0.02)


def _reverse(tone: Tone, stage: Stage) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(tone.length_s)
    wash = highpass(noise(stage.rng, length, 2), rate, 1500, 1) * fall(length, rate, 0.22 * tone.length_s)
    return fade(0.5 * wash[:, ::-1], rate, 0.05, 0.015)


def _impact(tone: Tone, stage: Stage) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(2.4)
    time_s = np.arange(length) / rate
    boom = np.sin(2 * np.pi * (42 * time_s + 40 * 0.09 * (1 - np.exp(-time_s / 0.09)))) * fall(length, rate, 0.5)
    rubble = lowpass(noise(stage.rng, length, 2), rate, 900) * fall(length, rate, 0.22)
    air = highpass(noise(stage.rng, length, 2), rate, 3000) * fall(length, rate, 0.35)
    return fade(boom + 0.6 * rubble + 0.12 * air, rate, 0.001, 0.8)


@dataclass(frozen=True)
class Texture:
    """A cloud of short sounds over a drone.

    Attributes:
        grains_hz: sounds per second.
        low_hz: lowest of their pitches.
        high_hz: highest.
        grain_s: time in which one dies to 1/e.
        noisy: share of those that are noise.
        drone_db: level of the drone against them.
        width: how far apart they stand.
    """

    grains_hz: float = 4.0
    low_hz: float = 200.0
    high_hz: float = 3000.0
    grain_s: float = 0.1
    noisy: float = 0.3
    drone_db: float = -12.0
    width: float = 0.8


def texture(tones: Sequence[Tone], stage: Stage, model: Texture = Texture()) -> NDArray[np.float32]:
    """A texture around the times at which the score has effects. Shape: [2, samples]."""
    rate, rng = stage.sample_rate, stage.rng
    bank = [_grain(stage, model) for _ in range(GRAINS)]
    track = np.zeros((2, stage.samples), np.float32)
    for tone in tones:
        length_s = max(tone.length_s, SHORTEST_TEXTURE_S)
        for _ in range(int(rng.poisson(model.grains_hz * length_s))):
            grain = bank[int(rng.integers(GRAINS))] * rng.exponential(0.5)
            place = model.width * rng.uniform(-1, 1)
            add_at(track, pan(grain, place), int((tone.start_s + rng.uniform(0, length_s)) * rate))
        length = stage.seconds(length_s)
        pitch_hz = model.low_hz * rng.choice([0.5, 1.0, 1.5, 2.0]) * np.array([1.0, 1.003, 2.0, 2.997, 4.01])
        weight = 10 ** (model.drone_db / 20) * rng.uniform(0.1, 1, (2, 5)) * np.exp(2j * np.pi * rng.random((2, 5)))
        drone = damped_partials(pitch_hz, np.full(5, np.inf), weight, length, rate)
        add_at(track, fade(drone, rate, 0.3 * length_s, 0.3 * length_s), round(tone.start_s * rate))
    return track


def _grain(stage: Stage, model: Texture) -> Samples:
    rate, rng, length = stage.sample_rate, stage.rng, stage.seconds(6 * model.grain_s)
    pitch_hz = model.low_hz * (max(model.high_hz, model.low_hz) / model.low_hz) ** rng.random()
    if rng.random() < model.noisy:
        white = bandpass(noise(rng, length)[0], rate, 0.8 * pitch_hz, 1.25 * pitch_hz)
        return fade(2 * white * fall(length, rate, model.grain_s), rate, 0.002, model.grain_s)
    ratio = np.array([1.0, 2.0, 2.76, 4.1])
    tone = damped_partials(pitch_hz * ratio, model.grain_s / ratio, 1 / ratio**1.5, length, rate)
    return fade(tone, rate, 0.002, model.grain_s)
