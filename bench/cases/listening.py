"""Listening to the stems of a song before it is mixed, beside what reading their files takes alone."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import soundfile

from bench.measurements import OURS, At
from bench.plan import CORES, Bench
from bench.signals import Size, tracks
from bench.workers import Worker, interleaved
from diffmst.data.parallel import in_parallel
from diffmst.data.survey import survey_files

CASE = "listening"
SURVEY, DECODE, HASH = "survey of all files", "decoding them with libsndfile", "their checksums"
METHODS = {SURVEY: "survey", DECODE: "decode", HASH: "hash"}

_LOOP_S = 10.0
_BLOCK_FRAMES = 88_200


def run(bench: Bench) -> None:
    """The song that is rendered, as stereo files of 24 bits that are silent every other 10 s, as stems are."""
    if not bench.takes_in(OURS):
        return
    size, folder = bench.plan.render, bench.folder / "listening"
    try:
        bench.tell(f"writing {size}")
        paths = _write(folder, size)
        at: At = {"threads": CORES, **size.at}
        with Worker(ListeningRun, paths, threads=CORES) as worker:
            for what, method in METHODS.items():
                bench.tell(f"{what}, {size}")
                plan = bench.plan
                outcomes = interleaved({OURS: worker}, method, rounds=plan.rounds, least_s=0.0, budget_s=plan.budget_s)
                bench.add_outcome(CASE, what, OURS, outcomes[OURS], at)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class ListeningRun:
    """What is timed, ready to run.

    Args:
        paths: of the stems.
    """

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        survey_files(paths[:1])
        self.hash()  # so that all files are cached

    def survey(self) -> None:
        """All that is learnt of every file."""
        survey_files(self._paths)

    def decode(self) -> None:
        """Every sample, as integers."""
        in_parallel(_decode, self._paths)

    def hash(self) -> None:
        """Every byte."""
        in_parallel(_hash, self._paths)


def _write(folder: Path, size: Size) -> list[Path]:
    folder.mkdir(parents=True)
    loop = tracks(Size(2 * size.tracks, min(_LOOP_S, size.seconds), size.sample_rate))[0].numpy()
    paths = [folder / f"{number:02d}.wav" for number in range(1, size.tracks + 1)]
    for path, stereo in zip(paths, loop.reshape(size.tracks, 2, -1), strict=True):
        with soundfile.SoundFile(path, "w", size.sample_rate, 2, subtype="PCM_24") as file:
            for turn, start in enumerate(range(0, size.frames, stereo.shape[1])):
                part = stereo.T[: size.frames - start]
                file.write(np.zeros_like(part) if turn % 2 else part)
    return paths


def _decode(path: Path) -> None:
    with soundfile.SoundFile(path) as file:
        block = np.empty((_BLOCK_FRAMES, file.channels), np.int32)
        while len(file.read(out=block)):
            pass


def _hash(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
