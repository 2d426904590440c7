"""What is played: the parts of a song in time, whether composed here or read from a file."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from diffmst.data.composition.arrangement import compose
from diffmst.data.composition.performance import perform
from diffmst.data.composition.score import BEATS_PER_BAR
from diffmst.data.composition.theory import Key
from diffmst.data.composition.variation import draw_style
from diffmst.data.instruments.playing import Tone

LEAD_IN_S = 0.4
TAILS_S = (1.0, 2.4)
Span = tuple[float, float]
"""Start and end in seconds."""
DRUM_PARTS = ("kick", "snare", "hats", "cymbals", "toms")


class Facts(NamedTuple):
    """What is known of a song beside its stems.

    Attributes:
        style: it is written in; empty for unknown.
        tempo_bpm: beats per minute.
        key: as `F# minor`; empty for unknown.
        start_s: time of the first downbeat.
        sections: name, start and end in seconds.
        source: where the notes come from: `composed`, or the name of a MIDI file.
    """

    style: str
    tempo_bpm: float
    key: str
    start_s: float
    sections: tuple[tuple[str, float, float], ...]
    source: str = "composed"


class Sheet(NamedTuple):
    """What is played.

    Attributes:
        facts: of the song.
        parts: names of those that have notes.
        perform: the tones of a part, played anew each time.
        programs: General MIDI program of each part that asks for an instrument.
        spans: stretches, start and end in seconds, in which somebody may rest.
    """

    facts: Facts
    parts: tuple[str, ...]
    perform: Callable[[str, np.random.Generator], Sequence[Tone]]
    programs: dict[str, int]
    spans: tuple[Span, ...]


class Frame(NamedTuple):
    """What a composition is bound to: the tempo, the first beat and the key of what is there already."""

    tempo_bpm: float
    first_beat_s: float
    key: Key


def compose_sheet(seconds: float, rng: np.random.Generator, frame: Frame | None = None) -> Sheet:
    """A song of a length, composed in a style of its own, within a frame if there is one."""
    style = draw_style(rng)
    start_s = frame.first_beat_s if frame else LEAD_IN_S
    # The tempo that is drawn says how many bars there are; it then bends until they fill the song.
    bars_per_bpm = (seconds - start_s - rng.uniform(*TAILS_S)) / 60 / BEATS_PER_BAR
    bars = max(2, round((frame.tempo_bpm if frame else float(rng.uniform(*style.tempo_bpm))) * bars_per_bpm))
    tempo_bpm = frame.tempo_bpm if frame else bars / bars_per_bpm
    score = compose(style, bars, rng, frame.key if frame else None)

    def performed(part: str, chance: np.random.Generator) -> list[Tone]:
        return perform(part, score.parts[part], style, tempo_bpm, start_s, chance)

    def at(beats: float) -> float:
        return round(start_s + beats * 60 / tempo_bpm, 3)

    sections = tuple((section.name, at(section.start_beats), at(section.end_beats)) for section in score.sections)
    facts = Facts(style.name, tempo_bpm, score.key.name, start_s, sections)
    spans = tuple((start, end) for _, start, end in sections)
    return Sheet(facts, tuple(part for part, notes in score.parts.items() if notes), performed, {}, spans)
