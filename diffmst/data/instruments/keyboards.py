"""Electric piano, organ, mallets, and ensembles of strings and pads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, add_at, held, lay, pan
from diffmst.data.synth import Samples, burst, damped_partials, fade, highpass, pitch_to_hz, saturate


@dataclass(frozen=True)
class ElectricPiano:
    """Tines or reeds before pickups.

    Attributes:
        bell: strength of the high partials of a stroke.
        bark: how much a hard stroke bends the sound.
        life_s: time in which the middle C falls to 1/e.
        sway: depth of the slow panning, 0 for none.
        sway_hz: its speed.
    """

    bell: float = 0.22
    bark: float = 1.2
    life_s: float = 1.5
    sway: float = 0.28
    sway_hz: float = 4.6


def electric_piano(tones: Sequence[Tone], stage: Stage, model: ElectricPiano = ElectricPiano()) -> NDArray[np.float32]:
    """Electric piano, with the slow panning of the stage instrument. Shape: [2, samples]."""
    rate = stage.sample_rate

    def tine(tone: Tone) -> Samples:
        pitch_hz = float(pitch_to_hz(tone.pitch))
        ratio = np.array([1.0, 2.0, 3.0, 7.11, 15.9])
        life_s = model.life_s * np.array([1.0, 0.6, 0.33, 0.08, 0.023]) * 2 ** ((60 - tone.pitch) / 24)
        bell = model.bell * tone.velocity**2
        weight = np.array([1.0, 0.12, 0.06, bell, 0.55 * bell])
        moving = damped_partials(pitch_hz * ratio, life_s, weight, stage.seconds(tone.length_s), rate)
        # The tine swings across the pickup off its axis: the harder the stroke, the more even harmonics it barks.
        return fade(0.5 * saturate(tone.velocity * moving, 1.0 + model.bark * tone.velocity, 0.6), rate, 0.002)

    line = highpass(lay(tones, stage, held(tine, stage, 0.13)), rate, 45, 1)[0].astype(np.float32)
    angle = np.arange(stage.samples, dtype=np.float32) * np.float32(2 * np.pi * model.sway_hz / rate)
    sway = np.float32(model.sway) * np.sin(angle)
    return np.stack([line * (1 - sway), line * (1 + sway)])


@dataclass(frozen=True)
class Organ:
    """Drawbar organ.

    Attributes:
        drawn: strength of the drawbars, from 16' to 1 1/3'.
        drive: into the amplifier.
        turn_hz: speed of the loudspeaker.
        turn: depth of what its turning does.
    """

    drawn: tuple[float, ...] = (0.7, 0.5, 1.0, 0.55, 0.3, 0.2, 0.08)
    drive: float = 0.9
    turn_hz: float = 0.8
    turn: float = 0.3


def organ(tones: Sequence[Tone], stage: Stage, model: Organ = Organ()) -> NDArray[np.float32]:
    """Drawbar organ through a turning loudspeaker. Shape: [2, samples]."""
    rate = stage.sample_rate
    drawbars = np.array([0.5, 1.5, 1, 2, 3, 4, 6])

    def pipe(tone: Tone) -> Samples:
        drift = 1 + stage.rng.normal(0, 3e-4, drawbars.size)
        frequency_hz = pitch_to_hz(tone.pitch) * drawbars * drift
        steady = damped_partials(
            frequency_hz, np.full(7, np.inf), np.array(model.drawn), stage.seconds(tone.length_s), rate
        )
        return fade(0.25 * tone.velocity * steady, rate, 0.012)

    line = saturate(lay(tones, stage, held(pipe, stage, 0.03)), model.drive, 0.2)[0]
    turn = np.arange(stage.samples, dtype=np.float32) * np.float32(2 * np.pi * model.turn_hz / rate)
    horn = highpass(line, rate, 800, 1)
    drum, horn = (line - horn).astype(np.float32), horn.astype(np.float32)
    wave = np.float32(model.turn) * np.sin(turn)
    return np.stack([drum + horn * (1 - wave), drum + horn * (1 + wave)])


@dataclass(frozen=True)
class Mallets:
    """Bars and bells under mallets.

    Attributes:
        ratio: frequencies of the modes against the lowest.
        weight: strength of the modes.
        life_s: time in which the lowest mode of the middle C falls to 1/e.
        damping: how much faster high modes die.
        knock: strength of the noise of a stroke.
        width: how far low and high bars stand apart.
    """

    ratio: tuple[float, ...] = (1.0, 4.0, 10.2, 18.6)
    weight: tuple[float, ...] = (1.0, 0.25, 0.1, 0.04)
    life_s: float = 0.5
    damping: float = 0.5
    knock: float = 0.2
    width: float = 0.5


def mallets(tones: Sequence[Tone], stage: Stage, model: Mallets = Mallets()) -> NDArray[np.float32]:
    """Marimba, vibraphone, glockenspiel, bells, by their modes. Shape: [2, samples]."""
    rate = stage.sample_rate
    ratio = np.array(model.ratio)

    def stroke(tone: Tone) -> Samples:
        life_s = model.life_s * 2 ** ((60 - tone.pitch) / 20) / ratio**model.damping
        weight = np.array(model.weight) * tone.velocity ** np.linspace(0, 1, ratio.size)
        length = stage.seconds(min(tone.length_s + 4 * model.life_s, 8.0))
        bar = damped_partials(pitch_to_hz(tone.pitch) * ratio, life_s, weight, length, rate)
        add_at(bar, model.knock * tone.velocity * burst(stage.rng, rate, 0.004, 500, 4000), 0)
        place = float(np.clip((tone.pitch - 66) / 40, -1, 1)) * model.width
        return fade(pan(tone.velocity * bar, place), rate, 0.0008, 0.05)

    strike = held(stroke, stage, 0.5)
    return lay((tone._replace(length_s=tone.length_s + 3 * model.life_s) for tone in tones), stage, strike, channels=2)


@dataclass(frozen=True)
class Ensemble:
    """Many players or oscillators on each note.

    Attributes:
        brightness_hz: frequency from which the harmonics fall off.
        attack_s: time in which a note swells.
        release_s: time in which it dies.
        players: saws per note.
        spread_cents: how far they are out of tune.
        width: how far they stand apart.
        odd: share of the even harmonics that is left out: 1 for squares and reeds.
    """

    brightness_hz: float = 1300.0
    attack_s: float = 0.3
    release_s: float = 0.5
    players: int = 6
    spread_cents: float = 7.0
    width: float = 0.9
    odd: float = 0.0


def ensemble(tones: Sequence[Tone], stage: Stage, model: Ensemble = Ensemble()) -> NDArray[np.float32]:
    """Strings, or a synthesiser pad. Shape: [2, samples]."""
    rate, rng, players = stage.sample_rate, stage.rng, model.players

    def section(tone: Tone) -> Samples:
        pitch_hz = pitch_to_hz(tone.pitch + rng.normal(0, model.spread_cents / 100, players))
        number = np.arange(1, max(2, min(40, int(3.5 * model.brightness_hz / pitch_hz.mean()))) + 1)
        frequency_hz = np.outer(pitch_hz, number)
        bow = 1 / (number * np.sqrt(1 + (frequency_hz / model.brightness_hz) ** 4))
        bow[:, 1::2] *= 1 - model.odd
        weight = bow * np.exp(2j * np.pi * rng.random((players, 1)) * number)
        sides = pan(np.ones(players), np.linspace(-model.width, model.width, players))[:, :, None]
        stacked = (sides * weight).reshape(2, -1)
        length = stage.seconds(tone.length_s)
        steady = damped_partials(frequency_hz.ravel(), np.full(frequency_hz.size, np.inf), stacked, length, rate)
        return fade(tone.velocity / np.sqrt(players) * steady, rate, model.attack_s)

    return lay(tones, stage, held(section, stage, model.release_s, layers=(0.75,)), channels=2)
