"""Systems for the tests of running: they do little, and do it the same way in any process."""

import os
import signal
import time
from dataclasses import dataclass

import numpy as np
import soundfile

from diffmst.audio import read
from diffmst.errors import UserError
from diffmst.evaluation.system import Finished, Job


@dataclass(frozen=True)
class SumOfStems:
    """All stems added up, as loud as the reference's first second says it should be if it listens."""

    name: str = "sum"
    listens: bool = False
    gain: float = 0.25

    def identity(self) -> str:
        return f"sum {self.gain}"

    def mix(self, job: Job) -> Finished:
        rate = job.heard.song.sample_rate
        stems = [read(track.path, sample_rate=rate) for track in job.heard.song.tracks]
        mixed = self.gain * sum(np.broadcast_to(stem, (2, stem.shape[1])) for stem in stems)
        if self.listens:
            mixed = mixed[::-1] * np.array([[1.0], [0.5]]) if "wrong" in str(job.heard.reference.info.path) else mixed
        soundfile.write(path := job.folder / "mix.wav", mixed.T, rate, subtype="FLOAT")
        return Finished(path, 0.5)


@dataclass(frozen=True)
class Refusing(SumOfStems):
    """Refuses some songs."""

    name: str = "refusing"

    def mix(self, job: Job) -> Finished:
        raise UserError("not this song")


@dataclass(frozen=True)
class Broken(SumOfStems):
    """Has a fault."""

    name: str = "broken"

    def mix(self, job: Job) -> Finished:
        raise ZeroDivisionError("a fault\nof two lines")


@dataclass(frozen=True)
class Killed(SumOfStems):
    """Ends its process, as the system does when memory runs out."""

    name: str = "killed"

    def mix(self, job: Job) -> Finished:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Changing(SumOfStems):
    """Changes a stem while it works."""

    name: str = "changing"

    def mix(self, job: Job) -> Finished:
        os.utime(job.heard.song.tracks[0].path, ns=(0, time.time_ns()))
        return super().mix(job)


@dataclass(frozen=True)
class Endless(SumOfStems):
    """Says in a file beside the stems where it works, and is never done."""

    name: str = "endless"

    def mix(self, job: Job) -> Finished:
        (job.pair.reference.parent / "working").write_text(str(job.folder))
        time.sleep(600)
        raise AssertionError
