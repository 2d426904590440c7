"""Instruments that play one line with breath or bow: solo strings, brass, reeds, flutes and gliding leads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.grains import (
    CONTROL_HZ,
    NOISE_HOP_S,
    Curve,
    frequencies_hz,
    lay_pulses,
    noise_bins_hz,
    pulse_onsets,
    pulse_shapes,
    shaped_noise,
)
from diffmst.data.instruments.playing import Stage, Tone, add_at, pan
from diffmst.data.instruments.voices import phrases
from diffmst.data.synth import pitch_to_hz, smooth, wander

LEVELS = np.array([0.25, 0.5, 0.75, 1.0])
TAIL_S = 0.4


@dataclass(frozen=True)
class Solo:
    """An instrument that is blown or bowed.

    Attributes:
        corner_hz: frequency from which its harmonics fall, when it is loud.
        order: by how many times 6 dB an octave they fall.
        swell: how much darker it is when soft.
        body_hz: resonances of its body.
        body_db: their height.
        attack_s: time in which a note speaks.
        release_s: time in which it ends.
        vibrato_cents: depth of the vibrato on held notes.
        vibrato_hz: its speed.
        breath: share of noise of breath or bow.
        glide_s: time from one note to the next.
        odd: 1 for a closed pipe, whose pulses alternate and so have odd harmonics only.
    """

    corner_hz: float = 1500.0
    order: float = 2.0
    swell: float = 0.6
    body_hz: tuple[float, ...] = (280.0, 460.0, 2500.0)
    body_db: float = 6.0
    attack_s: float = 0.08
    release_s: float = 0.12
    vibrato_cents: float = 20.0
    vibrato_hz: float = 5.5
    breath: float = 0.05
    glide_s: float = 0.03
    odd: float = 0.0


def solo(tones: Sequence[Tone], stage: Stage, model: Solo = Solo()) -> NDArray[np.float32]:
    """One player, the highest note where the score has several. Shape: [1, samples]."""
    return _line(top_line(tones), stage, model)[None]


def section(tones: Sequence[Tone], stage: Stage, model: Solo = Solo(), width: float = 0.6) -> NDArray[np.float32]:
    """A player for each voice of the chords, side by side. Shape: [2, samples]."""
    lines = voices_of(tones)
    places = np.linspace(-width, width, len(lines)) if len(lines) > 1 else np.zeros(1)
    track = np.zeros((2, stage.samples), np.float32)
    for line, place in zip(lines, places, strict=True):
        track += pan(_line(line, stage, model), float(place))
    return track


def top_line(tones: Sequence[Tone]) -> list[Tone]:
    """The highest of the tones that begin together."""
    highest: dict[float, Tone] = {}
    for tone in tones:
        at = round(tone.start_s, 2)
        if at not in highest or tone.pitch > highest[at].pitch:
            highest[at] = tone
    return sorted(highest.values())


def voices_of(tones: Sequence[Tone], most: int = 4) -> list[list[Tone]]:
    """The voices of chords, from the lowest up; tones within 30 ms are a chord."""
    chords: list[list[Tone]] = []
    for tone in sorted(tones):
        if chords and tone.start_s - chords[-1][0].start_s < 0.03:
            chords[-1].append(tone)
        else:
            chords.append([tone])
    count = min(most, max((len(chord) for chord in chords), default=1))
    ordered = [sorted(chord, key=lambda tone: tone.pitch) for chord in chords]
    return [[chord[min(voice, len(chord) - 1)] for chord in ordered] for voice in range(count)]


def _line(tones: Sequence[Tone], stage: Stage, model: Solo) -> NDArray[np.float32]:
    rate = stage.sample_rate
    responses = _responses(model, frequencies_hz(rate))
    level = np.sqrt(np.mean(np.abs(responses) ** 2))
    shapes = pulse_shapes(responses / level, rate)
    breathed = np.abs(_responses(model, noise_bins_hz(rate))[-1:])
    breathed /= np.sqrt(np.mean(breathed**2))
    track = np.zeros(stage.samples, np.float32)
    for phrase in phrases(tones, rest_s=0.15):
        add_at(track, _phrase(phrase, stage, model, shapes, breathed), round((phrase[0].start_s - 0.05) * rate))
    return track


def _responses(model: Solo, bins_hz: Curve) -> NDArray[np.complex128]:
    """Frequency responses of the pulse and the body, from soft to loud. Shape: [levels, bins]."""
    corner_hz = model.corner_hz * (1 - model.swell * (1 - LEVELS))[:, None]
    pulse = (1 / (1 + 1j * bins_hz / corner_hz)) ** model.order * bins_hz / (bins_hz + 60)
    body = np.ones(bins_hz.size)
    for centre_hz in model.body_hz:
        octaves = np.log2(np.maximum(bins_hz, 1) / centre_hz)
        body += (10 ** (model.body_db / 20) - 1) * np.exp(-((octaves / 0.25) ** 2))
    return np.asarray(pulse * body)


def _phrase(
    phrase: Sequence[Tone], stage: Stage, model: Solo, shapes: NDArray[np.float32], breathed: Curve
) -> NDArray[np.float32]:
    """Tones in one breath, from 50 ms before the first. Shape: [time]."""
    rate, rng = stage.sample_rate, stage.rng
    starts_s = np.array([tone.start_s for tone in phrase]) - phrase[0].start_s + 0.05
    lengths_s = np.array([tone.length_s for tone in phrase])
    time_s = np.arange(0, starts_s[-1] + lengths_s[-1] + TAIL_S, 1 / CONTROL_HZ)
    which = np.clip(np.searchsorted(starts_s, time_s, side="right") - 1, 0, None)
    since_s = np.maximum(time_s - starts_s[which], 0)
    strength = np.array([tone.velocity for tone in phrase])[which]
    dip = 1 - 0.5 * np.exp(-since_s / model.attack_s)
    sounding = (time_s >= starts_s[which]) & (since_s < lengths_s[which])
    level = np.asarray(
        smooth(strength * dip * sounding, CONTROL_HZ, 1.5 * min(model.attack_s, model.release_s)), np.float64
    )
    held = np.clip((since_s - 0.15) / 0.4, 0, 1)
    wobble = model.vibrato_cents * held * np.sin(2 * np.pi * model.vibrato_hz * time_s + rng.uniform(0, 6))
    drift = 5 * wander(rng, time_s.size, CONTROL_HZ, 3) + 2 * wander(rng, time_s.size, CONTROL_HZ, 25)
    target = smooth(np.array([tone.pitch for tone in phrase], np.float64)[which], CONTROL_HZ, model.glide_s)
    pitch_hz = np.asarray(pitch_to_hz(target + (wobble + drift) / 100)) * (2 if model.odd > 0.5 else 1)
    samples = int(time_s.size / CONTROL_HZ * rate)
    onsets = pulse_onsets(pitch_hz, rate)
    point = np.minimum((onsets * (CONTROL_HZ / rate)).astype(np.int64), time_s.size - 1)
    shape = np.clip(np.searchsorted(LEVELS, level[point]), 0, LEVELS.size - 1)
    # Pulses of alternating sign, at twice the rate, have the odd harmonics of half that rate only.
    sign = 1 - 2 * (np.arange(onsets.size) % 2) * (model.odd > 0.5)
    sound = lay_pulses(onsets, 0.4 * level[point] * sign, shape, shapes, samples)
    hop = np.minimum((np.arange(samples / rate / NOISE_HOP_S) * NOISE_HOP_S * CONTROL_HZ).astype(int), time_s.size - 1)
    blown = shaped_noise(rng, model.breath * 0.3 * level[hop], np.zeros(hop.size, int), breathed, samples, rate)
    return sound + blown
