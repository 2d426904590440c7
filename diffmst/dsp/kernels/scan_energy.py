"""Energies of filtered rows, hop by hop, in plain torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from diffmst.dsp.kernels import scan


def hop_energies(x: Tensor, sos: np.ndarray, hop: int) -> tuple[Tensor, Tensor]:
    """Mean squares of hops of filtered rows, and those rows; see `recurrence.hop_energies`."""
    filtered, _ = scan.equalize(x, _coefficients(sos, x))
    filtered = filtered[..., : x.shape[-1] // hop * hop]
    return filtered.unflatten(-1, (-1, hop)).square().mean(-1), filtered


def add_hop_gradient(filtered: Tensor, sos: np.ndarray, gradient: Tensor, dx: Tensor) -> None:
    """Adds the gradient to the rows to `dx`; see `recurrence.add_hop_gradient`."""
    hops = filtered.unflatten(-1, (gradient.shape[-1], -1))
    driven = (hops * (gradient * 2 / hops.shape[-1])[..., None]).flatten(-2)
    reversed_, _ = scan.equalize(driven.flip(-1), _coefficients(sos, dx))
    dx[..., : filtered.shape[-1]].add_(reversed_.flip(-1))


def _coefficients(sos: np.ndarray, x: Tensor) -> Tensor:
    """For all rows, as `scan` takes them."""
    coefficients = torch.as_tensor(sos[:, [0, 1, 2, 4, 5]], device=x.device)
    return coefficients.expand(*x.shape[:2], *coefficients.shape)
