"""Plucked and struck strings: basses, guitars and piano."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, add_at, held, lay, pan
from diffmst.data.synth import (
    Samples,
    burst,
    cascade,
    cut_sections,
    damped_partials,
    fade,
    highpass,
    lowpass,
    overdrive,
    peak_section,
    pitch_to_hz,
    saturate,
)

CLEAN = 2.5
"""Drive up to which nothing folds back that could be heard."""


class Partials(NamedTuple):
    """Frequencies in Hz, times to 1/e in s, and amplitudes of the partials of a sound."""

    frequency_hz: NDArray[np.float64]
    decay_s: NDArray[np.float64]
    weight: NDArray[np.float64]


def string(
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


@dataclass(frozen=True)
class Bass:
    """Bass with strings.

    Attributes:
        thumb: 0 is a pick near the bridge, 1 the flesh of the thumb.
        life_s: time in which the lowest partial of a string falls to 1/e.
        muted: share of the life that a palm on the strings takes, 0 to 1.
        growl_hz: centre of what the pickup and the wood add.
        growl_db: how much of it.
        drive: into the preamplifier.
        finger: strength of the noise of a stroke.
    """

    thumb: float = 0.4
    life_s: float = 1.6
    muted: float = 0.0
    growl_hz: float = 750.0
    growl_db: float = 2.5
    drive: float = 1.6
    finger: float = 0.16


def bass(tones: Sequence[Tone], stage: Stage, model: Bass = Bass()) -> NDArray[np.float32]:
    """Electric or upright bass. Shape: [1, samples]."""
    rate, thumb = stage.sample_rate, model.thumb

    def pluck(tone: Tone) -> Samples:
        life_s = model.life_s * (1 - model.muted) * 2 ** ((33 - tone.pitch) / 30)
        sound = string(
            tone.pitch, partials=36, pluck=0.17 + 0.12 * thumb, slope=1.15 + 0.75 * thumb + 0.35 * (1 - tone.velocity),
            life_s=life_s, damping=0.09 + 0.08 * thumb + 0.2 * model.muted, stiffness=6e-5,
        )  # fmt: skip
        ringing = damped_partials(*sound, stage.seconds(tone.length_s), rate)
        add_at(ringing, model.finger * burst(stage.rng, rate, 0.006, 700, 2600), 0)
        return fade(tone.velocity * ringing, rate, 0.0025)

    line = lay(tones, stage, held(pluck, stage, 0.05))
    line = saturate(cascade(line, peak_section(rate, model.growl_hz, 0.8, model.growl_db)), model.drive, 0.12)
    return cascade(line, cut_sections("low", rate, 5500 - 2500 * thumb), cut_sections("high", rate, 20, 1))


@dataclass(frozen=True)
class Guitar:
    """Electric guitar with its amplifier.

    Attributes:
        drive: of the amplifier; 1 is clean.
        detune_cents: against the others.
        pluck: where along the string it is picked.
        life_s: time in which a string falls to 1/e.
        bright: power by which the partials fall.
        box_hz: resonance of the loudspeaker's box.
        bark_hz: where the loudspeaker is loudest.
        bark_db: by how much.
        cut_hz: above which it is silent.
        pick: strength of the noise of the pick.
        amplified: whether it is heard through the amplifier, or by wire.
    """

    drive: float = 6.0
    detune_cents: float = 0.0
    pluck: float = 0.15
    life_s: float = 2.2
    bright: float = 1.05
    box_hz: float = 120.0
    bark_hz: float = 2900.0
    bark_db: float = 8.0
    cut_hz: float = 4900.0
    pick: float = 0.15
    amplified: bool = True


def guitar(tones: Sequence[Tone], stage: Stage, model: Guitar = Guitar()) -> NDArray[np.float32]:
    """Electric guitar: `m` is muted with the palm. Shape: [1, samples]."""
    rate = stage.sample_rate

    def pick(tone: Tone) -> Samples:
        muted = tone.symbol == "m"
        sound = string(
            tone.pitch + 0.01 * (model.detune_cents + stage.rng.normal(0, 2.5)), partials=44,
            pluck=model.pluck + 0.04 * stage.rng.random(), slope=model.bright + 0.4 * (1 - tone.velocity),
            life_s=0.14 if muted else model.life_s, damping=0.16 if muted else 0.07, stiffness=3e-5,
        )  # fmt: skip
        ringing = damped_partials(*sound, stage.seconds(tone.length_s), rate)
        add_at(ringing, model.pick * burst(stage.rng, rate, 0.003, 1800, 9000), 0)
        return fade(0.45 * tone.velocity * ringing, rate, 0.001)

    strings = lay(tones, stage, held(pick, stage, 0.045))
    return amplify(strings, rate, model) if model.amplified else lowpass(strings, rate, 7000)


def amplify(strings: Samples, sample_rate: int, model: Guitar) -> NDArray[np.float32]:
    """Sound of a pickup through an amplifier and its loudspeaker. Shape: that of strings."""
    rate = sample_rate
    lifted = cascade(strings, cut_sections("high", rate, 140, 1), peak_section(rate, 1600, 0.5, 9))
    bend = overdrive if model.drive > CLEAN else _warm
    # A closed box with a twelve-inch loudspeaker: a resonance, a bark, and nothing above some 5 kHz.
    return cascade(
        bend(lifted, rate, model.drive, 0.25), cut_sections("high", rate, 85),
        peak_section(rate, model.box_hz, 1.2, 3), peak_section(rate, model.bark_hz, 0.9, model.bark_db),
        cut_sections("low", rate, model.cut_hz, 4),
    )  # fmt: skip


def _warm(x: Samples, sample_rate: int, drive: float, bias: float) -> Samples:
    """A drive so small that nothing folds back."""
    return highpass(saturate(x, drive, bias), sample_rate, 20.0, 1)


@dataclass(frozen=True)
class Acoustic:
    """Guitar, ukulele, banjo or mandolin with a body of wood.

    Attributes:
        pluck: where along the string it is plucked.
        life_s: time in which a string falls to 1/e.
        bright: power by which the partials fall; 1.6 for nylon and flesh, 0.9 for steel and a pick.
        body_hz: lowest resonance of the body; the others follow.
        body_db: height of the resonances.
        pick: strength of the noise of a stroke.
    """

    pluck: float = 0.2
    life_s: float = 1.3
    bright: float = 1.2
    body_hz: float = 105.0
    body_db: float = 7.0
    pick: float = 0.25


def acoustic(tones: Sequence[Tone], stage: Stage, model: Acoustic = Acoustic()) -> NDArray[np.float32]:
    """Acoustic guitar, strings spread a little before two microphones. Shape: [2, samples]."""
    rate = stage.sample_rate

    def pluck(tone: Tone) -> Samples:
        muted = tone.symbol == "m"
        sound = string(
            tone.pitch + 0.01 * stage.rng.normal(0, 3), partials=40, pluck=model.pluck * stage.rng.uniform(0.8, 1.2),
            slope=model.bright + 0.5 * (1 - tone.velocity), stiffness=8e-5, damping=0.3 if muted else 0.1,
            life_s=(0.1 if muted else model.life_s) * 2 ** ((55 - tone.pitch) / 24),
        )  # fmt: skip
        ringing = damped_partials(*sound, stage.seconds(tone.length_s), rate)
        add_at(ringing, model.pick * burst(stage.rng, rate, 0.004, 1200, 11_000), 0)
        return fade(0.4 * tone.velocity * ringing, rate, 0.0008)

    line = lay(tones, stage, held(pluck, stage, 0.07))
    bodies = []
    for side in (0.94, 1.06):
        resonances = [
            peak_section(rate, model.body_hz * ratio * side, 3.0, model.body_db * share)
            for ratio, share in ((1.0, 1.0), (1.95, 0.8), (3.6, 0.4))
        ]
        bodies.append(cascade(line, cut_sections("high", rate, 0.7 * model.body_hz), *resonances)[0])
    return np.stack(bodies)


@dataclass(frozen=True)
class Piano:
    """Piano.

    Attributes:
        bright: power by which the partials fall, less for a hard stroke.
        life_s: time in which the middle C falls to 1/e.
        unison_cents: how far the strings of a note are apart.
        hammer: strength of the noise of a stroke.
        width: how far low and high keys stand apart.
    """

    bright: float = 0.75
    life_s: float = 2.6
    unison_cents: float = 1.0
    hammer: float = 0.2
    width: float = 0.7


def piano(tones: Sequence[Tone], stage: Stage, model: Piano = Piano()) -> NDArray[np.float32]:
    """Piano as the player hears it, low keys on the left. Shape: [2, samples]."""
    rate, rng = stage.sample_rate, stage.rng

    def hammer(tone: Tone) -> Samples:
        slope = model.bright + 1.0 * (1 - tone.velocity) + max(0, tone.pitch - 60) / 60
        life_s = model.life_s * 2 ** ((60 - tone.pitch) / 18)
        # Three strings to a note, hardly out of tune: they beat, and die at two speeds.
        strings = [
            string(
                tone.pitch + cents * model.unison_cents / 100, partials=28, pluck=0.12, slope=slope,
                life_s=life_s * longer, damping=0.12, stiffness=2.5e-4,
            )
            for cents, longer in ((-1.0, 0.5), (0.1, 1.5), (1.1, 0.7))
        ]  # fmt: skip
        place = np.clip((tone.pitch - 62) / 43, -1, 1) * model.width
        sides = pan(np.array([0.9, 2.0, 0.9]), np.clip(place + np.array([-0.15, 0.0, 0.15]), -1, 1))
        weight = np.concatenate([sides[:, [index]] * one.weight for index, one in enumerate(strings)], axis=1)
        frequency_hz, decay_s = (np.concatenate(values) for values in list(zip(*strings, strict=True))[:2])
        both = damped_partials(frequency_hz, decay_s, weight, stage.seconds(tone.length_s), rate)
        add_at(both, model.hammer * tone.velocity * burst(rng, rate, 0.009, 300, 2500), 0)
        return fade(tone.velocity * both, rate, 0.0015)

    return lay(tones, stage, held(hammer, stage, 0.16), channels=2)
