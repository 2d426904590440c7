"""K-weighted signals, and their energies as a measure of audio: what its loudness is made of, with a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffmst.dsp import recurrence
from diffmst.dsp.loudness import BLOCK_HOPS, hop_samples, k_weighting_sos
from diffmst.dsp.measure import Measured


def k_weight(x: Tensor, sample_rate: int) -> Tensor:
    """The K-weighted signal.

    Shape: x [batch, channels, time]; returns the same.
    """
    coefficients = torch.as_tensor(k_weighting_sos(sample_rate)[:, [0, 1, 2, 4, 5]], device=x.device)
    return recurrence.equalize(x, coefficients.expand(*x.shape[:2], *coefficients.shape))[0]


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
        energies, filtered = recurrence.hop_energies(x, k_weighting_sos(self.sample_rate), hop)
        return Measured((energies,), filtered)

    def add_gradient(self, x: Tensor, kept: Tensor | None, gradients: Sequence[Tensor], dx: Tensor) -> None:
        """See `Measure`."""
        assert kept is not None, "`measured` keeps the filtered signal"
        recurrence.add_hop_gradient(kept, k_weighting_sos(self.sample_rate), gradients[0], dx)
