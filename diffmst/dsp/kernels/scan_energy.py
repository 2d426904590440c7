"""Energies of filtered rows, hop by hop, in plain torch."""

from __future__ import annotations

from torch import Tensor

from diffmst.dsp.kernels import scan


def hop_energies(x: Tensor, coefficients: Tensor, hop: int) -> tuple[Tensor, Tensor]:
    """Mean squares of hops of filtered rows, and those rows; see `recurrence.hop_energies`."""
    filtered, _ = scan.equalize(x, coefficients.expand(*x.shape[:2], *coefficients.shape))
    filtered = filtered[..., : x.shape[-1] // hop * hop]
    return filtered.unflatten(-1, (-1, hop)).square().mean(-1), filtered


def add_hop_gradient(filtered: Tensor, coefficients: Tensor, gradient: Tensor, dx: Tensor) -> None:
    """Adds the gradient to the rows to `dx`; see `recurrence.add_hop_gradient`."""
    hops = filtered.unflatten(-1, (gradient.shape[-1], -1))
    driven = (hops * (gradient * 2 / hops.shape[-1])[..., None]).flatten(-2)
    reversed_, _ = scan.equalize(driven.flip(-1), coefficients.expand(*dx.shape[:2], *coefficients.shape))
    dx[..., : filtered.shape[-1]].add_(reversed_.flip(-1))
