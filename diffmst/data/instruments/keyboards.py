"""Electric piano, organ, pads and synthesiser voices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, lay, pan
from diffmst.data.synth import Samples, damped_partials, fade, highpass, lowpass, pitch_to_hz, saturate, wander


def electric_piano(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Tines before a pickup, with the slow panning of the stage instrument. Shape: [2, samples]."""
    rate = stage.sample_rate

    def tine(tone: Tone) -> Samples:
        pitch_hz = float(pitch_to_hz(tone.pitch))
        ratio = np.array([1.0, 2.0, 3.0, 7.11, 15.9])
        life_s = np.array([1.5, 0.9, 0.5, 0.12, 0.035]) * 2 ** ((60 - tone.pitch) / 24)
        weight = np.array([1.0, 0.12, 0.06, 0.22 * tone.velocity**2, 0.12 * tone.velocity**2])
        moving = damped_partials(pitch_hz * ratio, life_s, weight, stage.seconds(tone.length_s + 0.15), rate)
        # The tine swings across the pickup off its axis: the harder the stroke, the more even harmonics it barks.
        return fade(saturate(tone.velocity * moving, 1.0 + 1.2 * tone.velocity, 0.6), rate, 0.002, 0.13)

    line = highpass(lay(tones, stage, lambda tone: 0.5 * tine(tone)), rate, 45, 1)[0]
    sway = 0.28 * np.sin(2 * np.pi * 4.6 * np.arange(stage.samples) / rate)
    return np.stack([line * (1 - sway), line * (1 + sway)]).astype(np.float32)


def organ(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Drawbar organ through a slowly turning loudspeaker. Shape: [2, samples]."""
    rate = stage.sample_rate
    drawbars = np.array([0.5, 1.5, 1, 2, 3, 4, 6])
    drawn = np.array([0.7, 0.5, 1.0, 0.55, 0.3, 0.2, 0.08])

    def pipe(tone: Tone) -> Samples:
        length = stage.seconds(tone.length_s + 0.03)
        drift = 1 + stage.rng.normal(0, 3e-4, drawbars.size)
        held = damped_partials(pitch_to_hz(tone.pitch) * drawbars * drift, np.full(7, np.inf), drawn, length, rate)
        return fade(0.25 * tone.velocity * held, rate, 0.012, 0.03)

    line = saturate(lay(tones, stage, pipe), 0.9, 0.2)[0]
    turn = 2 * np.pi * 0.8 * np.arange(stage.samples) / rate
    horn, drum = highpass(line, rate, 800, 1), lowpass(line, rate, 800, 1)
    return np.stack([drum + horn * (1 + 0.3 * side * np.sin(turn)) for side in (-1, 1)]).astype(np.float32)


def ensemble(
    tones: Sequence[Tone], stage: Stage, *, brightness_hz: float, attack_s: float, release_s: float, players: int = 6
) -> NDArray[np.float32]:
    """Many saws, each a little out of tune and at its own place: strings, or a synthesiser pad. Shape: [2, samples].

    Args:
        brightness_hz: frequency from which the harmonics fall off.
        players: saws per note.
    """
    rate, rng = stage.sample_rate, stage.rng

    def section(tone: Tone) -> Samples:
        pitch_hz = pitch_to_hz(tone.pitch + rng.normal(0, 0.07, players))
        number = np.arange(1, max(2, min(48, int(3.5 * brightness_hz / pitch_hz.mean()))) + 1)
        frequency_hz = np.outer(pitch_hz, number)
        bow = 1 / (number * np.sqrt(1 + (frequency_hz / brightness_hz) ** 4))
        weight = bow * np.exp(2j * np.pi * rng.random((players, 1)) * number)
        sides = pan(np.ones(players), np.linspace(-0.9, 0.9, players))[:, :, None]
        stacked = (sides * weight).reshape(2, -1)
        length = stage.seconds(tone.length_s + release_s)
        held = damped_partials(frequency_hz.ravel(), np.full(frequency_hz.size, np.inf), stacked, length, rate)
        swell = 1 + 0.12 * wander(rng, length, rate, 1.5)
        return fade(tone.velocity / np.sqrt(players) * swell * held, rate, attack_s, release_s)

    return lay(tones, stage, section, channels=2)
