"""Melodies: motifs that come back, phrases that breathe and answer each other."""

import functools
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from diffmst.data.composition.score import BEATS_PER_BAR, Event, Note, Section, read_pattern
from diffmst.data.composition.theory import Chord, Key, nearest

PHRASE_BARS = 2
DRAFTS = 40
"""Contours that are drawn for a motif; the most singable is kept."""
LIFT = 2.5
"""Semitones by which the third phrase of four lies higher."""
PHRASE_BEATS = float(PHRASE_BARS * BEATS_PER_BAR)
STEPS = np.array([-2, -1, 0, 1, 2, 3])
RISING = np.array([0.03, 0.16, 0.24, 0.37, 0.14, 0.06])
FALLING = np.array([0.14, 0.42, 0.24, 0.16, 0.04, 0.0])


class Motif(NamedTuple):
    """The idea of a phrase: its rhythm, and its steps along the scale from the first note."""

    events: list[Event]
    contour: list[int]


def write_melody(
    key: Key,
    section: Section,
    chord_at: Callable[[float], Chord],
    rhythms: Sequence[str],
    register: tuple[int, int],
    rng: np.random.Generator,
) -> list[Note]:
    """Melody of one section: two motifs in the order a a b a, each bent to the chords it meets.

    Notes on the strong beats and long notes are notes of the chord, the others move along the pentatonic scale; every
    second phrase and the last come to rest on a note of the tonic triad, if the chord has one.

    Args:
        chord_at: chord that sounds at a beat.
        rhythms: rhythms of two bars, of which two are chosen.
        register: lowest and highest pitch.
    """
    anchor = register[0] + (0.35 + 0.2 * rng.random()) * (register[1] - register[0])

    def sing(phrase: int, motif: Motif) -> list[Note]:
        start = section.start_beats + phrase * PHRASE_BEATS
        placed = [event._replace(start_beats=start + event.start_beats) for event in motif.events]
        lift = LIFT if phrase % 4 == 2 else 0.0
        return _bend(key, placed, motif.contour, anchor + lift, chord_at, register)

    def awkwardness(motif: Motif, uses: Sequence[int]) -> float:
        return sum(_awkwardness(sing(phrase, motif)) for phrase in uses)

    motifs = []
    for uses, rhythm in zip(((0, 1), (2,)), rng.permutation(rhythms)[:2], strict=False):
        events = read_pattern(str(rhythm), PHRASE_BEATS)
        drafts = [Motif(events, _contour(len(events), rng)) for _ in range(DRAFTS)]
        motifs.append(min(drafts, key=functools.partial(awkwardness, uses=uses)))
    notes: list[Note] = []
    phrases = -(-section.bars // PHRASE_BARS)
    for phrase in range(phrases):
        sung = sing(phrase, motifs[-1] if phrase % 4 == 2 else motifs[0])
        sung = [note for note in sung if note.start_beats < section.end_beats]
        if sung and (phrase % 2 == 1 or phrase == phrases - 1):
            sung[-1] = _rest(key, sung[-1], chord_at, register)
        notes += sung
    return notes


def _awkwardness(notes: Sequence[Note]) -> float:
    """How little a phrase asks to be sung: leaps, standing still, a narrow or a wide range, no single summit."""
    pitches = [note.pitch for note in notes]
    intervals = [abs(new - old) for old, new in pairwise(pitches)]
    if not intervals:
        return 0.0
    leaps = sum(0.35 * (interval > 4) + 1.5 * (interval > 7) for interval in intervals)
    still = max(0.0, intervals.count(0) / len(intervals) - 0.15) * 6
    same_again = sum(one == other == 0 for one, other in pairwise(intervals))
    summit = 0.5 * (pitches.count(max(pitches)) > 1)
    return leaps + still + same_again + summit + 0.25 * abs(max(pitches) - min(pitches) - 8)


def _contour(length: int, rng: np.random.Generator) -> list[int]:
    """An arch, that rises more often in its first half."""
    half = length // 2
    steps = [*rng.choice(STEPS, half, p=RISING), *rng.choice(STEPS, length - half, p=FALLING)]
    return np.cumsum([0, *steps[1:]]).tolist()


def _bend(
    key: Key,
    events: Sequence[Event],
    contour: Sequence[int],
    anchor: float,
    chord_at: Callable[[float], Chord],
    register: tuple[int, int],
) -> list[Note]:
    low, high = register
    scale = key.melodic_pitches(low, high)
    first = nearest(chord_at(events[0].start_beats).classes[:3], anchor, low, high)
    origin = min(range(len(scale)), key=lambda index: abs(scale[index] - first))
    notes = []
    for event, step in zip(events, contour, strict=True):
        pitch = scale[min(max(origin + step, 0), len(scale) - 1)]
        # A long note before the bar line belongs to the chord after it.
        chord = chord_at(event.start_beats + min(0.5, event.length_beats / 2))
        if event.start_beats % 2 == 0 or event.length_beats >= 1:
            pitch = nearest(chord.classes[:4], pitch, low, high)
        on_bar = event.start_beats % BEATS_PER_BAR == 0
        notes.append(Note(event.start_beats, event.length_beats, pitch, 0.9 if on_bar else 0.78, event.symbol))
    return notes


def _rest(key: Key, note: Note, chord_at: Callable[[float], Chord], register: tuple[int, int]) -> Note:
    stable = set(key.chord(0, 3).classes) & set(chord_at(note.start_beats).classes)
    classes = sorted(stable) if stable else chord_at(note.start_beats).classes[:3]
    return note._replace(pitch=nearest(classes, note.pitch, *register), velocity=0.85)
