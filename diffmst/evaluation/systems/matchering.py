"""Matchering 2: what a user picks today to make a finished mix sound like another song.

It matches level, spectrum and width of the whole mix, in the middle and at the sides, and limits it; of stems it knows
nothing, so it is given the mix of equal loudness. It is free software under the GPL, and so no part of this package:
it is run as a program of its own, in whichever Python it is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from diffmst.audio import AudioReader, AudioWriter
from diffmst.errors import UserError
from diffmst.evaluation.system import Finished, Job
from diffmst.evaluation.systems.console_system import rendered, rendered_path
from diffmst.evaluation.systems.identity import identity_of
from diffmst.evaluation.systems.without_reference import EqualLoudness

VARIABLE = "DIFFMST_MATCHERING"
"""Of the environment: the Python in which Matchering is installed, if it is not this one."""

SAMPLE_RATE = 44_100
"""At which Matchering works; its authors advise against any other. It is given files that it need not convert, as it
knows few formats."""

TIMEOUT_S = 3600.0
_ANSWER_S = 60.0  # a Python that says which version it has
_BLOCK_FRAMES = 65_536

_INSTALL = f"pip install matchering, or set {VARIABLE} to the Python that has it"
_VERSION = "from importlib.metadata import version; print(version('matchering'))"
# Its usual settings, but for two refusals that make no sense here: of songs over 15 minutes, and of a reference that is
# the mix itself. The result is limited, as its user would get it, and kept in float.
_PROGRAM = """
import sys
import matchering

target, reference, result = sys.argv[1:]
matchering.process(
    target=target,
    reference=reference,
    results=[matchering.Result(result, "FLOAT")],
    config=matchering.Config(max_length=24 * 60 * 60, allow_equality=True),
)
"""


@dataclass(frozen=True)
class Matchering:
    """The mix of equal loudness, made to sound like the reference by Matchering 2.

    Attributes:
        name: in tables.
        python: in which it is installed.
    """

    name: str
    python: Path
    kind: ClassVar[str] = "matchering"
    listens: ClassVar[bool] = True

    def identity(self) -> str:
        """See `System`; Matchering counts by its version."""
        return identity_of(self, python=matchering_version(self.python))

    def check(self) -> None:
        """Refuses a Python without Matchering.

        Raises:
            UserError: it is not installed there.
        """
        matchering_version(self.python)

    def mix(self, job: Job) -> Finished:
        """See `System`; the mix is at 44.1 kHz.

        Raises:
            UserError: Matchering refuses it, or takes too long.
        """
        balance = EqualLoudness("balance")
        balance.warm_up()
        began = time.monotonic()
        rendered(job, *balance.find(job.heard, job.seed), loudness="keep")
        target, reference, result = (job.folder / name for name in ("target.wav", "reference.wav", "result.wav"))
        _convert(rendered_path(job), target)
        _convert(job.heard.reference.info.path, reference)
        _run([str(self.python), "-c", _PROGRAM, target.name, reference.name, result.name], job.folder)
        if not result.exists():
            raise UserError("matchering: ended without a result")
        return Finished(result, time.monotonic() - began)


def find_python() -> Path:
    """The Python that has Matchering, as far as can be told without asking it.

    Raises:
        UserError: none has.
    """
    if told := os.environ.get(VARIABLE):
        found = shutil.which(told)
        if not found:
            raise UserError(f"{VARIABLE}={told}: is no program; {_INSTALL}")
        return Path(found).absolute()
    if find_spec("matchering"):
        return Path(sys.executable)
    raise UserError(f"matchering: is not installed; {_INSTALL}")


@lru_cache
def matchering_version(python: Path) -> str:
    """Which Matchering a Python has.

    Raises:
        UserError: it has none, or is no Python.
    """
    try:
        done = subprocess.run(
            [python, "-c", _VERSION], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ANSWER_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(
            f"{python}: cannot be run: {getattr(error, 'strerror', 'it does not answer')}; {_INSTALL}"
        ) from None
    if done.returncode:
        raise UserError(f"{python}: has no matchering; {_INSTALL}")
    return done.stdout.strip()


def _convert(source: Path, target: Path) -> None:
    """Writes a file in stereo, in float, at the rate of Matchering."""
    with AudioReader(source, SAMPLE_RATE) as reader, AudioWriter(target, SAMPLE_RATE, 2, "FLOAT") as writer:
        for block in reader.blocks(_BLOCK_FRAMES):
            writer.write(block.repeat(2 // len(block), axis=0))


def _run(command: list[str], folder: Path) -> None:
    """Runs a program in a folder.

    Raises:
        UserError: it fails, with its last line, or takes too long.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"matchering: was not done after {TIMEOUT_S:g} s, and was stopped") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise UserError(f"matchering: failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
