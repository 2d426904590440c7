"""Finished mixes from outside: another program's, a service's, or a person's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from diffmst.audio import probe
from diffmst.audio.discovery import AUDIO_EXTENSIONS, folded
from diffmst.data.survey import Survey
from diffmst.data.windows import active_hops
from diffmst.dsp.loudness import HOP_S
from diffmst.errors import UserError
from diffmst.evaluation.system import Finished, Job
from diffmst.evaluation.systems.identity import identity_of
from diffmst.outputs import file_name

SHORTER_S = 1.0
"""A mix may end so much before the stems fall silent: fades are taste."""

_WRONG = ".wrong"


@dataclass(frozen=True)
class External:
    """Takes mixes as they are found: `PAIR.wav` or `PAIR/mix.wav` in its folder, or else `SONG.wav`, of any format.

    What was made with the wrong reference of a pair is `PAIR.wrong.wav` or `PAIR/mix.wrong.wav`; the system counts as
    listening as soon as there is one.

    Attributes:
        name: in tables.
        folder: of the mixes.
    """

    name: str
    folder: Path
    kind: ClassVar[str] = "external"

    @property
    def listens(self) -> bool:
        """Whether there are mixes with a wrong reference, so that it shows whether the right one makes a difference."""
        return any(path.stem.endswith(_WRONG) for path in self._files())

    def identity(self) -> str:
        """See `System`: all files in the folder, by name, size and the time of their last change."""
        status = ((path, path.stat()) for path in self._files())
        files = [[str(path.relative_to(self.folder)), of.st_size, of.st_mtime_ns] for path, of in status]
        return identity_of(self, folder=str(self.folder.absolute()), files=files)

    def mix(self, job: Job) -> Finished:
        """The mix that is there for a pair, where it lies; how long it took is not known.

        Raises:
            UserError: there is none, or more than one, or it ends before the song does.
        """
        path = self._find(job)
        missing_s = _sounds_until_s(job.heard.surveys) - probe(path).duration_s
        if missing_s > SHORTER_S:
            raise UserError(f"{path}: ends {missing_s:.1f} s before the stems do; give a mix of the whole song")
        return Finished(path, math.nan)

    def check(self) -> None:
        """Refuses a folder without mixes.

        Raises:
            UserError: it is none, or holds none.
        """
        if not self.folder.is_dir():
            raise UserError(f"{self.folder}: is not a folder; {self.name} needs one with a finished mix of every pair")
        if not self._files():
            raise UserError(f"{self.folder}: holds no mixes; {self.name} needs an audio file for every pair")

    def _files(self) -> list[Path]:
        """All audio files where mixes may lie."""
        found = [*self.folder.glob("*"), *self.folder.glob("*/*")]
        return sorted(path for path in found if path.suffix.lower() in AUDIO_EXTENSIONS and path.is_file())

    def _find(self, job: Job) -> Path:
        pair = job.pair
        wrong = pair.wrong_reference is not None and job.heard.reference.info.path == pair.wrong_reference
        ending = _WRONG if wrong else ""
        places = [f"{pair.name}{ending}", f"{pair.name}/mix{ending}", *([] if wrong else [file_name(pair.song)])]
        for place in places:
            if found := self._at(place):
                return found
        raise UserError(f"{self.folder}: has no mix of this pair; looked for {' and '.join(places)} of any format")

    def _at(self, place: str) -> Path | None:
        """The audio file of this name, without its extension."""
        found = [path for path in self._files() if folded(self._place(path)) == folded(place)]
        if len(found) > 1:
            raise UserError(f"{found[0]}: is there as {found[1].name} too; keep one of them")
        return found[0] if found else None

    def _place(self, path: Path) -> str:
        """Where a mix lies in the folder, without its extension."""
        return path.relative_to(self.folder).with_suffix("").as_posix()


def _sounds_until_s(surveys: list[Survey]) -> float:
    """Where the last of the stems falls silent."""
    return HOP_S * (1 + int(np.flatnonzero(active_hops(surveys).any(0))[-1]))
