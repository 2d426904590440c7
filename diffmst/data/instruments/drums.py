"""Drums: kick, snare, clap and toms, from modes, pitch sweeps and noise."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, lay, pan, struck
from diffmst.data.synth import Samples, bandpass, damped_partials, fade, fall, highpass, lowpass, noise, peak, saturate

# Modes of an ideal circular membrane over its lowest: zeros of the Bessel functions (Fletcher, Rossing, ch. 3).
MEMBRANE = np.array([1.0, 1.593, 2.135, 2.295, 2.653, 2.917, 3.155, 3.5, 3.6, 4.06])


@dataclass(frozen=True)
class Kit:
    """Sound of a drum kit.

    Attributes:
        kick_hz: pitch the kick settles at.
        kick_sweep_hz: how far above that its pitch begins.
        kick_decay_s: time in which the kick falls to 1/e.
        kick_click: strength of the beater.
        snare_hz: lowest mode of the snare.
        snare_decay_s: time in which the snare wires fall to 1/e.
        clap: share of a hand clap in the snare, 0 to 1.
        bite: drive into saturation.
        wires: strength of the snare wires against the head.
        wires_hz: where the wires are loudest.
        rattle: strength of the middle of the snare's sound.
        thud: strength of the middle of the kick's.
        tom_decay_s: time in which the high tom falls to 1/e.
        tom_hz: pitch of the high tom.
    """

    kick_hz: float
    kick_sweep_hz: float
    kick_decay_s: float
    kick_click: float
    snare_hz: float
    snare_decay_s: float
    clap: float = 0.0
    bite: float = 1.0
    wires: float = 0.34
    wires_hz: float = 5200.0
    rattle: float = 1.0
    thud: float = 1.0
    tom_decay_s: float = 0.2
    tom_hz: float = 175.0


def kick(tones: Sequence[Tone], stage: Stage, kit: Kit) -> NDArray[np.float32]:
    """Bass drum. Shape: [1, samples]."""
    return lay(tones, stage, struck(lambda velocity: _kick_stroke(velocity, stage, kit)))


def _kick_stroke(velocity: float, stage: Stage, kit: Kit) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(6 * kit.kick_decay_s)
    # Frequency f + s exp(-t / tau) integrates to the phase f t + s tau (1 - exp(-t / tau)), in cycles.
    time_s, tau_s = np.arange(length) / rate, 0.022
    start_hz = kit.kick_sweep_hz * (0.7 + 0.3 * velocity)
    fast = 1.5 * start_hz * 0.004 * (1 - np.exp(-time_s / 0.004))
    cycles = kit.kick_hz * time_s + start_hz * tau_s * (1 - np.exp(-time_s / tau_s)) + fast
    body = np.sin(2 * np.pi * cycles) * (0.75 * fall(length, rate, kit.kick_decay_s) + 0.25 * fall(length, rate, 0.04))
    shell = damped_partials(kit.kick_hz * 1.7 * MEMBRANE[:6], 0.05 / MEMBRANE[:6], np.full(6, 0.08), length, rate)
    beater = bandpass(noise(stage.rng, length)[0], rate, 2200, 5500) * fall(length, rate, 0.004)
    thud = bandpass(noise(stage.rng, length)[0], rate, 250, 900) * fall(length, rate, 0.012)
    click = kit.kick_click * velocity * (1.1 * beater + 0.5 * kit.thud * thud)
    stroke = saturate(body + shell * kit.kick_click + click, 1.3 * kit.bite)
    return fade(velocity * stroke, rate, 0.0004, 1.5 * kit.kick_decay_s)


def snare(tones: Sequence[Tone], stage: Stage, kit: Kit) -> NDArray[np.float32]:
    """Snare drum, with ghost notes that are darker than the strokes, and a clap over it. Shape: [1, samples]."""
    return lay(tones, stage, struck(lambda velocity: _snare_stroke(velocity, stage, kit), takes=3))


def _snare_stroke(velocity: float, stage: Stage, kit: Kit) -> Samples:
    rate, rng, length = stage.sample_rate, stage.rng, stage.seconds(0.55)
    detuned = MEMBRANE * rng.normal(1, 0.004, MEMBRANE.size)
    weight = np.array([1.0, 0.75, 0.4, 0.35, 0.3, 0.25, 0.2, 0.2, 0.15, 0.1]) * np.exp(0.4j * np.arange(10))
    head = damped_partials(kit.snare_hz * detuned, 0.085 / detuned**0.7, weight, length, rate)
    hiss = noise(rng, length)[0]
    wires = peak(highpass(hiss, rate, 1400), rate, kit.wires_hz, 0.7, 5) * fall(length, rate, kit.snare_decay_s)
    rattle = bandpass(hiss, rate, 500, 2600) * fall(length, rate, 0.045)
    stick = highpass(noise(rng, length)[0], rate, 3500) * fall(length, rate, 0.0025)
    drum = (
        0.55 * (1 + 1.2 * fall(length, rate, 0.006)) * head
        + kit.wires * (0.5 + 0.5 * velocity) * wires
        + 0.5 * kit.rattle * rattle
        + 0.8 * velocity * stick
    )
    softened = lowpass(drum, rate, 6000 + 11_000 * velocity, 1)
    both = (1 - 0.6 * kit.clap) * softened + kit.clap * _clap_stroke(stage, length)
    return fade(velocity * saturate(both, 1.1 * kit.bite), rate, 0.0003, 0.2)


def _clap_stroke(stage: Stage, length: int) -> Samples:
    rate = stage.sample_rate
    hands_s = np.array([0.0, 0.0095, 0.0205, 0.03]) + stage.rng.uniform(0, 0.0025, 4)
    envelope = np.zeros(length)
    for hand, onset_s in enumerate(hands_s):
        start, decay_s = round(onset_s * rate), 0.07 if hand == 3 else 0.0055
        envelope[start:] += fall(length - start, rate, decay_s)
    hiss = noise(stage.rng, length)[0]
    return envelope * (1.5 * bandpass(hiss, rate, 800, 1900, 2) + 0.35 * highpass(hiss, rate, 3000))


def toms(tones: Sequence[Tone], stage: Stage, kit: Kit) -> NDArray[np.float32]:
    """Three toms from the right (high) to the left (low) of the drummer. Shape: [2, samples]."""
    voices = [_tom(stage, kit, size) for size in range(3)]
    return lay(tones, stage, lambda tone: pan(voices[tone.pitch](tone), (0.55, 0.0, -0.55)[tone.pitch]), channels=2)


def tom(tones: Sequence[Tone], stage: Stage, kit: Kit, size: int) -> NDArray[np.float32]:
    """One of the toms: 0 is the high one, 2 the low one. Shape: [1, samples]."""
    return lay([tone for tone in tones if tone.pitch == size], stage, _tom(stage, kit, size))


def _tom(stage: Stage, kit: Kit, size: int) -> Callable[[Tone], Samples]:
    return struck(functools.partial(_tom_stroke, stage, kit, size), layers=(0.5, 0.75, 1.0))


def _tom_stroke(stage: Stage, kit: Kit, size: int, velocity: float) -> Samples:
    rate, length = stage.sample_rate, stage.seconds(0.9)
    pitch_hz = kit.tom_hz * (1.0, 0.74, 0.54)[size]
    # A struck head is stretched and so starts sharp: partials that sink a little, as two that hand over.
    weight = 1 / MEMBRANE**1.1 * np.exp(0.7j * np.arange(MEMBRANE.size))
    rest = damped_partials(pitch_hz * MEMBRANE, kit.tom_decay_s * (1 + 0.25 * size) / MEMBRANE, weight, length, rate)
    sharp = damped_partials(1.06 * pitch_hz * MEMBRANE, 0.045 / MEMBRANE**0.5, weight, length, rate)
    stick = bandpass(noise(stage.rng, length)[0], rate, 1200, 5000) * fall(length, rate, 0.005)
    return fade(velocity * saturate(0.6 * rest + 0.4 * sharp + 0.9 * velocity * stick, kit.bite), rate, 0.0003, 0.3)
