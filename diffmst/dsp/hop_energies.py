"""K-weighted energies as a measure of audio: what its loudness is made of, with a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from diffmst.dsp import recurrence
from diffmst.dsp.loudness import BLOCK_HOPS, hop_samples, k_weighting_sos
from diffmst.dsp.measure import Measured


@dataclass(frozen=True)
class HopEnergies:
    """The energies of `loudness.hop_energies`.

    Shape: of the one value, [items, channels, hops].
    """

    sample_rate: int

    def measured(self, x: Tensor) -> Measured:
        """See `Measure`."""
        hop = hop_samples(self.sample_rate)
        if x.shape[-1] < BLOCK_HOPS * hop:
            hop = x.shape[-1]
        energies, filtered = recurrence.hop_energies(x, _k_weighting(self.sample_rate, x.device), hop)
        return Measured((energies,), filtered)

    def add_gradient(self, x: Tensor, kept: Tensor | None, gradients: Sequence[Tensor], dx: Tensor) -> None:
        """See `Measure`."""
        assert kept is not None, "`measured` keeps the filtered signal"
        recurrence.add_hop_gradient(kept, _k_weighting(self.sample_rate, x.device), gradients[0], dx)


@cache
def _k_weighting(sample_rate: int, device: torch.device) -> Tensor:
    """As `recurrence` takes filters, [2, 5]."""
    return torch.from_numpy(k_weighting_sos(sample_rate)[:, [0, 1, 2, 4, 5]]).to(device)
