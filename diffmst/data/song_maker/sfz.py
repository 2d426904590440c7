"""SFZ instruments, played by `pysfizz`, which comes with the extra `songs`.

The library reads the first samples of a file before it plays, and the rest meanwhile, without waiting for it: tones end
early when the machine is busy. So each rendering is of a copy of the text (`sfz_text.held_in_memory`) that has the
samples of its notes read as a whole, and no others.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Play, Stage, Tone
from diffmst.data.song_maker import sfz_text
from diffmst.data.song_maker.notes import INAUDIBLE, Note, drum_keys, note, on_track
from diffmst.errors import UserError

OCTAVES = (0, -1, 1, -2, 2, -3, 3, -4, 4)
"""By which tones may be moved to where an instrument has keys, the first choice first."""
STROKE_S = 4.0
"""Strokes are let ring for so long, unless the same key is struck again."""
VELOCITY_MARGIN = 0.01
START_LIMIT_S = 300.0
"""A process may take so long to start and read samples: 15 GB from a disk that gives 50 MB a second."""
LIMIT_S_PER_S = 10.0
"""And so long for each second it plays: a hundred times what 64 voices take, the most that the library lets sound."""


class Sfz(NamedTuple):
    """An SFZ instrument.

    Attributes:
        path: of its file.
        role: that it plays, one of `sfz_files.PLAYED_ROLES`; `drums` for a kit with the keys of General MIDI.
        keys: that it has, 0 to 127, rising.
        missing: samples that it names and that are not there; it plays without them.
    """

    path: Path
    role: str
    keys: tuple[int, ...]
    missing: tuple[str, ...] = ()


class Region(NamedTuple):
    """Keys and velocities (0 to 1), both ends included, at which an instrument plays a sample."""

    low_key: int
    high_key: int
    low_velocity: float
    high_velocity: float
    sample: str

    def plays(self, note: Note) -> bool:
        """Whether a note may ask for it."""
        low, high = self.low_velocity - VELOCITY_MARGIN, self.high_velocity + VELOCITY_MARGIN
        return self.low_key <= note.key <= self.high_key and low <= note.velocity / 127 <= high


class UnusableError(Exception):
    """Why a file is no instrument: what is the matter, and of what, if that is not the whole file."""

    def __init__(self, what: str, detail: str = "") -> None:
        self.what, self.detail = what, detail

    def __str__(self) -> str:
        return f"{self.what}{f' ({self.detail})' if self.detail else ''}"


def instrument(sfz: Sfz, otherwise: Play) -> Play:
    """An SFZ instrument for a part; where it lacks keys for it or is silent, the other one."""
    return partial(_play, sfz=sfz, piece="percussion" if sfz.role == "percussion" else "", otherwise=otherwise)


def piece(sfz: Sfz, name: str, otherwise: Play) -> Play:
    """A piece of a drum set, by a name of `DRUM_KEYS`; where the instrument lacks it or is silent, the other one."""
    return partial(_play, sfz=sfz, piece=name, otherwise=otherwise)


def _play(tones: Sequence[Tone], stage: Stage, *, sfz: Sfz, piece: str, otherwise: Play) -> NDArray[np.floating]:
    keys = _struck_keys(tones, piece, sfz) if piece else fitted([tone.pitch for tone in tones], sfz.keys)
    if keys is None:
        return otherwise(tones, stage)
    notes = [note(tone, key) for tone, key in zip(tones, keys, strict=True)]
    if piece:
        notes = [one._replace(length_s=STROKE_S) for one in notes]
    return on_track(tones, stage, otherwise, partial(_render, sfz.path, notes, stage.samples, stage.sample_rate))


def fitted(pitches: Sequence[int], keys: Collection[int]) -> list[int] | None:
    """Keys for pitches: as they are, or all moved by octaves, and by more those that still have none; None if some do.

    >>> fitted([40, 43, 52], range(24, 50)), fitted([40, 41], [40])
    ([28, 31, 40], None)
    """
    moved = max(OCTAVES, key=lambda octaves: sum(pitch + 12 * octaves in keys for pitch in pitches))
    found = []
    for pitch in pitches:
        near = (pitch + 12 * (moved + octaves) for octaves in OCTAVES)
        found.append(next((key for key in near if key in keys), None))
    return None if None in found else [key for key in found if key is not None]


def _struck_keys(tones: Sequence[Tone], piece: str, sfz: Sfz) -> list[int] | None:
    """Keys for strokes: those of General MIDI; of what is no whole kit, else the nearest; None if a kit lacks some."""
    keys = []
    for tone in tones:
        wanted = drum_keys(piece, tone)
        has = [key for key in wanted if key in sfz.keys]
        if not has and sfz.role == "drums":
            return None
        keys.append(has[0] if has else min(sfz.keys, key=lambda key: abs(key - wanted[0])))
    return keys


class Description(NamedTuple):
    """What the library finds in a file: its regions, and whether any key sounds."""

    regions: tuple[Region, ...]
    heard: bool


@functools.lru_cache(maxsize=256)
def described(path: Path) -> Description:
    """What the library finds in a file.

    Raises:
        UnusableError: it breaks down over it.
    """
    answer = json.loads(_processed({"path": str(path), "audible": INAUDIBLE}, START_LIMIT_S))
    return Description(tuple(Region(*row) for row in answer["regions"]), answer["heard"])


def _render(path: Path, notes: Sequence[Note], samples: int, sample_rate: int) -> NDArray[np.float32]:
    """Sound of notes from the start of the song on. Shape: [2, samples].

    Raises:
        UserError: the file is no longer what it was.
    """
    try:
        regions = described(path).regions
        needed = {region.sample for region in regions if any(region.plays(one) for one in notes)}
        unneeded = {sfz_text.sample_key(region.sample) for region in regions if region.sample not in needed}
        text = sfz_text.held_in_memory(sfz_text.expanded(path), path.parent, unneeded)
        with TemporaryDirectory(prefix="diffmst-") as folder:
            copy = Path(folder) / "instrument.sfz"
            copy.write_text(text, encoding="utf-8", errors="surrogateescape")
            order = {"path": str(copy), "notes": notes, "samples": samples, "sample_rate": sample_rate}
            sound = _processed(order, START_LIMIT_S + LIMIT_S_PER_S * samples / sample_rate)
    except (OSError, UnusableError) as error:
        raise UserError(f"{path}: can no longer be played: {error}; leave it out") from None
    return np.frombuffer(sound, np.float32).reshape(2, samples)


def _processed(order: Mapping[str, Any], limit_s: float) -> bytes:
    """The answer of `sfz_process` to an order.

    Raises:
        UnusableError: the process ended in another way, or not in time.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-m", "diffmst.data.song_maker.sfz_process"]
    asked = json.dumps(order).encode()
    try:
        done = subprocess.run(command, input=asked, env=environment, capture_output=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise UnusableError("pysfizz did not end in time", f"{limit_s:.0f} s") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UnusableError("pysfizz breaks down over it", said[-1] if said else f"exit status {done.returncode}")
    return done.stdout
