"""Performance: notes on paper become tones in time, played by somebody."""

from collections.abc import Sequence

import numpy as np

from diffmst.data.composition.score import Note
from diffmst.data.composition.style import Feel, Style
from diffmst.data.instruments.playing import Tone

LARGEST_JITTER = 2.0
"""Furthest a stroke strays from where its player puts the beat, in standard deviations."""
STRUM_S = 0.007


def perform(
    part: str, notes: Sequence[Note], style: Style, tempo_bpm: float, start_s: float, rng: np.random.Generator
) -> list[Tone]:
    """Tones of a part, in order of time.

    Notes that start together stay together, but for the strings of a guitar.

    Args:
        start_s: time of the first downbeat.
    """
    feel = style.feels.get(part, Feel())
    beat_s = 60 / tempo_bpm
    tones: list[Tone] = []
    struck, offset_s, string = -1.0, 0.0, 0
    for note in notes:
        if note.start_beats != struck:
            struck, string = note.start_beats, 0
            stray = min(max(rng.standard_normal(), -LARGEST_JITTER), LARGEST_JITTER)
            offset_s = (feel.late_ms + feel.jitter_ms * stray) / 1000
            accent = 1 + 0.06 * rng.standard_normal()
        onset_s = start_s + style.swung(note.start_beats) * beat_s
        end_s = start_s + style.swung(note.start_beats + note.length_beats) * beat_s
        strum_s = STRUM_S * string if part == "guitar" else 0.0
        velocity = min(max(note.velocity * accent * (1 + 0.03 * rng.standard_normal()), 0.05), 1.0)
        tones.append(Tone(max(0.0, onset_s + offset_s + strum_s), end_s - onset_s, note.pitch, velocity, note.symbol))
        string += 1
    return tones
