"""Controls that move together: those of the tracks of one source, so that its image and its sound stay whole."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.groups import Group, Kind
from diffmst.layout import Section, Settings
from diffmst.prior import Prior

# What the tracks of each kind of group share. The files of two sides are one recording, so their levels against each
# other stay as recorded; what was recorded twice is levelled for each take. Microphones before one source stand at one
# place in the mix, and differ in level and tone on purpose: that is why there are several.
_SHARED: dict[Kind, tuple[str, ...]] = {
    "sides": ("*",),
    "doubles": ("fader.*", "panner.*", "eq.*", "compressor.*", "send.*"),
    "mics": ("panner.*",),
    "voice": ("eq.*", "compressor.*"),
    "kit": (),
}
_MIRRORED: tuple[Kind, ...] = ("sides", "doubles")
_PAN = "panner.pan"
_CENTRE = 0.5  # of every control in the unit interval; only that of the pan matters, where a position is mirrored


class Ties(NamedTuple):
    """Which controls of a song's tracks are one.

    Attributes:
        weights: of every control, what each track takes from each other, [controls, tracks, tracks]; a pan that is
            mirrored takes a negative share.
        tied: which controls of which tracks take from others at all, [tracks, controls].
    """

    weights: Tensor
    tied: Tensor

    @classmethod
    def of(cls, groups: Sequence[Group], section: Section, tracks: int) -> Ties:
        """The ties of groups of tracks.

        Args:
            groups: of tracks, no track in two.
            section: the controls of a track.
            tracks: of the song.
        """
        weights = torch.eye(tracks, dtype=torch.float64).repeat(len(section), 1, 1)
        tied = torch.zeros(tracks, len(section), dtype=torch.bool)
        for group in groups:
            members = torch.tensor(group.tracks)
            for column, name in enumerate(section.params):
                if any(fnmatch(name, pattern) for pattern in _SHARED[group.kind]):
                    signs = _signs(len(members), mirrored=name == _PAN and group.kind in _MIRRORED)
                    weights[column, members[:, None], members] = signs[:, None] * signs / len(members)
                    tied[members, column] = True
        return cls(weights, tied)

    def without(self, held: Tensor) -> Ties:
        """These ties without those of controls of which one track's must stay as it is.

        Args:
            held: which these are, [tracks, controls].
        """
        loose = (torch.einsum("ctu,uc->tc", self.weights.abs(), held.to(self.weights.dtype)) > 0) & self.tied
        own = torch.eye(len(held), dtype=self.weights.dtype).expand_as(self.weights)
        return Ties(torch.where(loose.T[..., None], own, self.weights), self.tied & ~loose)

    def share(self, unit: Settings[Tensor]) -> Settings[Tensor]:
        """Settings in which tied controls are the mean of their tracks', pans that are mirrored as far to each side.

        Differentiable; what is not tied stays as it is, to the last digit.

        Args:
            unit: positions in the unit interval.
        """
        shared = _CENTRE + torch.einsum("ctu,...uc->...tc", self.weights, unit.tracks - _CENTRE)
        return unit._replace(tracks=torch.where(self.tied, shared, unit.tracks))

    def share_prior(self, prior: Prior) -> Prior:
        """The prior that means, starts and is sure of tied controls alike."""
        width = torch.einsum("ctu,...uc->...tc", self.weights.abs(), prior.width.tracks)
        widths = prior.width._replace(tracks=torch.where(self.tied, width, prior.width.tracks))
        return Prior(self.share(prior.mean), widths, self.share(prior.start))


def _signs(members: int, *, mirrored: bool) -> Tensor:
    """1 for every track, or -1 and 1 in turn: left, right."""
    signs = torch.ones(members, dtype=torch.float64)
    if mirrored:
        signs[::2] = -1
    return signs
