"""Hand percussion: shakers, tambourines, wood, bells and drums of skin."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, lay, pan, struck
from diffmst.data.synth import Samples, bandpass, damped_partials, fade, fall, highpass, noise

SKIN_RATIO = np.array([1.0, 1.58, 2.24, 2.92, 3.7])


@dataclass(frozen=True)
class Percussion:
    """A table of hand percussion.

    Attributes:
        tune: pitches against a usual set.
        life: decay times against a usual set.
        width: how far the instruments stand apart.
        sounds: instrument of each symbol of the score.
    """

    tune: float = 1.0
    life: float = 1.0
    width: float = 1.0
    sounds: tuple[tuple[str, str], ...] = (
        ("s", "shaker"), ("t", "tambourine"), ("i", "rim"), ("h", "high conga"), ("l", "low conga"),
    )  # fmt: skip


PLACES = {"s": 0.45, "t": -0.4, "i": 0.15, "h": -0.3, "l": -0.55}


def percussion(tones: Sequence[Tone], stage: Stage, model: Percussion = Percussion()) -> NDArray[np.float32]:
    """Shaker `s`, tambourine `t`, rim `i`, high and low drum `h` and `l`, spread. Shape: [2, samples]."""
    strokes = {
        symbol: struck(functools.partial(MAKERS[name], stage, model), layers=(0.4, 0.7, 1.0), takes=3)
        for symbol, name in model.sounds
    }

    def play(tone: Tone) -> Samples:
        return pan(strokes[tone.symbol](tone), model.width * PLACES[tone.symbol])

    return lay((tone for tone in tones if tone.symbol in strokes), stage, play, channels=2)


def _shaker(stage: Stage, model: Percussion, velocity: float) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(0.16)
    # Beads first gather, then hit the wall together.
    envelope = np.interp(np.arange(length) / rate, [0, 0.03, 0.05, 0.16], [0, 0.35, 1, 0]) ** 2
    band = bandpass(noise(stage.rng, length)[0], rate, 4800 * model.tune, 11_000 * model.tune, 2)
    return 0.6 * velocity * envelope * band


def _jingles(stage: Stage, model: Percussion, velocity: float, *, lowest_hz: float, life_s: float) -> Samples:
    rng, rate, length = stage.rng, stage.sample_rate, stage.seconds(8 * life_s * model.life)
    jingle_hz = rng.uniform(lowest_hz, 13_500, 60) * model.tune
    dying_s = rng.uniform(0.6, 2.6, 60) * life_s * model.life
    jingles = damped_partials(jingle_hz, dying_s, 0.22 * np.exp(2j * np.pi * rng.random(60)), length, rate)
    skin = bandpass(noise(rng, length)[0], rate, 2500, 9000) * fall(length, rate, 0.018)
    return fade(velocity * (jingles + 0.4 * skin), rate, 0.002, 3 * life_s * model.life)


def _wood(
    stage: Stage, model: Percussion, velocity: float, *, modes_hz: Sequence[float], decay_s: float, tick: float = 0.5
) -> Samples:
    rate = stage.sample_rate
    modes, life_s = np.array(modes_hz) * model.tune, decay_s * model.life
    length = stage.seconds(8 * life_s)
    body = damped_partials(modes, life_s / np.linspace(1, 2, modes.size), 0.9 / np.linspace(1, 2.2, modes.size),
                           length, rate)  # fmt: skip
    click = highpass(noise(stage.rng, length)[0], rate, 2000) * fall(length, rate, 0.0015)
    return fade(velocity * (body + tick * velocity * click), rate, 0.0002, 2 * life_s)


def _skin(stage: Stage, model: Percussion, velocity: float, *, pitch_hz: float, decay_s: float) -> Samples:
    rate, life_s = stage.sample_rate, decay_s * model.life
    length = stage.seconds(5 * life_s)
    skin = damped_partials(
        pitch_hz * model.tune * SKIN_RATIO, life_s / SKIN_RATIO, [0.9, 0.45, 0.3, 0.2, 0.12], length, rate
    )
    slap = bandpass(noise(stage.rng, length)[0], rate, 700, 3500) * fall(length, rate, 0.007)
    return fade(velocity * (skin + 0.7 * velocity * slap), rate, 0.0008, 2 * life_s)


def _snap(stage: Stage, model: Percussion, velocity: float) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(0.2)
    hiss = bandpass(noise(stage.rng, length)[0], rate, 1400 * model.tune, 3600 * model.tune, 2)
    return 2.5 * velocity * hiss * fall(length, rate, 0.012 * model.life)


MAKERS: dict[str, Callable[[Stage, Percussion, float], Samples]] = {
    "shaker": _shaker,
    "tambourine": functools.partial(_jingles, lowest_hz=4200.0, life_s=0.05),
    "sleigh bells": functools.partial(_jingles, lowest_hz=5000.0, life_s=0.09),
    "triangle": functools.partial(_wood, modes_hz=(1250, 3400, 5900, 8200, 10_900), decay_s=0.5, tick=0.2),
    "cowbell": functools.partial(_wood, modes_hz=(562, 845, 1690, 2300, 3100), decay_s=0.06),
    "rim": functools.partial(_wood, modes_hz=(480, 1010, 1720, 2640), decay_s=0.015),
    "claves": functools.partial(_wood, modes_hz=(2450, 5100), decay_s=0.02, tick=0.2),
    "block": functools.partial(_wood, modes_hz=(820, 1640, 2500), decay_s=0.025),
    "snap": _snap,
    "high conga": functools.partial(_skin, pitch_hz=262.0, decay_s=0.11),
    "low conga": functools.partial(_skin, pitch_hz=196.0, decay_s=0.11),
    "bongo": functools.partial(_skin, pitch_hz=390.0, decay_s=0.06),
    "djembe": functools.partial(_skin, pitch_hz=85.0, decay_s=0.16),
    "cajon": functools.partial(_skin, pitch_hz=110.0, decay_s=0.05),
}
