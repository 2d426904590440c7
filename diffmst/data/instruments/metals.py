"""Hi-hats and cymbals."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, lay, pan, struck
from diffmst.data.synth import Samples, damped_partials, fade, fall, highpass, lowpass, noise

RIDE_BELL_HZ = np.array([3150.0, 4620.0, 5875.0, 7710.0])


@dataclass(frozen=True)
class Metal:
    """Sound of the hats and cymbals of a kit.

    Attributes:
        clang: share of six inharmonic squares, the metal of early drum machines.
        hiss: share of noise.
        size: frequencies against a usual set; below 1 is larger and darker.
        life: decay times against a usual set.
        dark_hz: above which there is little.
        bright: how densely the modes lie at the upper end; 1 spreads them evenly.
        width: how far the cymbals stand apart.
        body: how much of the hats is left below 3 kHz.
    """

    clang: float = 0.3
    hiss: float = 0.9
    size: float = 1.0
    life: float = 1.0
    dark_hz: float = 20_000.0
    bright: float = 1.3
    width: float = 1.0
    body: float = 0.0


def _struck(stage: Stage, metal: Metal, length_s: float, decay_s: float, lowest_hz: float, modes: int) -> Samples:
    """A struck plate: many dense modes, of which the high ones die first, over noise."""
    rate, rng, length = stage.sample_rate, stage.rng, stage.seconds(length_s)
    lowest_hz, decay_s = lowest_hz * metal.size, decay_s * metal.life
    mode_hz = np.sort(lowest_hz * (18_000 / lowest_hz) ** rng.beta(metal.bright, 1.0, modes))
    life_s = decay_s * (4000 / (mode_hz + 2500)) ** 0.6 * rng.lognormal(0, 0.4, modes)
    weight = rng.rayleigh(1.0, modes) * np.exp(2j * np.pi * rng.random(modes)) / np.sqrt(modes)
    plate = damped_partials(mode_hz, life_s, weight, length, rate)
    # A square is its odd harmonics; only those in the band of the cymbal are heard.
    square_hz = metal.size * np.outer([263.0, 400.0, 421.0, 474.0, 587.0, 845.0], np.arange(1, 60, 2)).ravel()
    square = 0.5 / np.tile(np.arange(1, 60, 2), 6)
    kept = (square_hz > lowest_hz) & (square_hz < 16_000)
    squares = damped_partials(square_hz[kept], np.full(kept.sum(), decay_s), square[kept], length, rate)
    white = highpass(noise(rng, length)[0], rate, lowest_hz, 2) * fall(length, rate, 0.7 * decay_s)
    return lowpass(plate + metal.clang * squares + 0.4 * metal.hiss * white, rate, metal.dark_hz, 1)


def hats(tones: Sequence[Tone], stage: Stage, metal: Metal = Metal()) -> NDArray[np.float32]:
    """Hi-hats: `x` closed, `o` open until the next stroke closes them. Shape: [1, samples]."""
    rate = stage.sample_rate

    def closed(velocity: float) -> Samples:
        # Two plates that clap together are heard far below their own modes.
        sound = _struck(stage, metal, 0.28, 0.022 + 0.03 * velocity, 3200 / (1 + 3 * metal.body), modes=160)
        stick = highpass(noise(stage.rng, sound.shape[-1])[0], rate, 6000) * fall(sound.shape[-1], rate, 0.0015)
        struck_once = fade(velocity * (sound + velocity * stick), rate, 0.0004, 0.08)
        cut = highpass(struck_once, rate, metal.size * (2500 + 1500 * velocity))
        return cut + metal.body * (struck_once - cut)

    def opened(velocity: float) -> Samples:
        return fade(velocity * _struck(stage, metal, 1.0, 0.3, 2800, modes=200), rate, 0.0006, 0.3)

    strokes = {"o": struck(opened, layers=(0.6, 0.9)), "x": struck(closed, layers=(0.35, 0.6, 0.85), takes=3)}
    closes_s = dict(itertools.pairwise(tone.start_s for tone in tones))

    def play(tone: Tone) -> Samples:
        sound = strokes["o" if tone.symbol == "o" else "x"](tone)
        after_s = closes_s.get(tone.start_s, np.inf) - tone.start_s + 0.02
        return fade(sound[: round(min(after_s * rate, sound.size))], rate, out_s=0.025)

    return lay(tones, stage, play)


def cymbals(tones: Sequence[Tone], stage: Stage, metal: Metal = Metal(clang=0.08, hiss=0.3)) -> NDArray[np.float32]:
    """Crashes `c` and `d` on the left and the right, and a ride `r`. Shape: [2, samples]."""
    rate = stage.sample_rate

    def crash(velocity: float) -> Samples:
        sound = _struck(stage, metal, 3.2, 0.9, 420, modes=320)
        bloom = 1 - 0.5 * fall(sound.shape[-1], rate, 0.03)
        return highpass(fade(velocity * bloom * sound, rate, 0.0015, 1.5), rate, 300)

    def ride(velocity: float) -> Samples:
        wash = _struck(stage, metal, 1.6, 0.5, 500, modes=200)
        bell_hz = metal.size * RIDE_BELL_HZ
        ping = damped_partials(bell_hz, [0.18, 0.12, 0.09, 0.06], [0.8, 0.6, 0.4, 0.3], len(wash), rate)
        return highpass(fade(velocity * (0.45 * wash + velocity * ping), rate, 0.0005, 0.7), rate, 400)

    places = {"c": -0.6, "d": 0.55, "r": 0.35}
    strokes = {symbol: struck(ride if symbol == "r" else crash, layers=(0.5, 0.9)) for symbol in places}
    return lay(
        tones, stage, lambda tone: pan(strokes[tone.symbol](tone), metal.width * places[tone.symbol]), channels=2
    )
