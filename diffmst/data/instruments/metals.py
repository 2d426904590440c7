"""Cymbals and hand percussion: hi-hats, ride, crash, shaker, tambourine and congas."""

import functools
import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, lay, pan, struck
from diffmst.data.synth import Samples, bandpass, damped_partials, fade, fall, highpass, noise


def _metal(
    stage: Stage, length_s: float, decay_s: float, lowest_hz: float, *, modes: int, clang: float, hiss: float
) -> Samples:
    """A struck plate: many dense modes, of which the high ones die first, over noise.

    Args:
        clang: share of six inharmonic squares, the metal of early drum machines.
        hiss: share of noise.
    """
    rate, rng, length = stage.sample_rate, stage.rng, stage.seconds(length_s)
    mode_hz = np.sort(lowest_hz * (18_000 / lowest_hz) ** rng.beta(1.3, 1.0, modes))
    life_s = decay_s * (4000 / (mode_hz + 2500)) ** 0.6 * rng.lognormal(0, 0.4, modes)
    weight = rng.rayleigh(1.0, modes) * np.exp(2j * np.pi * rng.random(modes)) / np.sqrt(modes)
    plate = damped_partials(mode_hz, life_s, weight, length, rate)
    # A square is its odd harmonics; only those in the band of the cymbal are heard.
    square_hz = np.outer([263.0, 400.0, 421.0, 474.0, 587.0, 845.0], np.arange(1, 60, 2)).ravel()
    square = 0.5 / np.tile(np.arange(1, 60, 2), 6)
    held = (square_hz > lowest_hz) & (square_hz < 16_000)
    squares = damped_partials(square_hz[held], np.full(held.sum(), decay_s), square[held], length, rate)
    white = highpass(noise(rng, length)[0], rate, lowest_hz, 2) * fall(length, rate, 0.7 * decay_s)
    return plate + clang * squares + 0.4 * hiss * white


def hats(tones: Sequence[Tone], stage: Stage, clang: float = 0.3) -> NDArray[np.float32]:
    """Hi-hats: `x` closed, `o` open until the next stroke closes them. Shape: [1, samples]."""
    rate = stage.sample_rate

    def closed(velocity: float) -> Samples:
        decay_s = 0.022 + 0.03 * velocity
        sound = _metal(stage, 0.28, decay_s, 3200, modes=160, clang=clang, hiss=0.9)
        stick = highpass(noise(stage.rng, sound.shape[-1])[0], rate, 6000) * fall(sound.shape[-1], rate, 0.0015)
        return highpass(fade(velocity * (sound + velocity * stick), rate, 0.0004, 0.08), rate, 2500 + 1500 * velocity)

    def opened(velocity: float) -> Samples:
        return fade(velocity * _metal(stage, 1.0, 0.3, 2800, modes=260, clang=clang, hiss=0.6), rate, 0.0006, 0.3)

    strokes = {"o": struck(opened, layers=(0.6, 0.9)), "x": struck(closed, takes=4)}
    closes_s = dict(itertools.pairwise(tone.start_s for tone in tones))

    def play(tone: Tone) -> Samples:
        sound = strokes["o" if tone.symbol == "o" else "x"](tone)
        after_s = closes_s.get(tone.start_s, np.inf) - tone.start_s + 0.02
        return fade(sound[: round(min(after_s * rate, sound.size))], rate, out_s=0.025)

    return lay(tones, stage, play)


def cymbals(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Crashes `c` and `d` on the left and the right, and a ride `r`. Shape: [2, samples]."""
    rate = stage.sample_rate

    def crash(velocity: float) -> Samples:
        sound = _metal(stage, 3.2, 0.9, 420, modes=420, clang=0.05, hiss=0.35)
        bloom = 1 - 0.5 * fall(sound.shape[-1], rate, 0.03)
        return highpass(fade(velocity * bloom * sound, rate, 0.0015, 1.5), rate, 300)

    def ride(velocity: float) -> Samples:
        wash = _metal(stage, 1.6, 0.5, 500, modes=240, clang=0.1, hiss=0.1)
        ping = damped_partials(
            [3150, 4620, 5875, 7710], [0.18, 0.12, 0.09, 0.06], [0.8, 0.6, 0.4, 0.3], len(wash), rate
        )
        return highpass(fade(velocity * (0.45 * wash + velocity * ping), rate, 0.0005, 0.7), rate, 400)

    places = {"c": -0.6, "d": 0.55, "r": 0.35}
    strokes = {symbol: struck(ride if symbol == "r" else crash, layers=(0.5, 0.9)) for symbol in places}
    return lay(tones, stage, lambda tone: pan(strokes[tone.symbol](tone), places[tone.symbol]), channels=2)


def percussion(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Shaker `s`, tambourine `t`, rim `i`, and a high and a low conga `h` and `l`, spread. Shape: [2, samples]."""
    places = {"s": 0.45, "t": -0.4, "i": 0.15, "h": -0.3, "l": -0.55}
    makers: dict[str, Callable[[Stage, float], Samples]] = {
        "s": _shaker,
        "t": _tambourine,
        "i": _rim,
        "h": functools.partial(_conga, 262.0),
        "l": functools.partial(_conga, 196.0),
    }
    strokes = {symbol: struck(functools.partial(make, stage), takes=3) for symbol, make in makers.items()}
    return lay(tones, stage, lambda tone: pan(strokes[tone.symbol](tone), places[tone.symbol]), channels=2)


def _shaker(stage: Stage, velocity: float) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(0.16)
    # Beads first gather, then hit the wall together.
    envelope = np.interp(np.arange(length) / rate, [0, 0.03, 0.05, 0.16], [0, 0.35, 1, 0]) ** 2
    return 0.6 * velocity * envelope * bandpass(noise(stage.rng, length)[0], rate, 4800, 11_000, 2)


def _tambourine(stage: Stage, velocity: float) -> Samples:
    rng, rate, length = stage.rng, stage.sample_rate, stage.seconds(0.4)
    jingle_hz, life_s = rng.uniform(4200, 13_500, 60), rng.uniform(0.03, 0.13, 60)
    jingles = damped_partials(jingle_hz, life_s, 0.22 * np.exp(2j * np.pi * rng.random(60)), length, rate)
    skin = bandpass(noise(rng, length)[0], rate, 2500, 9000) * fall(length, rate, 0.018)
    return fade(velocity * (jingles + 0.4 * skin), rate, 0.002, 0.15)


def _rim(stage: Stage, velocity: float) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(0.12)
    wood = damped_partials([480, 1010, 1720, 2640], [0.014, 0.016, 0.01, 0.006], [0.5, 0.9, 0.7, 0.4], length, rate)
    tick = highpass(noise(stage.rng, length)[0], rate, 2000) * fall(length, rate, 0.0015)
    return fade(velocity * (wood + 0.5 * tick), rate, 0.0002, 0.04)


def _conga(pitch_hz: float, stage: Stage, velocity: float) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(0.5)
    ratio = np.array([1.0, 1.58, 2.24, 2.92, 3.7])
    skin = damped_partials(pitch_hz * ratio, 0.11 / ratio, [0.9, 0.45, 0.3, 0.2, 0.12], length, rate)
    slap = bandpass(noise(stage.rng, length)[0], rate, 700, 3500) * fall(length, rate, 0.007)
    return fade(velocity * (skin + 0.7 * velocity * slap), rate, 0.0008, 0.2)
