"""`python -m bench.foreign_mixes`: mixes of songs by another engine, laid out for `diffmst pairs foreign`.

Everything that is heard is pedalboard's: equalizers, compressors, reverb and limiter of JUCE, with a pan law of equal
power. Nothing of our console is in it, so what a system recovers of these mixes it has not learned from our own code.
Songs are only found, read and measured by diffmst. pedalboard is GPL: it is installed for the bench alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pedalboard import (
    Compressor,
    HighpassFilter,
    HighShelfFilter,
    Limiter,
    LowShelfFilter,
    PeakFilter,
    Pedalboard,
    Reverb,
)

from diffmst.audio import AudioReader, AudioWriter
from diffmst.audio.flac import write_flac
from diffmst.data.song import Song, Track
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.evaluation.tasks.making import stem_files
from diffmst.evaluation.tasks.songs import find_songs, open_song
from diffmst.listening import known_stems
from diffmst.prior import LOW_TRACK, Stem

Audio = NDArray[np.float32]

STAGED_LUFS = -24.0
FINISHED_LUFS, CEILING_DB = -14.0, -1.0
LEVEL_DB, EQ_DB = 3.0, 3.0
"""Standard deviations of the level of a stem around what is usual for it, and of the gain of a band."""


class Space(NamedTuple):
    """The reverb that all stems of a mix share.

    Attributes:
        reverb: without the dry sound.
        wet_db: level of it, relative to the stem, usually.
    """

    reverb: Reverb
    wet_db: float


def main(argv: Sequence[str] | None = None) -> int:
    """Does what the arguments ask for; returns the exit code."""
    options = _parser().parse_args(argv)
    for number, source in enumerate(find_songs(options.songs)[: options.limit]):
        song, _ = open_song(source)
        folder = options.out / source.name
        stems = _read(song)
        files = stem_files(track.name for track in song.tracks)
        for file, x in zip(files, stems, strict=True):
            write_flac(folder / "stems" / file, [x], song.sample_rate, len(x))
        for mix in range(options.mixes):
            rng = np.random.default_rng([options.seed, number, mix])
            wet = _processed(stems, known_stems(song), song.sample_rate, rng)
            _write(folder / f"{mix + 1}", dict(zip(files, wet, strict=True)), song.sample_rate, rng)
            sys.stdout.write(f"{folder / str(mix + 1)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.foreign_mixes", description=__doc__)
    parser.add_argument("songs", nargs="+", type=Path, metavar="SONGS", help="folders of songs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the mixes")
    parser.add_argument("--mixes", type=int, default=2, help="of every song")
    parser.add_argument("--limit", type=int, help="only the first so many songs")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mixes")
    return parser


def _read(song: Song) -> list[Audio]:
    """All tracks, [channels, time], equally long, none over full scale."""

    def read(track: Track) -> Audio:
        with AudioReader(track.path, song.sample_rate, track.channels) as reader:
            x = reader.read(song.frames)
        x = np.pad(x, ((0, 0), (0, song.frames - x.shape[1])))
        return np.asarray(x / max(1.0, float(np.abs(x).max())), np.float32)

    return [read(track) for track in song.tracks]


def _processed(
    stems: Sequence[Audio], known: Sequence[Stem], sample_rate: int, rng: np.random.Generator
) -> list[Audio]:
    """Every stem as it is in the mix, [2, time]."""
    space = Space(
        Reverb(room_size=rng.uniform(0.2, 0.9), damping=rng.uniform(0.2, 0.8), wet_level=1.0, dry_level=0.0, width=1.0),
        rng.normal(-20, 5),
    )
    return [_strip(x, stem, space, sample_rate, rng) for x, stem in zip(stems, known, strict=True)]


def _strip(x: Audio, stem: Stem, space: Space, sample_rate: int, rng: np.random.Generator) -> Audio:
    """One stem through equalizer, compressor, fader, pan and reverb."""
    low = stem.low_share > LOW_TRACK
    x = x * np.float32(10 ** ((STAGED_LUFS - stem.loudness_lufs) / 20))
    chain = Pedalboard(
        [
            HighpassFilter(20.0 if low else rng.uniform(40, 120)),
            LowShelfFilter(rng.uniform(80, 250), rng.normal(0, EQ_DB)),
            PeakFilter(rng.uniform(250, 1200), rng.normal(0, EQ_DB), rng.uniform(0.5, 2)),
            PeakFilter(rng.uniform(1200, 5000), rng.normal(0, EQ_DB), rng.uniform(0.5, 2)),
            HighShelfFilter(rng.uniform(5000, 10_000), rng.normal(0, EQ_DB)),
            Compressor(
                threshold_db=STAGED_LUFS + rng.uniform(0, 10),
                ratio=rng.uniform(1.5, 5),
                attack_ms=rng.uniform(2, 40),
                release_ms=rng.uniform(50, 300),
            ),
        ]
    )
    dry = chain(x, sample_rate) * np.float32(10 ** ((stem.role.level_lu + rng.normal(0, LEVEL_DB)) / 20))
    dry = _panned(dry, stem, 0.0 if low else float(rng.normal(0, max(0.05, stem.role.pan_width))))
    wet_db = space.wet_db + rng.normal(0, 3) - 12 * low
    return np.asarray(dry + space.reverb(dry, sample_rate) * np.float32(10 ** (wet_db / 20)), np.float32)


def _panned(x: Audio, stem: Stem, pan: float) -> Audio:
    """Mono by a law of equal power, stereo by balance; sides of a pair stand apart."""
    pan = float(np.clip(pan + 0.7 * stem.side, -1, 1))
    angle = np.pi / 4 * (1 + pan)
    gains = np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])
    if len(x) == 2:
        gains = np.minimum(gains, 1)
    return np.asarray(x * gains[:, None], np.float32)


def _write(folder: Path, wet: dict[str, Audio], sample_rate: int, rng: np.random.Generator) -> None:
    """The stems, in float as they may exceed full scale, and their sum behind a master of its own."""
    for file, x in wet.items():
        path = folder / "stems" / Path(file).with_suffix(".wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        with AudioWriter(path, sample_rate, 2, "FLOAT") as writer:
            writer.write(x)
    mix: Audio = np.stack(list(wet.values())).sum(0)
    meter = LoudnessMeter(sample_rate, channels=2)
    meter.add(mix)
    mix *= np.float32(10 ** ((FINISHED_LUFS - meter.integrated_lufs) / 20))
    master = Pedalboard(
        [
            LowShelfFilter(120, rng.normal(0, 1)),
            HighShelfFilter(8000, rng.normal(0, 1.5)),
            Compressor(threshold_db=-14, ratio=rng.uniform(1.2, 2.5), attack_ms=30, release_ms=200),
            Limiter(threshold_db=CEILING_DB, release_ms=100),
        ]
    )
    finished = master(mix, sample_rate)  # which lets some peaks through, and makes up for what it takes off
    finished *= np.float32(10 ** (CEILING_DB / 20) / max(1.0, float(np.abs(finished).max())))
    write_flac(folder / "mix.flac", [finished], sample_rate, 2)


if __name__ == "__main__":
    sys.exit(main())
