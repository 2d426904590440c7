"""Windowed frames of signals, and the adjoint, in plain torch, for any dtype and device."""

from __future__ import annotations

import torch
from torch import Tensor


def cut(x: Tensor, hop: int, begin: int, window: Tensor, frames: Tensor, *, mid_side: bool) -> None:
    """Write windowed frames of the rows, or of the sum and the difference of two rows.

    Args:
        x: the rows.
        hop: samples from one frame to the next.
        begin: where in the rows the first frame starts. What lies outside is mirrored at the first and the last sample,
            by less than the length of the rows.
        window: of a frame.
        frames: written.
        mid_side: whether frames are of sum and difference.

    Shape: x [items, rows, time]; window [size]; frames [items, rows, count, size], contiguous.
    """
    size = len(window)
    pieces = _pieces(begin, begin + (frames.shape[-2] - 1) * hop + size, x.shape[-1])
    parts = [x[..., piece].flip(-1) if mirrored else x[..., piece] for piece, mirrored in pieces]
    stretch = torch.cat(parts, -1) if len(parts) > 1 else parts[0]
    stretch = _sum_and_difference(stretch) if mid_side else stretch
    torch.mul(stretch.unfold(-1, size, hop), window, out=frames)


def add(frames: Tensor, hop: int, begin: int, window: Tensor, dx: Tensor, *, mid_side: bool) -> None:
    """Add to `dx` the gradient to the rows from that to their frames, the adjoint of `cut`.

    Shape: as in `cut`; hop a divisor of size; dx as the rows.
    """
    pieces = (frames * window).unflatten(-1, (-1, hop))
    count, overlap = pieces.shape[-3:-1]
    hops = pieces.new_zeros(*pieces.shape[:-3], count + overlap - 1, hop)
    for late in range(overlap):
        hops[..., late : late + count, :].add_(pieces[..., late, :])
    stretch = hops.flatten(-2)
    stretch = _sum_and_difference(stretch) if mid_side else stretch
    at = 0
    for piece, mirrored in _pieces(begin, begin + stretch.shape[-1], dx.shape[-1]):
        length = piece.stop - piece.start
        part = stretch[..., at : at + length]
        dx[..., piece].add_(part.flip(-1) if mirrored else part)
        at += length


def _pieces(begin: int, end: int, time: int) -> list[tuple[slice, bool]]:
    """What lies from `begin` to `end` of rows continued at both ends, in order: where it is, and if mirrored."""
    pieces = [
        (slice(1, 1 - min(begin, 0)), True),
        (slice(max(begin, 0), min(end, time)), False),
        (slice(2 * time - 1 - max(end, time), time - 1), True),
    ]
    return [(piece, mirrored) for piece, mirrored in pieces if piece.start < piece.stop]


def _sum_and_difference(x: Tensor) -> Tensor:
    """Of two rows; [..., 2, time], as returned."""
    one, other = x.unbind(-2)
    return torch.stack([one + other, one - other], -2)
