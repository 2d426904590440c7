"""Voices: singers, rappers and choirs, as pulses of the glottis through a vocal tract that moves."""

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
    resonances,
    shaped_noise,
)
from diffmst.data.instruments.playing import Stage, Tone, add_at, pan
from diffmst.data.instruments.speech import AIR, CONSONANTS, EFFORTS, SYLLABLES, VOWELS_HZ, Consonant, vowel_of
from diffmst.data.synth import pitch_to_hz, smooth, wander

BANDWIDTHS_HZ = np.array([80.0, 100.0, 170.0, 280.0, 420.0])
HIGHEST_RESONANCE = 20
HELD_HZ = 11_000.0
"""Above it the tube is no line any more, and its summits lie lower."""
CORNER_HZ = 450.0
LEAD_IN_S, LEAD_OUT_S = 0.35, 0.3
CONSONANTS_LEVEL = 0.06
STEPS = 3
"""Shapes of the tract on the way from one vowel to the next."""


@dataclass(frozen=True)
class Singer:
    """How somebody sings.

    Attributes:
        tract: frequencies of the formants against the table, that of an alto; above 1 is a shorter tract.
        vibrato_cents: depth of the vibrato on long notes.
        vibrato_hz: its speed.
        breath: share of breath in the voice.
        scoop_cents: how far below a note it is begun.
        glide_s: time from one note to the next.
        press: how abruptly the folds close: the corner of the spectrum of the source, against a trained voice.
        tilt: by how many times 6 dB an octave that spectrum falls above its corner, at the lips.
        ring_db: height of the singer's formant, the summit near 3 kHz.
        sibilance: strength of consonants.
        spoken: share of speech: 0 holds the notes, 1 lets the pitch fall as a rapper does.
        air: strength of the breaths before phrases.
    """

    tract: float = 1.0
    vibrato_cents: float = 28.0
    vibrato_hz: float = 5.3
    breath: float = 0.05
    scoop_cents: float = 60.0
    glide_s: float = 0.07
    press: float = 1.0
    tilt: float = 1.5
    ring_db: float = 6.0
    sibilance: float = 1.0
    spoken: float = 0.0
    air: float = 0.2


def lead(tones: Sequence[Tone], stage: Stage, singer: Singer = Singer()) -> NDArray[np.float32]:
    """One voice that sings syllables, with breaths before its phrases. Shape: [1, samples]."""
    words = stage.rng.permutation(SYLLABLES)
    words = words[: max(8, int(0.4 * len(words)))]
    sung = [tone._replace(symbol=str(words[index % len(words)])) for index, tone in enumerate(tones)]
    return _sung(sung, stage, singer)[None]


def choir(
    tones: Sequence[Tone], stage: Stage, singer: Singer = Singer(vibrato_cents=18, breath=0.09, scoop_cents=25)
) -> NDArray[np.float32]:
    """Voices in chords, each part sung twice, on the vowel that the score names. Shape: [2, samples]."""
    starts = sorted({tone.start_s for tone in tones})
    chords = [
        sorted((tone for tone in tones if tone.start_s == start), key=lambda tone: tone.pitch) for start in starts
    ]
    track = np.zeros((2, stage.samples), np.float32)
    for part in range(max((len(chord) for chord in chords), default=0)):
        line = [chord[min(part, len(chord) - 1)] for chord in chords]
        for side in (-1, 1):
            another = _akin(singer, stage.rng)
            track += pan(_sung(_late(line, stage), stage, another), side * max(0.1, 0.85 - 0.25 * part))
    return track


def unison(tones: Sequence[Tone], stage: Stage, singer: Singer, voices: int) -> NDArray[np.float32]:
    """Several people with one line, as a gang or a double: each late in its own way, spread. Shape: [2, samples]."""
    words = [str(word) for word in stage.rng.permutation(SYLLABLES)]
    sung = [tone._replace(symbol=words[index % 10]) for index, tone in enumerate(tones)]
    places = np.linspace(-0.8, 0.8, voices) if voices > 1 else np.zeros(1)
    track = np.zeros((2, stage.samples), np.float32)
    for place in places:
        track += pan(_sung(_late(sung, stage), stage, _akin(singer, stage.rng)), float(place))
    return track


def _akin(singer: Singer, rng: np.random.Generator) -> Singer:
    """Another singer of the same kind."""
    return Singer(**{**vars(singer), "tract": singer.tract * rng.uniform(0.95, 1.07)})


def _late(line: Sequence[Tone], stage: Stage) -> list[Tone]:
    return [tone._replace(start_s=tone.start_s + abs(stage.rng.normal(0, 0.012))) for tone in line]


def phrases(tones: Sequence[Tone], rest_s: float = 0.3) -> list[list[Tone]]:
    """The tones between rests long enough to breathe; one that reaches into the next is cut there."""
    found: list[list[Tone]] = []
    for tone in sorted(tones):
        last = found[-1][-1] if found else None
        if last is None or tone.start_s - last.start_s - last.length_s > rest_s:
            found.append([])
        elif tone.start_s - last.start_s < 0.03:
            continue
        elif tone.start_s < last.start_s + last.length_s:
            found[-1][-1] = last._replace(length_s=tone.start_s - last.start_s)
        found[-1].append(tone)
    return found


def _sung(tones: Sequence[Tone], stage: Stage, singer: Singer) -> NDArray[np.float32]:
    """All phrases of a line. Shape: [samples]."""
    track = np.zeros(stage.samples, np.float32)
    tract = _Tract(singer, sorted({vowel_of(tone.symbol) for tone in tones}), stage.sample_rate)
    for phrase in phrases(tones):
        add_at(track, _sing(phrase, stage, singer, tract), round((phrase[0].start_s - LEAD_IN_S) * stage.sample_rate))
    return track


def _highest(bins_hz: Curve, tract: float) -> Curve:
    """What the resonances above `HIGHEST_RESONANCE` add to the lower frequencies, as magnitudes.

    Each is 1 / (1 - (f / f_n)^2) far below itself, about exp((f / f_n)^2), and f_n = (n - 1/2) 1000 Hz of the tract:
    the product over all n > N is exp(f^2 sum 1 / f_n^2), the sum nearly 1 / (N (1000 Hz)^2) (Fant, "Acoustic theory of
    speech production", 1960, section 1.2).
    """
    held_hz = np.minimum(bins_hz, HELD_HZ * tract) / (1000 * tract)
    return np.asarray(np.exp(held_hz**2 / HIGHEST_RESONANCE))


class _Tract:
    """The sounds of a singer's vowels and of what lies between them, as pulses and as spectra of breath."""

    def __init__(self, singer: Singer, vowels: Sequence[str], sample_rate: int) -> None:
        self.vowels = list(vowels)
        bodies = self._bodies(singer, frequencies_hz(sample_rate), sources=True)
        self.shapes = pulse_shapes(bodies, sample_rate) * self._scale(bodies)
        breathed = np.abs(self._bodies(singer, noise_bins_hz(sample_rate), sources=False))
        self.spectra = breathed / np.sqrt(np.mean(breathed**2, axis=-1, keepdims=True))

    def index(self, before: NDArray[np.int64], after: NDArray[np.int64], share: Curve) -> NDArray[np.int64]:
        """Which body it is on the way from one vowel to another."""
        step = np.round(share * STEPS).astype(np.int64)
        return np.asarray((before * len(self.vowels) + after) * (STEPS + 1) + step)

    def _bodies(self, singer: Singer, bins_hz: Curve, *, sources: bool) -> NDArray[np.complex128]:
        """Frequency responses, [efforts x pairs of vowels x steps, bins]; of the breath without efforts."""
        centre_hz = np.array([VOWELS_HZ[name] for name in self.vowels], np.float64) * singer.tract
        share = np.linspace(0, 1, STEPS + 1)[:, None]
        between_hz = (centre_hz[:, None, None] * (1 - share) + centre_hz[None, :, None] * share).reshape(-1, 5)
        tract = resonances(bins_hz, between_hz, np.broadcast_to(BANDWIDTHS_HZ * singer.tract, between_hz.shape))
        # A tube has resonances without end; those above the fifth hardly move.
        high_hz = 1000.0 * singer.tract * np.arange(5.5, HIGHEST_RESONANCE)
        ring = 1 + (10 ** (singer.ring_db / 20) - 1) * np.exp(-(((bins_hz / (3000 * singer.tract) - 1) / 0.22) ** 2))
        tract = tract * resonances(bins_hz, high_hz, 0.08 * high_hz) * ring * _highest(bins_hz, singer.tract)
        if not sources:
            return tract
        # The flow falls by 12 to 18 dB an octave above its corner, the lips add 6; a loud voice has a higher corner.
        corner_hz = CORNER_HZ * singer.press * np.array(EFFORTS)[:, None]
        source = (1 / (1 + 1j * bins_hz / corner_hz)) ** singer.tilt * bins_hz / (bins_hz + 80)
        return np.asarray((source[:, None] * tract).reshape(-1, bins_hz.size))

    @staticmethod
    def _scale(bodies: NDArray[np.complex128]) -> NDArray[np.float32]:
        """Vowels are not equally loud, but nearer to it than their resonances are: the mouth makes up for it."""
        power = np.sqrt(np.mean(np.abs(bodies) ** 2, axis=-1))
        return (np.median(power) / power[:, None, None] ** 0.6 / np.median(power) ** 0.4 * 2.5).astype(np.float32)


def _sing(phrase: Sequence[Tone], stage: Stage, singer: Singer, tract: _Tract) -> NDArray[np.float32]:
    """One phrase in one breath, from `LEAD_IN_S` before its first tone. Shape: [time]."""
    rate = stage.sample_rate
    origin_s = phrase[0].start_s - LEAD_IN_S
    phrase = [tone._replace(start_s=tone.start_s - origin_s) for tone in phrase]
    time_s = np.arange(0, phrase[-1].start_s + phrase[-1].length_s + LEAD_OUT_S, 1 / CONTROL_HZ)
    samples = int(time_s.size / CONTROL_HZ * rate)
    loudness, body = _loudness(phrase, time_s, singer), _vowels(phrase, time_s, tract)
    onsets = pulse_onsets(np.asarray(pitch_to_hz(_pitch(phrase, time_s, stage, singer))), rate)
    point = np.minimum((onsets * (CONTROL_HZ / rate)).astype(np.int64), time_s.size - 1)
    shimmer = 1 + 0.04 * stage.rng.standard_normal(onsets.size)
    effort = np.searchsorted([0.45, 0.75], loudness[point])
    shape = effort * tract.spectra.shape[0] + body[point]
    voice = lay_pulses(onsets, 0.25 * loudness[point] * shimmer, shape, tract.shapes, samples)
    hop = np.minimum((np.arange(samples / rate / NOISE_HOP_S) * NOISE_HOP_S * CONTROL_HZ).astype(int), time_s.size - 1)
    voice += shaped_noise(stage.rng, 0.12 * singer.breath * loudness[hop], body[hop], tract.spectra, samples, rate)
    return voice + _consonants(phrase, stage, singer, samples)


def _pitch(phrase: Sequence[Tone], time_s: Curve, stage: Stage, singer: Singer) -> Curve:
    """MIDI pitch at the control rate: glides, scoops, vibrato on what is held, and never quite steady."""
    starts_s = np.array([tone.start_s for tone in phrase])
    lengths_s = np.array([tone.length_s for tone in phrase])
    which = np.clip(np.searchsorted(starts_s, time_s, side="right") - 1, 0, None)
    target = np.array([tone.pitch for tone in phrase], np.float64)[which]
    glide = smooth(target, CONTROL_HZ, singer.glide_s)
    since_s = np.maximum(time_s - starts_s[which], 0)
    scoop = -singer.scoop_cents * np.exp(-since_s / 0.05) * (lengths_s[which] > 0.35)
    held = np.clip((since_s - 0.22) / 0.35, 0, 1) * np.clip(lengths_s[which] / 0.5 - 0.6, 0, 1)
    rate_hz = singer.vibrato_hz + 0.3 * wander(stage.rng, time_s.size, CONTROL_HZ, 1.5)
    vibrato = singer.vibrato_cents * held * np.sin(2 * np.pi * np.cumsum(rate_hz) / CONTROL_HZ)
    drift = 4 * wander(stage.rng, time_s.size, CONTROL_HZ, 4) + 4 * wander(stage.rng, time_s.size, CONTROL_HZ, 25)
    falling = singer.spoken * (150 * wander(stage.rng, time_s.size, CONTROL_HZ, 5) - 350 * np.clip(since_s, 0, 0.6))
    return glide + (smooth(scoop, CONTROL_HZ, 0.015) + vibrato + drift + smooth(falling, CONTROL_HZ, 0.06)) / 100


def _loudness(phrase: Sequence[Tone], time_s: Curve, singer: Singer) -> Curve:
    """Envelope of the voice: notes swell and lean into each other, consonants interrupt them."""
    level = np.zeros_like(time_s)
    for tone in phrase:
        inside = slice(*np.searchsorted(time_s, [tone.start_s, tone.start_s + tone.length_s]))
        position = (time_s[inside] - tone.start_s) / max(tone.length_s, 1e-3)
        # A long note, and the last of a breath, gives way towards its end.
        giving = 0.6 if tone is phrase[-1] else min(1.0, 0.25 * tone.length_s + 0.4 * singer.spoken)
        swell = 0.85 + 0.15 * np.sin(np.pi * position)
        level[inside] = tone.velocity * swell * (1 - giving * np.clip(2 * position - 1, 0, 1) ** 1.5)
        consonant = CONSONANTS.get(tone.symbol[:-1])
        if consonant is not None:
            closed = slice(*np.searchsorted(time_s, [tone.start_s - consonant.closed_s, tone.start_s]))
            level[closed] *= consonant.open_share
    return np.asarray(smooth(level, CONTROL_HZ, 0.025), np.float64)


def _vowels(phrase: Sequence[Tone], time_s: Curve, tract: _Tract) -> NDArray[np.int64]:
    """Which body of the tract sounds at each time; it moves from one vowel to the next within 80 ms."""
    names = np.array([tract.vowels.index(vowel_of(tone.symbol)) for tone in phrase])
    starts_s = np.array([tone.start_s for tone in phrase]) - 0.04
    which = np.clip(np.searchsorted(starts_s, time_s, side="right") - 1, 0, None)
    share = np.clip((time_s - starts_s[which]) / 0.08, 0, 1)
    return tract.index(names[np.maximum(which - 1, 0)], names[which], share)


def _consonants(phrase: Sequence[Tone], stage: Stage, singer: Singer, samples: int) -> NDArray[np.float32]:
    """Noises of the consonants, and of the breath that is drawn before the phrase. Shape: [samples]."""
    rate = stage.sample_rate
    spoken: list[tuple[float, float, Consonant]] = [(phrase[0].start_s, singer.air, AIR)]
    for tone in phrase:
        consonant = CONSONANTS.get(tone.symbol[:-1])
        if consonant is not None and consonant.strength:
            spoken.append((tone.start_s, tone.velocity * singer.sibilance, consonant))
    track = np.zeros(samples, np.float32)
    for start_s, strength, sound in spoken:
        span = np.linspace(-3, 3, stage.seconds(6 * sound.width_s), dtype=np.float32)
        bins_hz = np.fft.rfftfreq(span.size, 1 / rate)
        band = 1 / (1 + (sound.low_hz / np.maximum(bins_hz, 1)) ** 6) / (1 + (bins_hz / sound.high_hz) ** 6)
        white = np.fft.rfft(stage.rng.standard_normal(span.size, dtype=np.float32))
        hiss = np.fft.irfft(white * np.sqrt(band), span.size) * np.exp(-(span**2))
        add_at(
            track,
            CONSONANTS_LEVEL * strength * sound.strength * hiss,
            round((start_s - sound.before_s) * rate) - span.size // 2,
        )
    return track
