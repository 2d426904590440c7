"""Plucked and struck strings: bass, electric guitar and piano."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, add_at, lay, pan
from diffmst.data.synth import (
    Samples,
    burst,
    damped_partials,
    fade,
    highpass,
    lowpass,
    overdrive,
    peak,
    pitch_to_hz,
    saturate,
)


class Partials(NamedTuple):
    """Frequencies in Hz, times to 1/e in s, and amplitudes of the partials of a sound."""

    frequency_hz: NDArray[np.float64]
    decay_s: NDArray[np.float64]
    weight: NDArray[np.float64]


def _string(
    pitch: float, *, partials: int, pluck: float, slope: float, life_s: float, damping: float, stiffness: float
) -> Partials:
    """Partials of an ideal string, plucked, with stiffness and with losses that grow with frequency.

    Args:
        pluck: where along the string it is plucked; partials with a node there are missing.
        slope: power by which the partials fall; 1 for a hard pick, 2 for a soft thumb.
        life_s: time in which the lowest partial falls to 1/e.
        damping: growth of the loss per partial.
        stiffness: inharmonicity B in f_k = k f sqrt(1 + B k^2) (Fletcher, Rossing, ch. 2).
    """
    number = np.arange(1, partials + 1)
    frequency_hz = number * pitch_to_hz(pitch) * np.sqrt(1 + stiffness * number**2)
    decay_s = life_s / (1 + damping * number + 0.12 * damping * number**2)
    return Partials(frequency_hz, decay_s, np.sin(np.pi * number * pluck) / number**slope)


def bass(tones: Sequence[Tone], stage: Stage, thumb: float = 0.4) -> NDArray[np.float32]:
    """Electric bass: `thumb` 0 is a pick near the bridge, 1 the flesh of the thumb. Shape: [1, samples]."""
    rate = stage.sample_rate

    def pluck(tone: Tone) -> Samples:
        slope = 1.15 + 0.75 * thumb + 0.35 * (1 - tone.velocity)
        string = _string(
            tone.pitch, partials=36, pluck=0.17 + 0.12 * thumb, slope=slope,
            life_s=1.6, damping=0.09 + 0.08 * thumb, stiffness=6e-5,
        )  # fmt: skip
        held = damped_partials(*string, stage.seconds(tone.length_s + 0.06), rate)
        add_at(held, (0.2 - 0.1 * thumb) * burst(stage.rng, rate, 0.006, 700, 2600), 0)
        return fade(tone.velocity * held, rate, 0.0025, 0.05)

    line = lay(tones, stage, pluck)
    return lowpass(saturate(peak(line, rate, 750, 0.8, 2.5), 1.6, 0.12), rate, 5500 - 2500 * thumb)


def guitar(tones: Sequence[Tone], stage: Stage, drive: float = 6.0, detune_cents: float = 0.0) -> NDArray[np.float32]:
    """Electric guitar through an amplifier and its cabinet: `m` is muted with the palm. Shape: [1, samples]."""
    rate = stage.sample_rate

    def pick(tone: Tone) -> Samples:
        muted = tone.symbol == "m"
        pitch = tone.pitch + 0.01 * (detune_cents + stage.rng.normal(0, 2.5))
        string = _string(
            pitch, partials=44, pluck=0.13 + 0.04 * stage.rng.random(),
            slope=1.05 + 0.4 * (1 - tone.velocity), life_s=0.14 if muted else 2.2,
            damping=0.16 if muted else 0.07, stiffness=3e-5,
        )  # fmt: skip
        held = damped_partials(*string, stage.seconds(tone.length_s + 0.05), rate)
        add_at(held, 0.15 * burst(stage.rng, rate, 0.003, 1800, 9000), 0)
        return fade(0.45 * tone.velocity * held, rate, 0.001, 0.045)

    strings = peak(highpass(lay(tones, stage, pick), rate, 140, 1), rate, 1600, 0.5, 9)
    driven = overdrive(strings, rate, drive, 0.25)
    # A closed box with a twelve-inch loudspeaker: a resonance, a bark, and nothing above 5 kHz.
    box = peak(peak(highpass(driven, rate, 85), rate, 120, 1.2, 3), rate, 2900, 0.9, 8)
    return lowpass(box, rate, 4900, 4).astype(np.float32)


def piano(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Piano as the player hears it, low keys on the left. Shape: [2, samples]."""
    rate, rng = stage.sample_rate, stage.rng

    def hammer(tone: Tone) -> Samples:
        slope = 0.75 + 1.0 * (1 - tone.velocity) + max(0, tone.pitch - 60) / 60
        life_s = 2.6 * 2 ** ((60 - tone.pitch) / 18)
        # Three strings to a note, hardly out of tune: they beat, and die at two speeds.
        strings = [
            _string(
                tone.pitch + cents / 100, partials=28, pluck=0.12, slope=slope,
                life_s=life_s * longer, damping=0.12, stiffness=2.5e-4,
            )
            for cents, longer in ((-1.0, 0.5), (0.1, 1.5), (1.1, 0.7))
        ]  # fmt: skip
        place = np.clip((tone.pitch - 62) / 30, -0.7, 0.7)
        sides = pan(np.array([0.9, 2.0, 0.9]), place + np.array([-0.15, 0.0, 0.15]))
        weight = np.concatenate([sides[:, [index]] * string.weight for index, string in enumerate(strings)], axis=1)
        frequency_hz, decay_s = (np.concatenate(values) for values in list(zip(*strings, strict=True))[:2])
        both = damped_partials(frequency_hz, decay_s, weight, stage.seconds(tone.length_s + 0.18), rate)
        add_at(both, 0.2 * tone.velocity * burst(rng, rate, 0.009, 300, 2500), 0)
        return fade(tone.velocity * both, rate, 0.0015, 0.16)

    return lay(tones, stage, hammer, channels=2)
