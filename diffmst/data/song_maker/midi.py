"""Scores from MIDI files: a stretch of one becomes the parts of a song."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from diffmst.data.instruments.playing import Tone
from diffmst.data.remarks import Remark, counted
from diffmst.data.song_maker.sheet import LEAD_IN_S, TAILS_S, Facts, Sheet
from diffmst.data.song_maker.soundfonts import symusic
from diffmst.errors import UserError

UNREADABLE = "cannot be read as MIDI"
LONGEST_NOTE_S = 8.0
FEWEST_NOTES = 8
"""A track with fewer notes in the stretch is left out."""
MOST_PARTS = 14
SPAN_BEATS = 16
"""Length of the stretches in which somebody may rest, as the file does not tell its sections."""
LOOSE_MS = (0.0, 7.0)
"""Files are often written to the grid: the players stray from it by up to so much."""
# Keys of the General MIDI drum map: part, symbol, and for the toms which.
_DRUMS: Mapping[int, tuple[str, str, int]] = {
    35: ("kick", "x", 0), 36: ("kick", "x", 0), 37: ("percussion", "i", 0), 38: ("snare", "x", 0),
    39: ("snare", "x", 0), 40: ("snare", "x", 0), 42: ("hats", "x", 0), 44: ("hats", "x", 0), 46: ("hats", "o", 0),
    41: ("toms", "l", 2), 43: ("toms", "l", 2), 45: ("toms", "m", 1), 47: ("toms", "m", 1), 48: ("toms", "h", 0),
    50: ("toms", "h", 0), 49: ("cymbals", "c", 0), 52: ("cymbals", "c", 0), 55: ("cymbals", "d", 0),
    57: ("cymbals", "d", 0), 51: ("cymbals", "r", 0), 53: ("cymbals", "r", 0), 59: ("cymbals", "r", 0),
    54: ("percussion", "t", 0), 69: ("percussion", "s", 0), 70: ("percussion", "s", 0), 82: ("percussion", "s", 0),
    56: ("percussion", "i", 0), 60: ("percussion", "h", 0), 61: ("percussion", "l", 0), 62: ("percussion", "h", 0),
    63: ("percussion", "h", 0), 64: ("percussion", "l", 0), 75: ("percussion", "i", 0), 76: ("percussion", "i", 0),
}  # fmt: skip

_logger = logging.getLogger(__name__)


class MidiPart(NamedTuple):
    """Notes of one part of a file, in order of time; the program is below zero for drums."""

    program: int
    tones: tuple[Tone, ...]


class MidiScore(NamedTuple):
    """What a MIDI file holds: parts by name, its first tempo and its length."""

    parts: Mapping[str, MidiPart]
    tempo_bpm: float
    seconds: float


def find_midi(folder: Path) -> tuple[Path, ...]:
    """The MIDI files in a folder and below it, by name; those that cannot be read are left out and logged.

    Raises:
        UserError: there is no such folder, it has none that can be read, or the library is not installed.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: {'is a file; give its folder' if folder.exists() else 'no such folder'}")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    if not paths:
        raise UserError(f"{folder}: holds no MIDI files (.mid)")
    broken = [path for path in paths if _score(path) is None]
    notes = counted([Remark("", "", UNREADABLE, str(path)) for path in broken])
    if len(broken) == len(paths):
        raise UserError(f"{folder}: holds no MIDI files that can be used: {'; '.join(notes)}")
    for text in notes:
        _logger.warning("%s: left out: %s", folder, text)
    return tuple(path for path in paths if path not in broken)


def _score(path: Path) -> Any | None:  # noqa: ANN401 of a library without types
    """What the library reads in a MIDI file; None where it cannot."""
    try:
        return symusic().Score(path)
    except (RuntimeError, ValueError, OSError):
        return None


@functools.lru_cache(maxsize=64)
def read_midi(path: Path) -> MidiScore:
    """The notes of a MIDI file.

    Raises:
        UserError: it cannot be read.
    """
    read = _score(path)
    if read is None:
        raise UserError(f"{path}: {UNREADABLE}; leave it out, or write it anew")
    score = read.to("second")
    parts: dict[str, list[Tone]] = {}
    programs: dict[str, int] = {}
    for number, track in enumerate(score.tracks, 1):
        if track.is_drum:
            _add_drums(parts, track.notes)
        elif len(track.notes):
            name = f"track {number}"
            parts[name] = [_tone(note, note.pitch) for note in track.notes]
            programs[name] = track.program
    tempo_bpm = float(score.tempos[0].qpm) if len(score.tempos) else 120.0
    ends_s = [tone.start_s + tone.length_s for tones in parts.values() for tone in tones]
    listed = {name: MidiPart(programs.get(name, -1), tuple(sorted(tones))) for name, tones in parts.items()}
    return MidiScore(listed, tempo_bpm, max(ends_s, default=0.0))


def _add_drums(parts: dict[str, list[Tone]], notes: Sequence[object]) -> None:
    for note in notes:
        pitch = note.pitch  # type: ignore[attr-defined]
        if pitch in _DRUMS:
            part, symbol, size = _DRUMS[pitch]
            parts.setdefault(part, []).append(_tone(note, size)._replace(symbol=symbol))


def _tone(note: object, pitch: int) -> Tone:
    length_s = min(max(note.duration, 0.03), LONGEST_NOTE_S)  # type: ignore[attr-defined]
    velocity = min(max(note.velocity / 127, 0.1), 1.0)  # type: ignore[attr-defined]
    return Tone(float(note.time), float(length_s), int(pitch), float(velocity))  # type: ignore[attr-defined]


def midi_sheet(path: Path, seconds: float, rng: np.random.Generator) -> Sheet | None:
    """A stretch of a MIDI file as what is played, a little faster or slower, in another key; None if it is too empty.

    Raises:
        UserError: the file cannot be read.
    """
    score = read_midi(path)
    speed, shift = rng.uniform(0.9, 1.12), int(rng.integers(-4, 5))
    wanted_s = (seconds - LEAD_IN_S - rng.uniform(*TAILS_S)) * speed
    begin_s = rng.uniform(0, max(0.0, score.seconds - wanted_s))
    loose_s = rng.uniform(*LOOSE_MS) / 1000
    parts = {
        name: MidiPart(part.program, _stretch(part, begin_s, wanted_s, speed, 0 if part.program < 0 else shift))
        for name, part in score.parts.items()
    }
    parts = {name: part for name, part in parts.items() if len(part.tones) >= FEWEST_NOTES}
    fullest = sorted(parts, key=lambda name: (parts[name].program >= 0, -len(parts[name].tones)))[:MOST_PARTS]
    if len(fullest) < 3:
        return None

    def performed(part: str, chance: np.random.Generator) -> list[Tone]:
        strays_s = loose_s * chance.standard_normal(len(parts[part].tones))
        tones = zip(parts[part].tones, strays_s, strict=True)
        return sorted(tone._replace(start_s=max(0.0, tone.start_s + float(stray))) for tone, stray in tones)

    facts = Facts("", score.tempo_bpm * speed, "", LEAD_IN_S, (), path.name)
    programs = {name: parts[name].program for name in fullest if parts[name].program >= 0}
    length_s = SPAN_BEATS * 60 / facts.tempo_bpm
    starts_s = np.arange(0, seconds, length_s)
    spans = tuple((float(start_s), float(start_s + length_s)) for start_s in starts_s)
    return Sheet(facts, tuple(name for name in parts if name in fullest), performed, programs, spans)


def _stretch(part: MidiPart, begin_s: float, length_s: float, speed: float, shift: int) -> tuple[Tone, ...]:
    """The tones that begin within a stretch, at another speed and pitch, the stretch at `LEAD_IN_S`."""
    return tuple(
        Tone(LEAD_IN_S + (tone.start_s - begin_s) / speed, tone.length_s / speed, tone.pitch + shift, *tone[3:])
        for tone in part.tones
        if begin_s <= tone.start_s < begin_s + length_s
    )
