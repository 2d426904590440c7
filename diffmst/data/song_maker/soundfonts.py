"""Instruments out of SoundFonts, played by `symusic`, which comes with the extra `songs`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Play, Stage, Tone
from diffmst.errors import UserError

TICKS_PER_QUARTER, QUARTERS_PER_S = 480, 2
"""Notes are handed over at 120 beats per minute: 960 ticks to the second."""
DRUM_PROGRAMS = (0, 8, 16, 24, 25, 32, 40)
PIECES: Mapping[str, Callable[[Tone], int]] = {
    "kick": lambda tone: 36,
    "snare": lambda tone: 38,
    "hats": lambda tone: 46 if tone.symbol == "o" else 42,
    "cymbals": lambda tone: {"c": 49, "d": 57}.get(tone.symbol, 51),
    "tom 1": lambda tone: 50,
    "tom 2": lambda tone: 47,
    "tom 3": lambda tone: 43,
    "percussion": lambda tone: {"s": 82, "t": 54, "i": 37, "h": 63}.get(tone.symbol, 64),
}
"""Keys of General MIDI for the pieces of a drum set."""
INAUDIBLE = 1e-4


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
    return partial(_play, path=path, program=program, key=None, otherwise=otherwise)


def piece(path: Path, program: int, name: str, otherwise: Play) -> Play:
    """A piece of a drum set of a SoundFont, by a name of `PIECES`; where it is silent, the other one."""
    return partial(_play, path=path, program=program, key=PIECES[name], otherwise=otherwise)


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
        raise UserError(f"{path}: is no SoundFont (.sf2 or .sf3)")
    try:
        tone = Tone(0.0, 0.1, 60, 0.8)
        _render(path, [tone], 22_050, program=0, key=None)
    except (TypeError, RuntimeError) as error:
        version = getattr(library, "__version__", "of another version")
        raise UserError(f"{path}: symusic {version} cannot play it ({str(error).splitlines()[0]})") from None


def _play(
    tones: Sequence[Tone],
    stage: Stage,
    *,
    path: Path,
    program: int,
    key: Callable[[Tone], int] | None,
    otherwise: Play,
) -> NDArray[np.floating]:
    if not tones:
        return np.zeros((1, stage.samples), np.float32)
    sound = _render(path, tones, stage.sample_rate, program=program, key=key)[:, : stage.samples]
    if not sound.size or np.abs(sound).max() < INAUDIBLE:
        return otherwise(tones, stage)
    track = np.zeros((2, stage.samples), np.float32)
    track[:, : sound.shape[-1]] = sound
    # What sounds the same on both sides is one channel.
    return track[:1] if np.array_equal(track[0], track[1]) else track


def _render(
    path: Path, tones: Sequence[Tone], sample_rate: int, *, program: int, key: Callable[[Tone], int] | None
) -> NDArray[np.float32]:
    """Sound of tones from the start of the song on. Shape: [2, time]."""
    library = symusic()
    ticks_per_s = TICKS_PER_QUARTER * QUARTERS_PER_S
    track = library.Track("", program, key is not None)
    for tone in tones:
        pitch = key(tone) if key else min(max(tone.pitch, 0), 127)
        length = max(1, round(tone.length_s * ticks_per_s))
        velocity = min(max(round(127 * tone.velocity), 1), 127)
        track.notes.append(library.Note(round(tone.start_s * ticks_per_s), length, pitch, velocity))
    score = library.Score(TICKS_PER_QUARTER)
    score.tempos.append(library.Tempo(0, 60.0 * QUARTERS_PER_S))
    score.tracks.append(track)
    return np.asarray(_synthesizer(str(path), sample_rate).render(score, True), np.float32)


@functools.lru_cache(maxsize=8)
def _synthesizer(path: str, sample_rate: int) -> Any:  # noqa: ANN401 of a library without types
    return symusic().Synthesizer(path, sample_rate)
