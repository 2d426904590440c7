"""Arrangement: from a style and a source of chance to the notes of every part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diffmst.data.composition.melody import write_melody
from diffmst.data.composition.score import BEATS_PER_BAR, Event, Note, Section, read_pattern, song_form
from diffmst.data.composition.style import Style, Voicing
from diffmst.data.composition.theory import Chord, Key, lead_voices, nearest

DRUMS = ("kick", "snare", "hats", "cymbals", "toms", "percussion")
LOWEST_BASS = 28
FILL_BEATS = 2.0
LAST_WORD = ("x-----------.... ................",)
TOMS = {"h": 0, "m": 1, "l": 2}


@dataclass(frozen=True)
class Score:
    """A composed song: its key, form, one chord per bar, and the notes of each part in order of time."""

    key: Key
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]
    parts: dict[str, list[Note]]

    def chord_at(self, beat: float) -> Chord:
        """Chord that sounds at a beat; before the song its first, after it its last."""
        return self.chords[min(max(int(beat // BEATS_PER_BAR), 0), len(self.chords) - 1)]


def compose(style: Style, bars: int, rng: np.random.Generator, key: Key | None = None) -> Score:
    """A song of a number of bars in a style, and in a key, which is drawn if it is not given."""
    drawn = Key(int(rng.integers(12)), str(rng.choice(style.modes)))
    key = key or drawn
    sections = song_form(bars)
    score = Score(key, sections, _progress(style, key, sections, rng), {})
    patterns = _choose_patterns(style, rng)
    for section in sections:
        for part, pattern in patterns[section.name].items():
            score.parts.setdefault(part, []).extend(_strokes(part, pattern, section))
    _write_pitches(style, score)
    _write_melodies(style, score, rng)
    _write_fills(style, score, rng)
    _write_transitions(score)
    for notes in score.parts.values():
        notes.sort()
    return score


def _progress(style: Style, key: Key, sections: Sequence[Section], rng: np.random.Generator) -> tuple[Chord, ...]:
    chosen = {name: options[int(rng.integers(len(options)))] for name, options in style.progressions.items()}
    chords = []
    for section in sections:
        degrees = chosen["chorus" if section.name == "intro" else section.name] if section.name != "ending" else (0,)
        chords += [key.chord(degrees[bar % len(degrees)], style.chord_size) for bar in range(section.bars)]
    return tuple(chords)


def _choose_patterns(style: Style, rng: np.random.Generator) -> dict[str, dict[str, str]]:
    """One pattern per section and part, except for melodies; the ending is one long note of whoever played before."""
    chosen = {
        section: {part: str(rng.choice(options)) for part, options in patterns.items() if part != "lead"}
        for section, patterns in style.patterns.items()
    }
    last = {part: "x---------------" for part in chosen["chorus"] if part not in (*DRUMS, "pluck", "backing")}
    chosen["ending"] = last | {"bass": "R---------------", "kick": "X...............", "backing": "a-----------...."}
    if "guitar" in last:
        chosen["ending"]["guitar"] = "X---------------"
    return chosen


def _strokes(part: str, pattern: str, section: Section) -> list[Note]:
    """The pattern over and over for the length of the section, without pitches."""
    cells = pattern.replace(" ", "")
    length = len(cells) * BEATS_PER_BAR / 16
    events = read_pattern(cells, length)
    strength = {"intro": 0.8, "verse": 0.88}.get(section.name, 1.0)
    return [
        _stroke(event._replace(start_beats=section.start_beats + turn * length + event.start_beats), strength)
        for turn in range(-(-section.bars * BEATS_PER_BAR // int(length)))
        for event in events
        if turn * length + event.start_beats < section.bars * BEATS_PER_BAR
    ]


def _stroke(event: Event, strength: float) -> Note:
    if event.symbol == "g":
        velocity = 0.3
    elif event.symbol.isupper():
        velocity = 0.95
    else:
        velocity = 0.75 if event.start_beats % 0.5 == 0 else 0.62
    return Note(event.start_beats, event.length_beats, 0, velocity * strength, event.symbol.lower())


def _write_pitches(style: Style, score: Score) -> None:
    """Put pitches to the strokes of all parts that play the chords."""
    if "bass" in score.parts:
        score.parts["bass"] = _bass(score, score.parts["bass"])
    for part, voicing in style.voicings.items():
        if voicing.kind == "power":
            lines = [_power_chord(chord, voicing) for chord in score.chords]
        else:
            lines = lead_voices(
                score.chords, voices=voicing.voices, low=voicing.low, high=voicing.high,
                rootless=voicing.kind == "rootless",
            )  # fmt: skip
        score.parts[part] = _chords(score.parts.get(part, []), lines, voicing)


def _chords(strokes: Sequence[Note], lines: Sequence[tuple[int, ...]], voicing: Voicing) -> list[Note]:
    notes = []
    for index, stroke in enumerate(strokes):
        line = lines[int(stroke.start_beats // BEATS_PER_BAR)]
        if voicing.kind == "broken":
            # Up and down again without striking the ends twice.
            turn = [*line, *line[-2:0:-1]]
            notes.append(stroke._replace(pitch=turn[index % len(turn)]))
        else:
            notes += [stroke._replace(pitch=pitch) for pitch in line]
    return notes


def _power_chord(chord: Chord, voicing: Voicing) -> tuple[int, ...]:
    root = nearest([chord.root], voicing.low, voicing.low, voicing.high)
    return root, root + 7, root + 12


def _bass(score: Score, strokes: Sequence[Note]) -> list[Note]:
    notes = []
    previous = 33.0
    for stroke in strokes:
        chord = score.chord_at(stroke.start_beats)
        root = nearest([chord.root], 0.6 * previous + 0.4 * 34, LOWEST_BASS, LOWEST_BASS + 12)
        pitch = {"o": root + 12, "f": nearest([chord.fifth], root + 4, LOWEST_BASS, LOWEST_BASS + 21)}.get(
            stroke.symbol, root
        )
        if stroke.symbol == "a":
            pitch = _approach(score, stroke, root)
        else:
            previous = root
        notes.append(stroke._replace(pitch=pitch))
    return notes


def _approach(score: Score, stroke: Note, root: int) -> int:
    """The step of the scale below or above the next root, from where the line is; the root, if the chord stays."""
    target = nearest([score.chord_at(stroke.start_beats + 1).root], root, LOWEST_BASS, LOWEST_BASS + 12)
    if target == root:
        return root
    side = 1 if target < root else -1
    return nearest(score.key.classes, target + 1.9 * side, LOWEST_BASS - 2, LOWEST_BASS + 17)


def _write_melodies(style: Style, score: Score, rng: np.random.Generator) -> None:
    seeds = dict(zip(style.registers, rng.integers(2**32, size=len(style.registers)), strict=True))
    for section in score.sections:
        rhythms = LAST_WORD if section.name == "ending" else style.patterns[section.name].get("lead")
        if rhythms:
            like = section.name if section.name in seeds else "chorus"
            # Drawn anew from the same seed: a section that comes back has the same melody.
            again = np.random.Generator(np.random.PCG64(int(seeds[like])))
            register = style.registers[like]
            melody = write_melody(score.key, section, score.chord_at, rhythms, register, again)
            score.parts.setdefault("lead", []).extend(melody)


def _write_fills(style: Style, score: Score, rng: np.random.Generator) -> None:
    """Fills at the end of every section but the intro and the last."""
    for section in score.sections[:-1]:
        if section.name == "intro":
            continue
        start = section.end_beats - FILL_BEATS
        for part, pattern in style.fills[int(rng.integers(len(style.fills)))].items():
            kept = [n for n in score.parts.get(part, []) if not start <= n.start_beats < section.end_beats]
            events = [e._replace(start_beats=e.start_beats + start) for e in read_pattern(pattern, FILL_BEATS)]
            score.parts[part] = kept + [_stroke(event, 1.0) for event in events]
    score.parts["toms"] = [n._replace(pitch=TOMS[n.symbol]) for n in score.parts.get("toms", [])]


def _write_transitions(score: Score) -> None:
    """Crashes on the first beat of the sections, and effects that lead there."""
    crashes, effects = [], []
    for index, section in enumerate(score.sections):
        start = section.start_beats
        if section.name != "intro":
            crashes.append(Note(start, 4.0, 0, 0.9, "cd"[index % 2]))
        if section.name == "chorus":
            rise = min(8.0, start)
            effects += [Note(start - rise, rise, 0, 0.8, "r"), Note(start, 4.0, 0, 0.9, "i")]
        elif index > 0:
            effects.append(Note(start - 2.0, 2.0, 0, 0.7, "v"))
    score.parts["cymbals"] = [
        note for note in score.parts.get("cymbals", []) if all(note.start_beats != c.start_beats for c in crashes)
    ] + crashes
    score.parts["effects"] = effects
