"""The recursive kernels in plain torch: any device, float32 or float64 audio, differentiable.

No loop runs over the samples of a signal. A linear recurrence is cut into blocks; all blocks are solved at once from
a state of zero, the states at the block edges follow from a scan of logarithmic depth, and the blocks are corrected
by them. All arithmetic is float64: in float32 a 20 Hz bell loses half its digits.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from diffmst.dsp.kernels.reference import LEVEL_FLOOR, StripState

FILTER_BLOCK = 128  # samples of one Toeplitz product
SMALLEST_DENOMINATOR = 1e-12  # of a biquad at 0 Hz; a pole there would otherwise divide by zero
SMOOTHER_BLOCK = 256  # longest run of samples that the smoother takes one after the other, all blocks side by side
SMOOTHER_TOLERANCE_DB = 1e-12  # mismatch at a block edge that counts as none: rounding alone leaves 1e-14
SMALLEST_KNEE_DB = 1e-9  # divides in place of a narrower knee


def equalize(x: Tensor, coefficients: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Biquads in cascade; see `reference.equalize`."""
    if state is None:
        state = coefficients.new_zeros((*coefficients.shape[:-1], 2), dtype=torch.float64)
    if x.shape[-1] == 0:
        return x, state
    y, coefficients, final = x.double(), coefficients.double(), []
    for stage in range(coefficients.shape[-2]):
        y, z = _biquad(y, coefficients[..., stage, :], state[..., stage, :].detach())
        final.append(z.detach())
    return y.to(x.dtype), torch.stack(final, -2)


def compress(
    x: Tensor, dynamics: Tensor, channels: tuple[int, ...], state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Feed-forward compressor; see `reference.compress`."""
    if state is None:
        state = dynamics.new_zeros(dynamics.shape[:-1], dtype=torch.float64)
    if x.shape[-1] == 0:
        return x, state
    audio = x.double()
    threshold_db, slope, knee_db, attack, release, makeup_db = dynamics.double().unsqueeze(-2).unbind(-1)
    level_db = 20 * torch.log10(_linked_level(audio.abs(), channels).clamp_min(LEVEL_FLOOR))
    target_db = slope * soft_knee(level_db - threshold_db, knee_db)
    gain_db = _Smoother.apply(target_db, attack, release, state.detach().unsqueeze(-1))
    y = audio * torch.exp((gain_db + makeup_db) * (math.log(10) / 20))
    return y.to(x.dtype), gain_db[..., -1].detach().clone()


def strip(
    x: Tensor,
    coefficients: Tensor,
    dynamics: Tensor,
    mixing: Tensor,
    channels: tuple[int, ...],
    state: StripState | None = None,
) -> tuple[Tensor, StripState]:
    """Equalizer, compressor and mixing; see `reference.strip`."""
    filters, gain_db = (None, None) if state is None else state
    y, filters = equalize(x.double(), coefficients, filters)
    y, gain_db = compress(y, dynamics, channels, gain_db)
    buses = mixing.double().transpose(-1, -2) @ y
    return buses.to(x.dtype), StripState(filters, gain_db)


# Equalizer ------------------------------------------------------------------------------------------------------------
#
# One biquad in state space, z[n + 1] = A z[n] + B x[n], y[n] = z1[n] + b0 x[n], where
#
#     A = [[-a1, 1], [-a2, 0]],   B = [b1 - a1 b0, b2 - a2 b0].
#
# The powers of A lose digits at low frequencies, where its eigenvectors are nearly parallel. In the coordinates
# u = [z1, (z1 + z2) / w] with w^2 = 1 + a1 + a2, about the square of the angular frequency, A is nearly a rotation:
#
#     A = [[-1 - a1, w], [-w, 1]],   B = [b1 - a1 b0, (b1 + b2 - (a1 + a2) b0) / w],   y = u1 + b0 x.
#
# Over a block of N samples that begins in state u, with h the impulse response and H its Toeplitz matrix,
#
#     y = H x + O u,   O[n] = first row of A^n,   u' = A^N u + C x,   C[:, n] = A^(N - 1 - n) B.


def _biquad(x: Tensor, coefficients: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """One biquad: x [..., time], coefficients [..., 5], state [..., 2]; returns the output and the final state."""
    time = x.shape[-1]
    length = min(FILTER_BLOCK, time)
    count = -(-time // length)
    blocks = pad(x, (0, count * length - time)).unflatten(-1, (count, length))
    matrix, entry, w = _state_space(coefficients)
    powers = _powers(matrix, length)
    into_state = (powers[..., :length, :, :].flip(-3) @ entry[..., None, :, None]).squeeze(-1)
    from_state = powers[..., :length, 0, :]
    impulse = torch.cat([coefficients[..., :1], (from_state[..., :-1, :] * entry[..., None, :]).sum(-1)], -1)
    start = torch.stack([state[..., 0], state.sum(-1) / w], -1)
    starts = _carry(powers[..., length, :, :], blocks @ into_state, start)
    y = blocks @ _toeplitz(impulse).transpose(-1, -2) + starts @ from_state.transpose(-1, -2)
    # The last block holds `rest` samples, the others are padding: its final state is u' for N = rest.
    rest = time - (count - 1) * length
    driven = (blocks[..., -1, :rest, None] * into_state[..., length - rest :, :]).sum(-2)
    u1, u2 = ((powers[..., rest, :, :] @ starts[..., -1, :, None]).squeeze(-1) + driven).unbind(-1)
    return y.flatten(-2)[..., :time], torch.stack([u1, w * u2 - u1], -1)


def _state_space(coefficients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A [..., 2, 2], B [..., 2] and w [...] of a biquad; w is a choice of unit, without influence on the output."""
    b0, b1, b2, a1, a2 = coefficients.unbind(-1)
    at_zero_hz = 1 + a1 + a2
    w = at_zero_hz.detach().clamp_min(SMALLEST_DENOMINATOR).sqrt()
    matrix = torch.stack([-1 - a1, w, -at_zero_hz / w, torch.ones_like(w)], -1).unflatten(-1, (2, 2))
    entry = torch.stack([b1 - a1 * b0, (b1 + b2 - (a1 + a2) * b0) / w], -1)
    return matrix, entry, w


def _powers(matrix: Tensor, last: int) -> Tensor:
    """matrix^0 to matrix^last [..., last + 1, 2, 2], by doubling."""
    powers = torch.eye(2, dtype=matrix.dtype, device=matrix.device).expand_as(matrix).unsqueeze(-3)
    square = matrix.unsqueeze(-3)
    while powers.shape[-3] <= last:
        powers = torch.cat([powers, powers @ square], -3)
        square = square @ square
    return powers[..., : last + 1, :, :]


def _toeplitz(impulse: Tensor) -> Tensor:
    """H[i, j] = h[i - j], zero above the diagonal."""
    length = impulse.shape[-1]
    return pad(impulse, (length - 1, 0)).unfold(-1, length, 1).flip(-1)


def _carry(matrix: Tensor, driven: Tensor, state: Tensor) -> Tensor:
    """z[k] = matrix z[k - 1] + driven[k - 1] from z[0] = state, at all k: [..., blocks, 2].

    Doubling: once z[k] sums the last d inputs, z[k] + matrix^d z[k - d] sums the last 2 d.
    """
    z = torch.cat([state[..., None, :], driven[..., :-1, :]], -2)
    matrix, distance = matrix.transpose(-1, -2), 1
    while distance < z.shape[-2]:
        z = torch.cat([z[..., :distance, :], z[..., distance:, :] + z[..., :-distance, :] @ matrix], -2)
        matrix, distance = matrix @ matrix, 2 * distance
    return z


# Compressor -----------------------------------------------------------------------------------------------------------


def soft_knee(over_db: Tensor, knee_db: Tensor) -> Tensor:
    """Level above the threshold, with a quadratic transition of total width `knee_db`.

    With W the width and u = over / W + 1/2 clipped to [0, 1], the curve is W u^2 / 2 below over = W / 2 and
    W u^2 / 2 + over - W / 2 above it. Written so, its derivatives, u by the level and u (1 - u) / 2 by the width, are
    right for every width, a width of zero included.
    """
    u = (over_db / knee_db.clamp_min(SMALLEST_KNEE_DB) + 0.5).clamp(0, 1)
    return 0.5 * knee_db * u.square() + (over_db - 0.5 * knee_db).relu()


def _linked_level(magnitude: Tensor, channels: tuple[int, ...]) -> Tensor:
    """Every row's magnitude replaced by the largest of its track; equal ones share the gradient."""
    if all(count == 1 for count in channels):
        return magnitude
    partner: list[int] = []
    for count in channels:
        first = len(partner)
        partner.extend(reversed(range(first, first + count)))
    return torch.maximum(magnitude, magnitude[:, partner])


class _Smoother(torch.autograd.Function):
    """The branching one-pole s[n] = c s[n - 1] + (1 - c) g[n], c = attack if g[n] < s[n - 1] else release.

    The backward pass holds the branches, so the recurrence is linear: with l the adjoint of s,

        l[n] = dL/ds[n] + c[n + 1] l[n + 1],   dL/dg[n] = (1 - c[n]) l[n],   dL/dc[n] = (s[n - 1] - g[n]) l[n].
    """

    @staticmethod
    def forward(ctx: Any, target: Tensor, attack: Tensor, release: Tensor, start: Tensor) -> Tensor:
        smoothed = branching_one_pole(target, attack, release, start)
        ctx.save_for_backward(target, attack, release, start, smoothed)
        return smoothed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        target, attack, release, start, smoothed = ctx.saved_tensors
        before = torch.cat([start.expand_as(smoothed[..., :1]), smoothed[..., :-1]], -1)
        attacks = target < before
        coefficient = torch.where(attacks, attack, release)
        adjoint = _one_pole(pad(coefficient[..., 1:].flip(-1), (1, 0)), grad.flip(-1)).flip(-1)
        by_coefficient = adjoint * (before - target)
        in_attack = torch.where(attacks, by_coefficient, 0).sum(-1, keepdim=True)
        in_release = torch.where(attacks, 0, by_coefficient).sum(-1, keepdim=True)
        return adjoint * (1 - coefficient), in_attack, in_release, None


def branching_one_pole(target: Tensor, attack: Tensor, release: Tensor, start: Tensor) -> Tensor:
    """The branching one-pole over [..., time], all blocks at once.

    Let E_k map the state at the start of block k to the state at its end. The states S_k at the block edges solve
    S_(k+1) = E_k(S_k), S_0 = start, and are found by Newton's method: run the exact recurrence in all blocks from
    guessed S_k, with the slope D_k of E_k (the product of the coefficients met), then correct all guesses by

        d_(k+1) = D_k d_k + (E_k(S_k) - S_(k+1)),   d_0 = 0,

    a linear recurrence. It ends, and rightly: every round makes at least one more block exact, since block 0 starts
    from the true state, so `blocks` rounds are enough. It ends early: one step of the recurrence is an increasing
    function of the state, the smaller of two affine maps if the attack is faster than the release (else the larger),
    hence so is E_k: increasing and concave (convex), and piecewise affine. On such maps Newton's method is monotone
    after its first round and exact once every guess lies on the affine piece of the solution; a few rounds in practice.
    """
    columns, time = _to_columns(target)
    attack, release = attack.expand_as(columns[0]), release.expand_as(columns[0])
    starts = torch.cat([start.expand_as(columns[0, ..., :1]), columns.new_zeros(columns[0, ..., 1:].shape)], -1)
    smoothed = torch.empty_like(columns)
    for _ in range(columns.shape[-1]):
        slope = _branching_columns(columns, attack, release, starts, smoothed)
        mismatch = smoothed[-1, ..., :-1] - starts[..., 1:]
        if not (mismatch.abs() > SMOOTHER_TOLERANCE_DB).any():
            break
        starts[..., 1:] += _affine_scan(slope[..., :-1], mismatch)
    return _from_columns(smoothed, time)


def _branching_columns(columns: Tensor, attack: Tensor, release: Tensor, starts: Tensor, out: Tensor) -> Tensor:
    """Run the recurrence in all blocks from `starts` into `out`; returns the slopes of the blocks."""
    state, slope = starts, torch.ones_like(starts)
    for target, smoothed in zip(columns.unbind(), out.unbind(), strict=True):
        coefficient = torch.where(target < state, attack, release)
        slope = slope * coefficient
        state = torch.lerp(target, state, coefficient, out=smoothed)
    return slope


def _one_pole(coefficient: Tensor, drive: Tensor) -> Tensor:
    """s[n] = coefficient[n] s[n - 1] + drive[n] from zero, over [..., time]."""
    coefficients, time = _to_columns(coefficient)
    columns, _ = _to_columns(drive)
    response, decay = torch.empty_like(columns), torch.empty_like(columns)
    state, slope = torch.zeros_like(columns[0]), torch.ones_like(columns[0])
    for n, (c, u) in enumerate(zip(coefficients.unbind(), columns.unbind(), strict=True)):
        state = torch.addcmul(u, c, state, out=response[n])
        slope = torch.mul(slope, c, out=decay[n])
    ends = _affine_scan(slope, state)
    return _from_columns(response + decay * pad(ends[..., :-1], (1, 0)), time)


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


def _to_columns(x: Tensor) -> tuple[Tensor, int]:
    """[..., time] to [samples of a block, ..., blocks], contiguous, padded with zeros; and the time."""
    time = x.shape[-1]
    length = min(SMOOTHER_BLOCK, math.isqrt(time - 1) + 1)
    count = -(-time // length)
    return pad(x, (0, count * length - time)).unflatten(-1, (count, length)).movedim(-1, 0).contiguous(), time


def _from_columns(columns: Tensor, time: int) -> Tensor:
    """The inverse of `_to_columns`."""
    return columns.movedim(0, -1).flatten(-2)[..., :time]
