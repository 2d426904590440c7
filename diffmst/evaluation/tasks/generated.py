"""Songs to make tasks of where there are none: composed and played from seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import AudioWriter, StemFile
from diffmst.data.composition.lineup import LINEUPS
from diffmst.data.demo_song import make_song
from diffmst.evaluation.tasks.songs import SongSource
from diffmst.outputs import file_name
from diffmst.progress import SILENT, Progress

GENERATED_SEED = 2**40
"""Of the first generated song; those of the demo, of generated training songs and of tests count from 0 or 1."""

_SEEDS_APART = 1_000_000


def generated_songs(
    folder: Path, songs: int, seed: int, seconds: float, progress: Progress = SILENT
) -> list[SongSource]:
    """Songs composed, played and written into a folder, from seeds that nothing is trained on.

    Args:
        folder: for their stems.
        songs: how many, of all styles in turn.
        seed: other seeds, other songs.
        seconds: length of each.
        progress: told how far it is.
    """
    sources = []
    with progress.phase("making songs", songs) as advance:
        for number in range(songs):
            style = list(LINEUPS)[number % len(LINEUPS)]
            song = make_song(GENERATED_SEED + seed * _SEEDS_APART + number, style=style, seconds=seconds)
            name = f"generated {number + 1}"
            stems = tuple(_write(folder / name, stem.name, stem.audio, song.sample_rate) for stem in song.stems)
            sources.append(SongSource(name, stems, lasting=False))
            advance(1)
    return sources


def _write(folder: Path, name: str, audio: NDArray[np.float32], sample_rate: int) -> StemFile:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file_name(name)}.wav"
    with AudioWriter(path, sample_rate, len(audio)) as writer:
        writer.write(audio)
    return StemFile(path, name)
