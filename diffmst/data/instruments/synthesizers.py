"""Synthesiser bass, pluck and lead."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, lay, pan
from diffmst.data.synth import NYQUIST_MARGIN, Samples, damped_partials, fade, lowpass, pitch_to_hz, saturate


def _closing_saw(
    stage: Stage, tone: Tone, detune_cents: Sequence[float], *, life_s: float, closing: float, release_s: float
) -> NDArray[np.float32]:
    """Detuned saws behind a filter that closes: the higher a harmonic, the faster it dies. Shape: [saws, time].

    Args:
        life_s: time in which the lowest harmonic falls to 1/e.
        closing: growth of the loss per harmonic.
    """
    fundamental_hz = float(pitch_to_hz(tone.pitch))
    number = np.arange(1, min(90, int(min(15_000, NYQUIST_MARGIN * stage.sample_rate) / fundamental_hz)) + 1)
    decay_s = life_s / (1 + closing * (number - 1))
    weight = 1 / number ** (1.0 + 0.5 * (1 - tone.velocity)) * np.exp(0.3j * number)
    length = stage.seconds(tone.length_s + release_s)
    saws = [
        damped_partials(fundamental_hz * 2 ** (cents / 1200) * number, decay_s, weight, length, stage.sample_rate)
        for cents in detune_cents
    ]
    return np.stack(saws)


def synth_bass(tones: Sequence[Tone], stage: Stage, closing: float = 0.16) -> NDArray[np.float32]:
    """Two saws and a sine an octave below the upper one, driven. Shape: [1, samples]."""
    rate = stage.sample_rate

    def voice(tone: Tone) -> Samples:
        saws = _closing_saw(stage, tone, (-4, 4), life_s=0.9, closing=closing, release_s=0.03).sum(axis=0)
        low = damped_partials([pitch_to_hz(tone.pitch)], [4.0], [1.0], len(saws), rate)
        return fade(tone.velocity * (0.22 * saws + 0.7 * low), rate, 0.003, 0.03)

    return lowpass(saturate(lay(tones, stage, voice), 1.5, 0.1), rate, 7000).astype(np.float32)


def synth_pluck(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Short bright notes that alternate between left and right. Shape: [2, samples]."""
    sides = {tone.start_s: 0.45 * (-1) ** index for index, tone in enumerate(tones)}

    def voice(tone: Tone) -> Samples:
        saws = _closing_saw(stage, tone, (-6, 5), life_s=0.28, closing=0.22 - 0.1 * tone.velocity, release_s=0.2)
        wide = pan(saws[0], sides[tone.start_s] - 0.3) + pan(saws[1], sides[tone.start_s] + 0.3)
        return fade(tone.velocity * wide, stage.sample_rate, 0.0015, 0.18)

    return lay(tones, stage, voice, channels=2)


def synth_stab(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Chords of five wide saws behind a filter that closes. Shape: [2, samples]."""
    cents = (-14.0, -6.0, 0.5, 7.0, 15.0)
    places = np.array([-0.9, 0.6, 0.0, -0.6, 0.9])
    sides = pan(np.ones(5), places)

    def voice(tone: Tone) -> Samples:
        saws = _closing_saw(stage, tone, cents, life_s=0.7, closing=0.1, release_s=0.09)
        return fade(tone.velocity * (sides @ saws), stage.sample_rate, 0.003, 0.08)

    return lay(tones, stage, voice, channels=2)


def synth_lead(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Singing lead: saws an octave apart that open slowly and hold. Shape: [2, samples]."""
    rate = stage.sample_rate
    sides = pan(np.ones(3), np.array([-0.5, 0.0, 0.5]))

    def voice(tone: Tone) -> Samples:
        saws = _closing_saw(stage, tone, (-8, 0, 9), life_s=2.5, closing=0.05, release_s=0.12)
        octave = damped_partials([2 * pitch_to_hz(tone.pitch)], [3.0], [0.25], saws.shape[-1], rate)
        return fade(tone.velocity * (sides @ saws + octave), rate, 0.012, 0.11)

    return lowpass(saturate(0.6 * lay(tones, stage, voice, channels=2), 1.2), rate, 9000).astype(np.float32)
