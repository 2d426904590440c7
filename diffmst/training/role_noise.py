"""What a model is told of the roles in training: less than is known, and sometimes wrong, as names of files are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffmst.models.scene import role_places, role_probabilities
from diffmst.random_mix import habits
from diffmst.random_mix.dice import Dice
from diffmst.roles import BY_NAME, ROLES, UNKNOWN

# Logits of an ear: for the right role, for all of its family, and what they are off by.
_KEENNESS, _KINSHIP, _CONFUSION = (0.2, 4.6), (0.2, 1.5), 1.3


@dataclass(frozen=True)
class RoleNoise:
    """How often labels are withheld or wrong.

    Attributes:
        nameless: share of the songs of which no role is told by names.
        by_ear: share of these of which an ear tells them, as probabilities that are more or less sure and right.
        unknown: share of the tracks of other songs whose role is not told.
        wrong: share of the tracks whose role is told wrongly.
        confidence: between these lies what is told of each track.

    Raises:
        ValueError: a share outside 0 to 1.
    """

    nameless: float = 0.4
    by_ear: float = 0.6
    unknown: float = 0.1
    wrong: float = 0.03
    confidence: tuple[float, float] = (0.6, 1.0)

    def __post_init__(self) -> None:
        shares = (self.nameless, self.by_ear, self.unknown, self.wrong, *self.confidence)
        if not all(0 <= share <= 1 for share in shares):
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
        if nameless and dice.chance(self.by_ear, ()):
            return _heard(roles, dice)
        return torch.cat(
            [role_probabilities([BY_NAME[str(name)]], float(c)) for name, c in zip(told, confidences, strict=True)]
        )


def _heard(roles: Sequence[str], dice: Dice) -> Tensor:
    """Probabilities as an ear tells them that is right about two roles of three, and four families of five."""
    tracks, known = len(roles), len(ROLES)
    places, families = role_places(roles).numpy(), habits.families()
    right = np.arange(known) == places[:, None]
    akin = families[:known] == families[places][:, None]
    keenness = dice.uniform(*_KEENNESS, (tracks, 1))
    logits = (
        keenness * right + dice.uniform(*_KINSHIP, (tracks, 1)) * akin + dice.normal(0, _CONFUSION, (tracks, known))
    )
    logits = np.where(np.array(roles)[:, None] == UNKNOWN.name, dice.normal(0, _CONFUSION, (tracks, known)), logits)
    heard = torch.from_numpy(logits).softmax(-1).float()
    return torch.cat([heard, torch.zeros(tracks, 1)], -1)


USUAL = RoleNoise()
