"""What a model hears: excerpts of the tracks of a song, and of the reference they are to be mixed like."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.excerpts import Excerpts
from diffmst.roles import ROLES, UNKNOWN, Role

ROLE_NAMES = (*(role.name for role in ROLES), UNKNOWN.name)
"""What the columns of role probabilities stand for; the last is unknown."""


class Hearing(NamedTuple):
    """How a model wants to hear: part of its configuration, the same in training and in use.

    Attributes:
        track_lufs: loudness that every track is brought to before it is heard and mixed.
        reference_lufs: loudness that the reference is brought to.
        window_s: length of every window.
        song_windows: of the song, at most.
        reference_windows: of the reference, at most.
        sample_rate: at which it hears, Hz; None hears any song at its own.
        split_stereo: the channels of a stereo track are tracks of their own.
    """

    track_lufs: float
    reference_lufs: float
    window_s: float
    song_windows: int
    reference_windows: int
    sample_rate: int | None = None
    split_stereo: bool = False


class Scene(NamedTuple):
    """One song and its reference, staged as a model's `Hearing` says.

    Attributes:
        excerpts: of the song, every track brought to `track_lufs` as a whole, so that windows keep their levels.
        roles: probability of every role of `ROLE_NAMES` for each track, [tracks, roles]; all on the last is unknown.
        sides: -1 or 1 for the left or the right one of two files of one recording, else 0, [tracks].
        reference: windows of a finished mix brought to `reference_lufs` as a whole, [windows, 2, time], at the rate of
            the excerpts.
    """

    excerpts: Excerpts
    roles: Tensor
    sides: Tensor
    reference: Tensor

    @property
    def tracks(self) -> int:
        """Number of tracks."""
        return len(self.excerpts.channels)


def told_probabilities(roles: Sequence[Mapping[str, float]]) -> Tensor:
    """Probabilities [tracks, roles] of roles by name; those that are not named have none."""
    return torch.tensor([[role.get(name, 0.0) for name in ROLE_NAMES] for role in roles])


def role_places(roles: Sequence[str]) -> Tensor:
    """Names of roles as their places in `ROLE_NAMES`, int64 [tracks].

    >>> role_places(["kick", ""])
    tensor([ 0, 13])
    """
    return torch.tensor([ROLE_NAMES.index(role) for role in roles], dtype=torch.long)


def role_probabilities(roles: Sequence[Role], confidence: float = 1.0) -> Tensor:
    """Probabilities [tracks, roles] of roles that are known with a confidence; the rest of it is on unknown.

    >>> role_probabilities([ROLES[0], UNKNOWN], 0.75)[:, [0, -1]]
    tensor([[0.7500, 0.2500],
            [0.0000, 1.0000]])
    """
    probabilities = torch.zeros(len(roles), len(ROLE_NAMES))
    probabilities[:, -1] = 1 - confidence
    for track, role in enumerate(roles):
        probabilities[track, ROLE_NAMES.index(role.name)] += confidence
    return probabilities
