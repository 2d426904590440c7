"""Numbers made of audio, with gradients that are added up where they arise.

Autograd would keep and pass through every step between the audio and the few numbers made of it, and each of them would
hand on a gradient of the size of the audio. Here the adjoints are written out, and all add to one gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_PIECE = 1024  # samples


class Measured(NamedTuple):
    """What a measure makes of audio.

    Attributes:
        values: differentiable.
        kept: what the adjoint needs beside the audio, if anything.
    """

    values: tuple[Tensor, ...]
    kept: Tensor | None = None


class Measure(Protocol):
    """Numbers made of audio, and their adjoint. Neither runs under autograd."""

    def measured(self, x: Tensor) -> Measured:
        """The values of each item. Shape: x [items, rows, time]; values [items, ...]."""

    def add_gradient(self, x: Tensor, kept: Tensor | None, gradients: Sequence[Tensor], dx: Tensor) -> None:
        """Add to `dx` the gradient to the audio, from those to the values."""


def measure(x: Tensor, *measures: Measure) -> list[tuple[Tensor, ...]]:
    """The values of all measures, differentiable once.

    Shape: x [items, rows, time]; values [items, ...].
    """
    counts: list[int] = []
    values = iter(_Measures.apply(x, measures, counts))
    return [tuple(islice(values, count)) for count in counts]


class _Measures(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, measures: tuple[Measure, ...], counts: list[int]) -> tuple[Tensor, ...]:  # noqa: ANN401
        found = [one.measured(x) for one in measures]
        counts += [len(one.values) for one in found]
        ctx.save_for_backward(x, *(one.kept for one in found))
        ctx.measures, ctx.counts = measures, counts
        return tuple(value for one in found for value in one.values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        x, *kept = ctx.saved_tensors
        dx = torch.zeros_like(x, memory_format=torch.contiguous_format)
        remaining: Iterator[Tensor] = iter(gradients)
        for one, count, extra in zip(ctx.measures, ctx.counts, kept, strict=True):
            one.add_gradient(x, extra, list(islice(remaining, count)), dx)
        return dx, None, None


def peak_index(x: Tensor) -> Tensor:
    """Index of the greatest sample, [..., 1]: of the greatest of pieces, which are quickly found, alone."""
    length = min(_PIECE, x.shape[-1])
    peaks = torch.cat([x.unfold(-1, length, length).amax(-1), x[..., -length:].amax(-1, keepdim=True)], -1)
    begin = (peaks.argmax(-1, keepdim=True) * length).clamp(max=x.shape[-1] - length)
    piece = x.gather(-1, begin + torch.arange(length, device=x.device))
    return begin + piece.argmax(-1, keepdim=True)
