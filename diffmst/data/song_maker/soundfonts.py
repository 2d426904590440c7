"""Instruments out of SoundFonts, played by `symusic`, which comes with the extra `songs`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Play, Stage, Tone
from diffmst.data.song_maker.notes import Note, drum_keys, note, on_track
from diffmst.errors import UserError

TICKS_PER_QUARTER, QUARTERS_PER_S = 480, 2
"""Notes are handed over at 120 beats per minute: 960 ticks to the second."""
DRUM_PROGRAMS = (0, 8, 16, 24, 25, 32, 40)


def symusic() -> Any:  # noqa: ANN401 a module that may be absent
    """The library that reads MIDI files and plays SoundFonts.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module("symusic")
    except ImportError:
        raise UserError("MIDI files and SoundFonts need symusic: pip install 'diffmst[songs]'") from None


def instrument(path: Path, program: int, otherwise: Play) -> Play:
    """An instrument of a SoundFont; where it has no such program, the other one."""
    return partial(_play, path=path, program=program, piece="", otherwise=otherwise)


def piece(path: Path, program: int, name: str, otherwise: Play) -> Play:
    """A piece of a drum set of a SoundFont, by a name of `DRUM_KEYS`; where it is silent, the other one."""
    return partial(_play, path=path, program=program, piece=name, otherwise=otherwise)


def check_soundfont(path: Path) -> None:
    """Makes sure that a SoundFont can be played.

    Raises:
        UserError: it cannot, or the library is missing.
    """
    library = symusic()
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with path.open("rb") as file:
        start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"sfbk":
        hint = "; give it as --sfz" if path.suffix.lower() == ".sfz" else ""
        raise UserError(f"{path}: is no SoundFont (.sf2 or .sf3){hint}")
    try:
        _render(path, [Note(0.0, 0.1, 60, 100)], 22_050, program=0, is_drum=False)
    except (TypeError, RuntimeError) as error:
        version = getattr(library, "__version__", "of another version")
        raise UserError(f"{path}: symusic {version} cannot play it ({str(error).splitlines()[0]})") from None


def _play(
    tones: Sequence[Tone], stage: Stage, *, path: Path, program: int, piece: str, otherwise: Play
) -> NDArray[np.floating]:
    notes = [note(tone, drum_keys(piece, tone)[0] if piece else min(max(tone.pitch, 0), 127)) for tone in tones]
    render = partial(_render, path, notes, stage.sample_rate, program=program, is_drum=bool(piece))
    return on_track(tones, stage, otherwise, render)


def _render(path: Path, notes: Sequence[Note], sample_rate: int, *, program: int, is_drum: bool) -> NDArray[np.float32]:
    """Sound of notes from the start of the song on. Shape: [2, time]."""
    library = symusic()
    ticks_per_s = TICKS_PER_QUARTER * QUARTERS_PER_S
    track = library.Track("", program, is_drum)
    for start_s, length_s, key, velocity in notes:
        length = max(1, round(length_s * ticks_per_s))
        track.notes.append(library.Note(round(start_s * ticks_per_s), length, key, velocity))
    score = library.Score(TICKS_PER_QUARTER)
    score.tempos.append(library.Tempo(0, 60.0 * QUARTERS_PER_S))
    score.tracks.append(track)
    return np.asarray(_synthesizer(str(path), sample_rate).render(score, True), np.float32)


@functools.lru_cache(maxsize=8)
def _synthesizer(path: str, sample_rate: int) -> Any:  # noqa: ANN401 of a library without types
    return symusic().Synthesizer(path, sample_rate)
