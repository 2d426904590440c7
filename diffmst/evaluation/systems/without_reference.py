"""Systems that do not listen to the reference: what is gained by listening is what others are better by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from diffmst.dsp.stereo import SEND_OFF_DB
from diffmst.evaluation.random_mixes import draw_settings
from diffmst.evaluation.systems.console_system import ConsoleSystem, listen_to
from diffmst.layout import LAYOUTS, LayoutName, Settings
from diffmst.listening import Heard
from diffmst.prior import sane_prior
from diffmst.random_mix.draw import Kind, MixDraw
from diffmst.roles import UNKNOWN
from diffmst.task import Task, at_master_level


@dataclass(frozen=True)
class EqualLoudness(ConsoleSystem):
    """Every track equally loud, in the middle, no effects, whatever it is: neither names nor the ear are asked.

    Attributes:
        layout: the console's controls.
    """

    kind: ClassVar[str] = "equal-loudness"
    layout: LayoutName = "default"

    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """See `ConsoleSystem`."""
        _, task = listen_to(heard, LAYOUTS[self.layout], names=False)
        alike = [stem._replace(role=UNKNOWN, side=0) for stem in task.stems]
        prior = at_master_level(sane_prior(task.layout, alike), task.excerpts, task.layout)
        return _dry(replace(task, prior=prior))


@dataclass(frozen=True)
class Balanced(ConsoleSystem):
    """Balanced by the roles that the names tell, and the ear where they do not; no effects.

    Attributes:
        layout: the console's controls.
        names: whether the names of stems tell their roles.
    """

    kind: ClassVar[str] = "balanced"
    layout: LayoutName = "default"
    names: bool = True

    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """See `ConsoleSystem`."""
        _, task = listen_to(heard, LAYOUTS[self.layout], names=self.names)
        return _dry(task)


@dataclass(frozen=True)
class Random(ConsoleSystem):
    """Settings drawn from the seed: as an engineer might mix who has not heard the reference, or none at all.

    Attributes:
        layout: the console's controls.
        names: whether the names of stems tell their roles.
        draw: settings in a drawn style (sane), or every control anywhere in its range (uniform).
        seed: another gives other mixes.
    """

    kind: ClassVar[str] = "random"
    layout: LayoutName = "default"
    names: bool = True
    draw: Kind = "sane"
    seed: Annotated[int, Field(ge=0)] = 0

    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """See `ConsoleSystem`."""
        known, task = listen_to(heard, LAYOUTS[self.layout], names=self.names)
        of_mix, of_style = (int(drawn) for drawn in np.random.SeedSequence((seed, self.seed)).generate_state(2))
        draw = MixDraw(self.draw, seed=of_mix, style_seed=of_style)
        return task, draw_settings(known, draw, task.layout)


def _dry(task: Task) -> tuple[Task, Settings]:
    """Where refinement begins, but dry: what it begins with has a trace of reverb, so that its gradient is not lost."""
    settings = task.layout.from_unit(task.prior.mean)
    task.layout.track.controls(settings.tracks, "send")["gain_db"][:] = SEND_OFF_DB
    return task, settings
