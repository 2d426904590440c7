"""Effects that lead from one section to the next: risers, impacts and reversed cymbals."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, lay
from diffmst.data.synth import NYQUIST_MARGIN, Samples, bandpass, fade, fall, highpass, lowpass, noise, sawtooth


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
