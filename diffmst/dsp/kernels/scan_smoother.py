"""The branching one-pole of the compressor in plain torch, forward and backward, without a loop over the samples.

    s[n] = c s[n - 1] + (1 - c) g[n],   c = attack if g[n] < s[n - 1] else release.

The backward pass holds the branches, so it is linear. With G = dL/ds as it comes in and l the adjoint of s,

    l[n] = G[n] + c[n + 1] l[n + 1],   dL/dg[n] = (1 - c[n]) l[n],   dL/dc[n] = (s[n - 1] - g[n]) l[n].

Signals are in columns: cut into blocks, and what runs at the same time, one sample of all blocks of all rows, lies side
by side. `triton_smoother` offers the same two functions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

BLOCK = 64  # longest run of samples that is taken one after the other
TOLERANCE_DB = 1e-12  # mismatch at a block edge that counts as none: rounding alone leaves 1e-14


def to_columns(x: Tensor) -> Tensor:
    """[..., time] to [samples of a block, ..., blocks], followed by zeros."""
    length = min(BLOCK, math.isqrt(x.shape[-1] - 1) + 1)
    return pad(x, (0, -x.shape[-1] % length)).unflatten(-1, (-1, length)).movedim(-1, 0).contiguous()


def from_columns(columns: Tensor, time: int) -> Tensor:
    """The inverse of `to_columns`, for signals of this time."""
    return columns.movedim(0, -1).flatten(-2)[..., :time]


def smooth(target: Tensor, attack: Tensor, release: Tensor, start: Tensor) -> Tensor:
    """The smoothed target.

    Let E_k map the state at the start of block k to the state at its end. The states S_k at the block edges solve
    S_(k+1) = E_k(S_k), S_0 = start, and are found by Newton's method: run the exact recurrence in all blocks from
    guessed S_k, with the slope D_k of E_k (the product of the coefficients met), then correct all guesses by

        d_(k+1) = D_k d_k + (E_k(S_k) - S_(k+1)),   d_0 = 0,

    a linear recurrence. It ends, and rightly: every round makes at least one more block exact, since block 0 starts
    from the true state, so `blocks` rounds are enough. It ends early: one step of the recurrence is an increasing
    function of the state, the smaller of two affine maps if the attack is faster than the release (else the larger),
    hence so is E_k: increasing and concave (convex), and piecewise affine. On such maps Newton's method is monotone
    after its first round and exact once every guess lies on the affine piece of the solution: after two to nine rounds
    on noise in bursts and on notes that decay. Each round waits for the device once, to learn whether it was the last.

    Args:
        target: g, float64.
        attack: coefficient of a falling state.
        release: coefficient of a rising state.
        start: state before the first sample.

    Shape: target in columns [length, batch, rows, blocks], as returned; the others [batch, rows, 1].
    """
    starts = pad(start, (0, target.shape[-1] - 1))
    smoothed = torch.empty_like(target)
    for _ in range(target.shape[-1]):
        slope = _run(target, attack, release, starts, smoothed)
        mismatch = smoothed[-1, ..., :-1] - starts[..., 1:]
        if not (mismatch.abs() > TOLERANCE_DB).any():
            break
        starts[..., 1:].add_(_affine_scan(slope[..., :-1], mismatch))
    return smoothed


def adjoint(
    grad: Tensor, target: Tensor, smoothed: Tensor, attack: Tensor, release: Tensor, start: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the target, the attack and the release, from that of the smoothed target.

    All blocks run backwards from l = 0 behind their ends. What arrives there from the next block follows by a scan, and
    adds what it leaves of itself on its way through the block.

    Args:
        grad: of the smoothed target; overwritten.
        target: as in `smooth`; overwritten.
        smoothed: as returned by `smooth`; the others are as they were given to it.
        attack: see there.
        release: see there.
        start: see there.

    Shape: as in `smooth`.
    """
    drop = target.neg_()  # s[n - 1] - g[n]
    drop[1:].add_(smoothed[:-1])
    drop[0].add_(states_at_starts(smoothed, start))
    attacks = drop > 0
    coefficient = torch.where(attacks, attack, release)
    along, arriving = grad, torch.zeros_like(drop[0])
    for n in reversed(range(len(along))):
        arriving = along[n].add_(arriving) * coefficient[n]
    arriving = _affine_scan(coefficient.prod(0).flip(-1), arriving.flip(-1)).flip(-1)
    arriving = pad(arriving[..., 1:], (0, 1))
    for n in reversed(range(len(along))):
        along[n].add_(arriving)
        arriving = arriving * coefficient[n]
    by_coefficient = drop.mul_(along)
    in_attack = torch.where(attacks, by_coefficient, 0).sum((0, -1)).unsqueeze(-1)
    in_release = torch.where(attacks, 0, by_coefficient).sum((0, -1)).unsqueeze(-1)
    return along.mul_(coefficient.neg_().add_(1)), in_attack, in_release


def states_at_starts(smoothed: Tensor, start: Tensor) -> Tensor:
    """The states that the blocks begin with: those that ended the blocks before them, [batch, rows, blocks]."""
    return torch.cat([start, smoothed[-1, ..., :-1]], -1)


def _run(target: Tensor, attack: Tensor, release: Tensor, starts: Tensor, out: Tensor) -> Tensor:
    """Run the recurrence in all blocks from `starts` into `out`; returns the slopes of the blocks."""
    state, slope = starts, torch.ones_like(starts)
    for goal, smoothed in zip(target.unbind(), out.unbind(), strict=True):
        coefficient = torch.where(goal < state, attack, release)
        slope = slope * coefficient
        state = torch.lerp(goal, state, coefficient, out=smoothed)
    return slope


def _affine_scan(slope: Tensor, offset: Tensor) -> Tensor:
    """s[k] = slope[k] s[k - 1] + offset[k] from zero, over the last axis, by doubling."""
    distance = 1
    while distance < offset.shape[-1]:
        offset = torch.cat(
            [offset[..., :distance], offset[..., distance:] + slope[..., distance:] * offset[..., :-distance]], -1
        )
        slope = torch.cat([slope[..., :distance], slope[..., distance:] * slope[..., :-distance]], -1)
        distance *= 2
    return offset
