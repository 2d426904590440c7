"""Voices: a singer and a choir, as a source through a vocal tract."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Stage, Tone, add_at, pan
from diffmst.data.synth import (
    Samples,
    bandpass,
    formants,
    highpass,
    noise,
    peak,
    pitch_to_hz,
    sawtooth,
    smooth,
    wander,
)

# Centre frequencies of the formants of an alto in Hz (Csound manual, formant values).
VOWELS_HZ = {
    "a": (800, 1150, 2800, 3500, 4950),
    "e": (400, 1600, 2700, 3300, 4950),
    "i": (350, 1700, 2700, 3700, 4950),
    "o": (450, 800, 2830, 3500, 4950),
    "u": (325, 700, 2530, 3500, 4950),
}
BANDWIDTHS_HZ = (110, 130, 130, 160, 220)
HUMMED = "mnl"
SYLLABLES = ("da", "no", "la", "so", "hi", "me", "sa", "na", "to", "li", "du", "he")
LEAD_IN_S, LEAD_OUT_S = 0.35, 0.3


class Consonant(NamedTuple):
    """Noise of a consonant: a band, centred `before_s` before the vowel, while the voice is closed for `closed_s`."""

    strength: float
    before_s: float
    width_s: float
    low_hz: float
    high_hz: float
    closed_s: float


CONSONANTS = {
    "s": Consonant(1.0, before_s=0.05, width_s=0.028, low_hz=4800, high_hz=15_000, closed_s=0.1),
    "t": Consonant(1.2, before_s=0.012, width_s=0.007, low_hz=2200, high_hz=6000, closed_s=0.07),
    "d": Consonant(0.6, before_s=0.012, width_s=0.007, low_hz=2200, high_hz=6000, closed_s=0.05),
    "h": Consonant(0.35, before_s=0.025, width_s=0.025, low_hz=1100, high_hz=4500, closed_s=0.06),
}
BREATH = Consonant(0.2, before_s=0.2, width_s=0.06, low_hz=1100, high_hz=4500, closed_s=0.0)


@dataclass(frozen=True)
class Singer:
    """How somebody sings.

    Attributes:
        tract: length of the formants against the table; above 1 is a shorter tract, a brighter voice.
        vibrato_cents: depth of the vibrato on long notes.
        breath: share of breath in the voice.
        scoop_cents: how far below a note it is begun.
    """

    tract: float = 1.0
    vibrato_cents: float = 28.0
    breath: float = 0.05
    scoop_cents: float = 60.0


def lead(tones: Sequence[Tone], stage: Stage, singer: Singer = Singer()) -> NDArray[np.float32]:
    """One voice that sings syllables, with breaths before its phrases. Shape: [1, samples]."""
    words = stage.rng.permutation(SYLLABLES)
    sung = [tone._replace(symbol=str(words[index % len(words)])) for index, tone in enumerate(tones)]
    track = np.zeros((1, stage.samples), np.float32)
    for phrase in _phrases(sung):
        add_at(track, _sing(phrase, stage, singer), round((phrase[0].start_s - LEAD_IN_S) * stage.sample_rate))
    return track


def choir(tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Voices in chords, each part sung twice, on the vowel that the score names. Shape: [2, samples]."""
    starts = sorted({tone.start_s for tone in tones})
    chords = [
        sorted((tone for tone in tones if tone.start_s == start), key=lambda tone: tone.pitch) for start in starts
    ]
    track = np.zeros((2, stage.samples), np.float32)
    for part in range(max(len(chord) for chord in chords)):
        line = [chord[min(part, len(chord) - 1)] for chord in chords]
        for side in (-1, 1):
            singer = Singer(tract=stage.rng.uniform(0.94, 1.08), vibrato_cents=18, breath=0.09, scoop_cents=25)
            place = side * (0.85 - 0.25 * part)
            for phrase in _phrases(_late(line, stage)):
                start = round((phrase[0].start_s - LEAD_IN_S) * stage.sample_rate)
                add_at(track, pan(_sing(phrase, stage, singer), place), start)
    return track


def _late(line: Sequence[Tone], stage: Stage) -> list[Tone]:
    return [tone._replace(start_s=tone.start_s + abs(stage.rng.normal(0, 0.012))) for tone in line]


def _phrases(tones: Sequence[Tone], rest_s: float = 0.3) -> list[list[Tone]]:
    """The tones between rests long enough to breathe."""
    phrases: list[list[Tone]] = []
    for tone in tones:
        last = phrases[-1][-1] if phrases else None
        if last is None or tone.start_s - last.start_s - last.length_s > rest_s:
            phrases.append([])
        phrases[-1].append(tone)
    return phrases


def _sing(phrase: Sequence[Tone], stage: Stage, singer: Singer) -> Samples:
    """One phrase in one breath, from `LEAD_IN_S` before its first tone. Shape: [time]."""
    rate, rng = stage.sample_rate, stage.rng
    origin_s = phrase[0].start_s - LEAD_IN_S
    phrase = [tone._replace(start_s=tone.start_s - origin_s) for tone in phrase]
    time_s = np.arange(stage.seconds(phrase[-1].start_s + phrase[-1].length_s + LEAD_OUT_S)) / rate
    loudness = _loudness(phrase, time_s, rate)
    buzz = sawtooth(pitch_to_hz(_pitch(phrase, time_s, stage, singer)), rate, 14_000)
    hiss = noise(rng, time_s.size)[0]
    flow = loudness * (buzz + singer.breath * bandpass(hiss, rate, 900, 9000))
    # A loud voice closes its folds abruptly: a source brighter than a saw. The cascade ends at the fifth formant; what
    # is above it passes by, as air.
    flow = peak(flow + 3.0 * highpass(flow, rate, 2000, 1), rate, 3300, 0.7, 11)
    air = 0.4 * highpass(flow, rate, 5500)
    voice = _vowels(phrase, flow, time_s, rate, singer.tract) + air
    add_at(voice, _consonants(phrase, stage), 0)
    return voice


def _pitch(phrase: Sequence[Tone], time_s: Samples, stage: Stage, singer: Singer) -> Samples:
    """MIDI pitch, sample by sample: glides between notes, scoops, vibrato on what is held, and never quite steady."""
    starts_s = np.array([tone.start_s for tone in phrase])
    lengths_s = np.array([tone.length_s for tone in phrase])
    which = np.clip(np.searchsorted(starts_s, time_s, side="right") - 1, 0, None)
    target = np.array([tone.pitch for tone in phrase], np.float64)[which]
    glide = smooth(target, stage.sample_rate, 0.07)
    since_s = np.maximum(time_s - starts_s[which], 0)
    scoop = -singer.scoop_cents * np.exp(-since_s / 0.05) * (lengths_s[which] > 0.35)
    held = np.clip((since_s - 0.22) / 0.35, 0, 1) * np.clip(lengths_s[which] / 0.5 - 0.6, 0, 1)
    rate_hz = 5.3 + 0.3 * wander(stage.rng, time_s.size, stage.sample_rate, 1.5)
    vibrato = singer.vibrato_cents * held * np.sin(2 * np.pi * np.cumsum(rate_hz) / stage.sample_rate)
    drift = 4 * wander(stage.rng, time_s.size, stage.sample_rate, 4) + 2 * wander(
        stage.rng, time_s.size, stage.sample_rate, 25
    )
    return glide + (smooth(scoop, stage.sample_rate, 0.015) + vibrato + drift) / 100


def _loudness(phrase: Sequence[Tone], time_s: Samples, sample_rate: int) -> Samples:
    """Envelope of the voice: notes swell and lean into each other, consonants interrupt them."""
    level = np.zeros_like(time_s)
    for tone in phrase:
        inside = slice(*np.searchsorted(time_s, [tone.start_s, tone.start_s + tone.length_s]))
        position = (time_s[inside] - tone.start_s) / tone.length_s
        # A long note, and the last of a breath, gives way towards its end.
        giving = 0.6 if tone is phrase[-1] else 0.25 * min(1.0, tone.length_s)
        swell = 0.85 + 0.15 * np.sin(np.pi * position)
        level[inside] = tone.velocity * swell * (1 - giving * np.clip(2 * position - 1, 0, 1) ** 1.5)
        if tone.symbol[0] in CONSONANTS:
            closed_s, open_share = CONSONANTS[tone.symbol[0]].closed_s, 0.02
        else:
            closed_s, open_share = 0.06, 0.45 if tone.symbol[0] in HUMMED else 1.0
        level[slice(*np.searchsorted(time_s, [tone.start_s - closed_s, tone.start_s]))] *= open_share
    return smooth(level, sample_rate, 0.05)


def _vowels(phrase: Sequence[Tone], flow: Samples, time_s: Samples, sample_rate: int, tract: float) -> Samples:
    """The source through the vowels of the syllables; the tract moves from one to the next within 60 ms."""
    starts = np.searchsorted(time_s, [tone.start_s for tone in phrase])
    spoken = np.zeros(time_s.size, np.int64)
    names = sorted({tone.symbol[-1] for tone in phrase})
    for start, tone in zip(starts, phrase, strict=True):
        spoken[start:] = names.index(tone.symbol[-1])
    spoken[: starts[0]] = names.index(phrase[0].symbol[-1])
    voice = np.zeros(time_s.size)
    for index, name in enumerate(names):
        share = smooth((spoken == index).astype(np.float64), sample_rate, 0.07)
        voice += share * formants(flow, sample_rate, np.array(VOWELS_HZ[name]) * tract, BANDWIDTHS_HZ)
    return voice


def _consonants(phrase: Sequence[Tone], stage: Stage) -> NDArray[np.float64]:
    """Sibilants, plosives, and the breath that is drawn before the phrase, from its start on. Shape: [time]."""
    rate = stage.sample_rate
    spoken = [
        (tone.start_s, tone.velocity, CONSONANTS[tone.symbol[0]]) for tone in phrase if tone.symbol[0] in CONSONANTS
    ]
    track = np.zeros(stage.seconds(phrase[-1].start_s + phrase[-1].length_s))
    for start_s, velocity, sound in [(phrase[0].start_s, 1.0, BREATH), *spoken]:
        span = np.linspace(-3, 3, stage.seconds(6 * sound.width_s))
        hiss = bandpass(noise(stage.rng, span.size)[0], rate, sound.low_hz, sound.high_hz)
        start = round((start_s - sound.before_s - 3 * sound.width_s) * rate)
        add_at(track, velocity * sound.strength * np.exp(-(span**2)) * hiss, start)
    return track
