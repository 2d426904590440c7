"""What a model is told of the roles in training: less than is known, and sometimes wrong, as names of files are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffmst.models.scene import ROLE_NAMES, role_probabilities
from diffmst.random_mix.dice import Dice
from diffmst.roles import BY_NAME, ROLES, UNKNOWN


@dataclass(frozen=True)
class RoleNoise:
    """How often labels are withheld or wrong.

    Attributes:
        nameless: share of the songs of which no role is told.
        unknown: share of the tracks of other songs whose role is not told.
        wrong: share of the tracks whose role is told wrongly.
        confidence: between these lies what is told of each track.

    Raises:
        ValueError: a share outside 0 to 1.
    """

    nameless: float = 0.3
    unknown: float = 0.1
    wrong: float = 0.03
    confidence: tuple[float, float] = (0.6, 1.0)

    def __post_init__(self) -> None:
        if not all(0 <= share <= 1 for share in (self.nameless, self.unknown, self.wrong, *self.confidence)):
            raise ValueError(f"shares of roles must lie between 0 and 1, got {self}")

    def told(self, roles: Sequence[str], dice: Dice) -> Tensor:
        """Probabilities of the roles as they are told, [tracks, roles]."""
        tracks = (len(roles),)
        nameless = dice.chance(self.nameless, ())
        withheld = dice.chance(self.unknown, tracks) | nameless
        wrong, others = dice.chance(self.wrong, tracks), dice.uniform(0, len(ROLES), tracks)
        confidences = dice.uniform(*self.confidence, tracks)
        told = np.where(wrong, [ROLES[int(other)].name for other in others], np.array(roles, str))
        told = np.where(withheld, UNKNOWN.name, told)
        return torch.cat(
            [role_probabilities([BY_NAME[str(name)]], float(c)) for name, c in zip(told, confidences, strict=True)]
        )


USUAL = RoleNoise()


def true_roles(roles: Sequence[str]) -> Tensor:
    """Places of the roles in `ROLE_NAMES`, int64 [tracks]."""
    return torch.tensor([ROLE_NAMES.index(role) for role in roles])
