"""Biquads in cascade in plain torch: all blocks of a signal at once, joined by a scan over their states.

The cascade is one system in state space, two states u per biquad,

    u[n + 1] = A u[n] + B x[n],   y[n] = C u[n] + D x[n].

Over a block of N samples that begins in state u, with h = D, C B, C A B ... the impulse response and H its Toeplitz
matrix, H[i, j] = h[i - j],

    y = H x + O u,   O[n] = C A^n,        u' = A^N u + V x,   V[n] = A^(N - 1 - n) B.

So three matrix products do the work, whatever the number of biquads, and a scan of logarithmic depth finds the states
at which the blocks begin. H, O, V and A^N are small and made from the coefficients under autograd; what is as long as
the signal is differentiated by hand, and nothing of that length is kept but the signal itself.

The products are float64 on every device. With H x in float32 the error would still be 1e-7, but only as long as nobody
allows TF32 for the products of the process, as training often does: then it is 7e-4.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from diffmst.dsp.kernels.reference import SMALLEST_DENOMINATOR

BLOCK = 128  # N, a power of two: the products cost N per sample, the scan 1 / N


class _Cascade(NamedTuple):
    """The system of a cascade of biquads.

    Attributes:
        transition: A [..., states, states].
        entry: B [..., states].
        exit: C [..., states].
        direct: D [...].
        units: w of every biquad, [..., stages]; see `_cascade`.
    """

    transition: Tensor
    entry: Tensor
    exit: Tensor
    direct: Tensor
    units: Tensor


class _BlockMap(NamedTuple):
    """What a block of samples does.

    Attributes:
        toeplitz: H [..., BLOCK, BLOCK].
        from_state: O [..., BLOCK, states].
        into_state: V [..., BLOCK, states].
        transition: A^BLOCK [..., states, states].
    """

    toeplitz: Tensor
    from_state: Tensor
    into_state: Tensor
    transition: Tensor


def filter_cascade(x: Tensor, coefficients: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """The signal behind all biquads, with the dtype of `x`, and the states after its last sample.

    Shape: x [..., time], at least one sample; coefficients [..., stages, 5]; state [..., stages, 2], as returned.
    """
    system = _cascade(coefficients)
    blocks = _block_map(system)
    z1, z2 = state.detach().double().unbind(-1)
    start = torch.stack([z1, (z1 + z2) / system.units], -1).flatten(-2)
    y, starts = _Blocks.apply(x, start, *blocks)
    u1, u2 = _last_state(x, starts[..., -1, :], system, blocks).unflatten(-1, (-1, 2)).unbind(-1)
    return y, torch.stack([u1, system.units * u2 - u1], -1)


def _cascade(coefficients: Tensor) -> _Cascade:
    """The system of a cascade, biquad after biquad.

    One biquad in transposed direct form II is z[n + 1] = A z[n] + B x[n], y[n] = z1[n] + b0 x[n], where

        A = [[-a1, 1], [-a2, 0]],   B = [b1 - a1 b0, b2 - a2 b0].

    The powers of A lose digits at low frequencies, where its eigenvectors are nearly parallel. In the coordinates
    u = [z1, (z1 + z2) / w] with w^2 = 1 + a1 + a2, about the square of the angular frequency, A is nearly a rotation:

        A = [[-1 - a1, w], [-w, 1]],   B = [b1 - a1 b0, (b1 + b2 - (a1 + a2) b0) / w],   y = u1 + b0 x.

    w is a choice of unit, without influence on the output, and so not differentiated.
    """
    b0, b1, b2, a1, a2 = coefficients.double().unbind(-1)
    stages = coefficients.shape[-2]
    at_zero_hz = 1 + a1 + a2
    w = at_zero_hz.detach().clamp_min(SMALLEST_DENOMINATOR).sqrt()
    alone = torch.stack([-1 - a1, w, -at_zero_hz / w, torch.ones_like(w)], -1).unflatten(-1, (2, 1, 2))
    entry = torch.stack([b1 - a1 * b0, (b1 + b2 - (a1 + a2) * b0) / w], -1)
    gains = _gains_between(b0)
    # The state of stage i moves by itself, [i, :, i, :], and is driven by u1 of every stage j before it, [i, :, j, 0].
    one = torch.eye(stages, dtype=w.dtype, device=w.device)[:, None, :, None]
    driven = entry[..., :, :, None, None] * gains[..., :-1, None, 1:, None]
    transition = (one * alone + pad(driven, (0, 1))).flatten(-4, -3).flatten(-2)
    return _Cascade(
        transition=transition,
        entry=(entry * gains[..., :-1, :1]).flatten(-2),
        exit=pad(gains[..., -1, 1:, None], (0, 1)).flatten(-2),
        direct=gains[..., -1, 0],
        units=w,
    )


def _gains_between(b0: Tensor) -> Tensor:
    """How much of what enters at stage j arrives at the input of stage i without delay, [..., stages + 1, stages + 1].

    That is the product of b0 over the stages from j to i - 1, where the last i is the output; 0 where i < j. Inputs v
    that obey v[i] = b0[i - 1] v[i - 1] + e[i] are v = W e, with W the inverse of a matrix of two diagonals.
    """
    feed = torch.diag_embed(-b0, offset=-1)
    one = torch.eye(feed.shape[-1], dtype=b0.dtype, device=b0.device).expand_as(feed)
    return torch.linalg.solve_triangular(feed, one, upper=False, unitriangular=True)


def _block_map(system: _Cascade) -> _BlockMap:
    """H, O, V and A^N, by doubling: O and V of 2 n samples are those of n samples, and those times A^n."""
    powers = torch.stack([system.transition, system.transition.mT])
    responses = torch.stack([system.exit, system.entry]).unsqueeze(-2)  # of C by A, of B by its transpose
    while responses.shape[-2] < BLOCK:
        responses = torch.cat([responses, responses @ powers], -2)
        powers = powers @ powers
    from_state, into_state = responses
    tail = (from_state[..., :-1, :] @ system.entry.unsqueeze(-1)).squeeze(-1)
    impulse = torch.cat([system.direct.unsqueeze(-1), tail], -1)
    return _BlockMap(_toeplitz(impulse), from_state, into_state.flip(-2), powers[0])


def _toeplitz(impulse: Tensor) -> Tensor:
    """H[i, j] = h[i - j], zero above the diagonal."""
    length = impulse.shape[-1]
    return pad(impulse, (length - 1, 0)).unfold(-1, length, 1).flip(-1)


def _to_blocks(x: Tensor) -> Tensor:
    """[..., time] to [..., blocks, BLOCK] in float64, followed by silence."""
    return pad(x.double(), (0, -x.shape[-1] % BLOCK)).unflatten(-1, (-1, BLOCK))


def _carry(transition: Tensor, driven: Tensor, start: Tensor) -> Tensor:
    """u[k + 1] = transition u[k] + driven[k] from u[0] = start, at all k but the last: [..., blocks, states].

    Doubling: once u[k] sums the last d inputs, u[k] + transition^d u[k - d] sums the last 2 d.
    """
    u = torch.cat([start.unsqueeze(-2), driven[..., :-1, :]], -2)
    matrix, distance = transition.mT, 1
    while distance < u.shape[-2]:
        u[..., distance:, :].add_(u[..., :-distance, :] @ matrix)
        matrix, distance = matrix @ matrix, 2 * distance
    return u


@torch.no_grad()
def _last_state(x: Tensor, start: Tensor, system: _Cascade, blocks: _BlockMap) -> Tensor:
    """The state after the samples of the last block, of which there may be fewer than BLOCK."""
    samples = (x.shape[-1] - 1) % BLOCK + 1
    driven = (x[..., -samples:, None].double() * blocks.into_state[..., -samples:, :]).sum(-2)
    return (torch.linalg.matrix_power(system.transition, samples) @ start[..., None]).squeeze(-1) + driven


class _Blocks(torch.autograd.Function):
    """The signal from that of all blocks, and the states at which the blocks begin, which have no gradient.

    With g = dL/dy, and l[k] = dL/du[k] all told, over the blocks k,

        l[k] = O' g[k] + (A^N)' l[k + 1],   dL/dx[k] = H' g[k] + V' l[k + 1]       (' transposes),
        dL/dH = sum g[k] x[k]',   dL/dO = sum g[k] u[k]',   dL/dV = sum x[k] l[k + 1]',   dL/dA^N = sum l[k + 1] u[k]'.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        start: Tensor,
        toeplitz: Tensor,
        from_state: Tensor,
        into_state: Tensor,
        transition: Tensor,
    ) -> tuple[Tensor, Tensor]:
        blocks = _to_blocks(x)
        starts = _carry(transition, blocks @ into_state, start)
        y = blocks @ toeplitz.mT
        y += starts @ from_state.mT
        ctx.save_for_backward(x, toeplitz, from_state, into_state, transition, starts)
        ctx.mark_non_differentiable(starts)
        return y.flatten(-2)[..., : x.shape[-1]].to(x.dtype), starts

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        x, toeplitz, from_state, into_state, transition, starts = ctx.saved_tensors
        g = _to_blocks(dy)
        by_end = _carry(transition.mT, (g @ from_state).flip(-2), torch.zeros_like(starts[..., 0, :])).flip(-2)
        dx = None
        if ctx.needs_input_grad[0]:
            blocks = g @ toeplitz
            blocks += by_end @ into_state.mT
            dx = blocks.flatten(-2)[..., : x.shape[-1]].to(x.dtype)
        if not any(ctx.needs_input_grad[2:]):
            return dx, None, None, None, None, None
        blocks = _to_blocks(x)
        return dx, None, g.mT @ blocks, g.mT @ starts, blocks.mT @ by_end, by_end.mT @ starts
