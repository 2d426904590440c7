"""Training examples made of songs: example i of a run is a function of its seed and i, whoever makes it and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import accumulate

import numpy as np
import torch

from diffmst.data.library import Library
from diffmst.errors import UserError
from diffmst.layout import Layout
from diffmst.models.scene import Hearing
from diffmst.random_mix.amounts import AT_ONCE, Curriculum
from diffmst.random_mix.dice import Dice
from diffmst.training.example import Example, Method
from diffmst.training.methods import METHODS, PUBLISHED, SANE, ExampleDraw, Mixes, Recipe
from diffmst.training.role_noise import USUAL, RoleNoise
from diffmst.training.staging import UnusableError

__all__ = ["PUBLISHED", "SANE", "ExampleMaker", "Mixes"]


ATTEMPTS = 20
"""Draws after which an example is given up: what is drawn from is of no use then."""

PROPORTIONS: Mapping[Method, float] = {"same-song": 0.5, "shared-style": 0.4, "real-reference": 0.1}


_LACKING = "in this part of the data; add some, or move some there in a split file"


class ExampleMaker:
    """Makes examples by three methods, in proportion; see `training.example.Method`.

    What makes no example (silence, values that are no numbers, less than two tracks) is drawn again, and the example
    tells why.

    Args:
        library: songs and references.
        hearing: of the model.
        layout: the console's controls.
        proportions: of the methods.
        mixes: how random mixes are drawn.
        tracks: fewest and most tracks of the library's that an example has; a song with fewer is taken whole. Of split
            stereo tracks, the first so many channels.
        curriculum: when each kind of processing comes in.
        roles: what the model is told of them.
        seed: of the run.

    Raises:
        ValueError: proportions, numbers of tracks or a seed that make no sense.
        UserError: the library lacks what a method needs.
    """

    def __init__(
        self,
        library: Library,
        hearing: Hearing,
        layout: Layout,
        *,
        proportions: Mapping[Method, float] = PROPORTIONS,
        mixes: Mixes = SANE,
        tracks: tuple[int, int] = (4, 16),
        curriculum: Curriculum = AT_ONCE,
        roles: RoleNoise = USUAL,
        seed: int = 0,
    ) -> None:
        if not 2 <= tracks[0] <= tracks[1]:
            raise ValueError(f"tracks must be at least 2, the fewest first, got {tracks}")
        if seed < 0:
            raise ValueError(f"seed must be at least 0, got {seed}")
        self._proportions = _checked(proportions, library)
        self._recipe = Recipe(library, hearing, layout, mixes, tracks, roles)
        self._curriculum, self._seed = curriculum, seed

    def make(self, index: int, progress: float = 1.0) -> Example:
        """Example `index` of the run, at a share of training, 0 to 1, that drives the curriculum.

        Raises:
            UserError: a file has gone, or nothing that can be used is drawn.
        """
        return self.make_from(Dice(self._seed, index).seed(), progress)

    @torch.no_grad()
    def make_from(self, seed: int, progress: float = 1.0) -> Example:
        """The example of this seed and progress, as an `Example` tells them; see `make`."""
        method = _drawn_method(self._proportions, Dice(seed))
        amounts = self._curriculum.amounts(progress)
        reasons: list[str] = []
        for attempt in range(ATTEMPTS):
            try:
                example = METHODS[method](ExampleDraw(self._recipe, seed, attempt, amounts))
            except UnusableError as error:
                reasons.append(str(error))
            else:
                return example._replace(progress=progress, redrawn=tuple(reasons))
        told = ", ".join(f"{reason} ({count})" for reason, count in Counter(reasons).most_common())
        raise UserError(f"no example in {ATTEMPTS} draws from {len(self._recipe.library.songs)} songs: {told}")


def _checked(proportions: Mapping[Method, float], library: Library) -> dict[Method, float]:
    wanted = {method: share for method, share in proportions.items() if share}
    if unknown := wanted.keys() - METHODS.keys():
        raise ValueError(f"methods must be among {', '.join(METHODS)}, got {min(unknown)!r}")
    if not wanted or min(wanted.values()) < 0:
        raise ValueError(f"proportions of methods must not be below 0, nor all 0, got {dict(proportions)}")
    if not library.songs:
        raise UserError(f"no songs with stems {_LACKING}")
    if "shared-style" in wanted and len(library.songs) < 2:
        raise UserError(f"method shared-style needs two songs, there is one {_LACKING}, or leave the method out")
    if "real-reference" in wanted and not library.references:
        raise UserError(f"method real-reference needs finished mixes, none are {_LACKING}, or leave the method out")
    return wanted


def _drawn_method(proportions: Mapping[Method, float], dice: Dice) -> Method:
    methods, ends = list(proportions), list(accumulate(proportions.values()))
    return methods[int(np.searchsorted(ends, dice.uniform(0, ends[-1], ()), side="right"))]
