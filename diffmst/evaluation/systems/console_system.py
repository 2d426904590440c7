"""Systems that set the console; what they have in common is all that `diffmst mix` does once settings are found."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from diffmst.evaluation.system import Finished, Job
from diffmst.evaluation.systems.identity import identity_of
from diffmst.layout import Layout, Settings
from diffmst.listening import Heard
from diffmst.match import Loudness, Options, document
from diffmst.mix import Mix
from diffmst.outputs import OutputFolder
from diffmst.progress import SILENT
from diffmst.refine import Refined
from diffmst.render import compile_kernels, render
from diffmst.task import Task, prepare

_MIX = "mix.wav"


@dataclass(frozen=True)
class ConsoleSystem(ABC):
    """Finds settings, and has the whole song rendered as the user would get it.

    Attributes:
        name: in tables.
        kind: of system.
        listens: whether the reference makes a difference.
    """

    name: str
    kind: ClassVar[str]
    listens: ClassVar[bool] = False

    @abstractmethod
    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """The passages that were listened to, and physical settings for the stems as they are.

        Raises:
            UserError: there are none to be found.
        """

    def warm_up(self) -> None:
        """Gets ready what needs no job: it does not count as time of any."""
        compile_kernels(SILENT)

    def identity(self) -> str:
        """See `System`."""
        return identity_of(self)

    def mix(self, job: Job) -> Finished:
        """See `System`."""
        self.warm_up()
        began = time.monotonic()
        task, settings = self.find(job.heard, job.seed)
        mix = rendered(job, task, settings)
        return Finished(job.folder / _MIX, time.monotonic() - began, mix.settings.tensors(), mix.console_layout)


def rendered(job: Job, task: Task, settings: Settings, loudness: Loudness = "reference") -> Mix:
    """Renders the whole song into `mix.wav` in the folder of a job, in float; returns the document of what it did.

    Args:
        job: says what to mix, and where to.
        task: the passages by which the master fader is set.
        settings: physical, batch of one.
        loudness: of the mix, as the user may choose it.

    Raises:
        UserError: a stem cannot be read, or the mix not written.
    """
    found = Refined(settings, before={}, after={}, history=(), converged=False, seconds=0.0)
    mix = document(job.heard, task, found, job.folder, Options(loudness=loudness, subtype="FLOAT"))
    with OutputFolder(job.folder, [_MIX]) as outputs:
        render(mix, job.heard.song, outputs, _MIX)
    return mix


def rendered_path(job: Job) -> Path:
    """Where `rendered` puts the mix."""
    return job.folder / _MIX


def listen_to(heard: Heard, layout: Layout, *, names: bool) -> tuple[Heard, Task]:
    """What there is to solve, and the song as a system knows it, with names that tell roles or without.

    Raises:
        UserError: nothing sounds in it.
    """
    known = heard if names else without_names(heard)
    return known, prepare(known, layout)


def without_names(heard: Heard) -> Heard:
    """The same song with stems called by numbers, which tell neither roles nor pairs of sides.

    >>> from diffmst.roles import UNKNOWN, role_of, side_of
    >>> role_of("1") is UNKNOWN, side_of("2")
    (True, 0)
    """
    tracks = (replace(track, name=str(number)) for number, track in enumerate(heard.song.tracks, 1))
    return replace(heard, song=replace(heard.song, tracks=tuple(tracks)), told_roles=())
