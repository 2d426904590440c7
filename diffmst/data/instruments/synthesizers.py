"""Synthesisers: basses, plucks, stabs and leads from oscillators behind a filter that closes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, held, lay, pan
from diffmst.data.synth import NYQUIST_MARGIN, Samples, damped_partials, fade, lowpass, pitch_to_hz, saturate


@dataclass(frozen=True)
class Synth:
    """A subtractive synthesiser.

    Attributes:
        cents: tuning of its oscillators.
        width: how far they stand apart; 0 is mono.
        life_s: time in which the lowest harmonic falls to 1/e; infinity holds.
        closing: how much faster each harmonic dies than the one below.
        slope: power by which the harmonics fall: 1 for a saw.
        odd: share of the even harmonics that is left out: 1 for a square.
        attack_s: time in which a note rises.
        release_s: time in which it ends.
        octave: strength of a sine against the saws.
        octave_ratio: its frequency, 1 or 2 or one half.
        fm_index: modulation by a sine, which spreads sidebands around each oscillator.
        fm_ratio: frequency of that sine.
        drive: into saturation.
        cutoff_hz: of the filter at the end.
    """

    cents: tuple[float, ...] = (-6.0, 5.0)
    width: float = 0.0
    life_s: float = 0.9
    closing: float = 0.16
    slope: float = 1.0
    odd: float = 0.0
    attack_s: float = 0.003
    release_s: float = 0.05
    octave: float = 0.0
    octave_ratio: float = 1.0
    fm_index: float = 0.0
    fm_ratio: float = 2.0
    drive: float = 1.2
    cutoff_hz: float = 9000.0


SYNTH_BASS = Synth(cents=(-4, 4), octave=3.2, release_s=0.03, drive=1.5, cutoff_hz=7000)
PLUCK = Synth(cents=(-6, 5), width=0.4, life_s=0.28, release_s=0.18)
STAB = Synth(cents=(-14, -6, 0.5, 7, 15), width=0.9, life_s=0.7, closing=0.1, release_s=0.08)
LEAD = Synth(cents=(-8, 0, 9), width=0.5, life_s=2.5, closing=0.05, attack_s=0.012, release_s=0.11, octave=0.25)


def synth(tones: Sequence[Tone], stage: Stage, model: Synth = Synth()) -> NDArray[np.float32]:
    """A synthesiser. Shape: [1, samples], [2, samples] if it is wide."""
    rate, channels = stage.sample_rate, 2 if model.width else 1
    oscillators = len(model.cents)
    places = np.linspace(-model.width, model.width, oscillators)[np.argsort(np.arange(oscillators) % 2, kind="stable")]
    sides = pan(np.ones(oscillators), places) if model.width else np.ones((1, oscillators))

    def voice(tone: Tone) -> Samples:
        pitch_hz = float(pitch_to_hz(tone.pitch))
        ratio, weight, decay_s = _harmonics(pitch_hz, tone.velocity, model, rate)
        tuning = 2 ** (np.array(model.cents) / 1200)
        frequency_hz = (pitch_hz * tuning[:, None] * ratio).ravel()
        # Equal weights of the sides for every harmonic of an oscillator.
        weights = (sides[:, :, None] * weight).reshape(channels, -1) / oscillators**0.5
        if model.octave:
            frequency_hz = np.append(frequency_hz, model.octave_ratio * pitch_hz)
            decay_s_all = np.append(np.tile(decay_s, oscillators), 4.0)
            weights = np.append(weights, np.full((channels, 1), model.octave / channels**0.5), axis=1)
        else:
            decay_s_all = np.tile(decay_s, oscillators)
        sound = damped_partials(frequency_hz, decay_s_all, weights, stage.seconds(tone.length_s), rate)
        return fade(0.4 * tone.velocity * sound, rate, model.attack_s)

    track = saturate(lay(tones, stage, held(voice, stage, model.release_s), channels=channels), model.drive, 0.1)
    return lowpass(track, rate, model.cutoff_hz).astype(np.float32)


def _harmonics(
    pitch_hz: float, velocity: float, model: Synth, sample_rate: int
) -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.float64]]:
    """Ratios, amplitudes and times to 1/e of the partials of one oscillator."""
    highest = min(15_000.0, 1.3 * model.cutoff_hz, NYQUIST_MARGIN * sample_rate) / pitch_hz
    number = np.arange(1, max(2, min(70, int(highest))) + 1, dtype=np.float64)
    weight = 1 / number ** (model.slope + 0.5 * (1 - velocity)) * np.exp(0.3j * number)
    weight[1::2] *= 1 - model.odd
    ratio = number
    if model.fm_index:
        # The first sidebands of each harmonic stand for all: k +- r with the strength of J1 against J0.
        ratio = np.concatenate([number, number + model.fm_ratio, np.abs(number - model.fm_ratio) + 1e-3])
        share = model.fm_index * (0.3 + 0.7 * velocity) / 2
        weight = np.concatenate([weight, share * weight, -share * weight])
    decay_s = model.life_s / (1 + model.closing * np.maximum(ratio - 1, 0))
    audible = (ratio < highest) & (ratio > 0.2)
    return ratio[audible], weight[audible], decay_s[audible]
