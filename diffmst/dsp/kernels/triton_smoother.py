"""The branching one-pole of the compressor in Triton; the method is that of `scan_smoother`.

A lane is one block of one row, a program is a group of lanes, and time runs inside. So a round of Newton's method is
two launches, one that runs all blocks and one that corrects the states they begin with, where plain torch needs several
for every sample of a block. Lanes that are neighbours read neighbours in memory, and blocks are so short that there are
enough lanes to hide the wait for it: 110,000 for 16 rows of 10 s. All is float64.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.kernels.scan_smoother import TOLERANCE_DB, states_at_starts

LANES = tl.constexpr(128)  # of a program
TOLERANCE = tl.constexpr(TOLERANCE_DB)
TILES = 128, 1024  # blocks of a row that are corrected at once, at least and at most
SIZES = ("length", "blocks", "lanes")  # compiled once for all


def smooth(target: Tensor, attack: Tensor, release: Tensor, start: Tensor) -> Tensor:
    """The smoothed target; see `scan_smoother.smooth`. Columns must be contiguous, here and in `adjoint`."""
    blocks = target.shape[-1]
    starts = pad(start, (0, blocks - 1)).contiguous()
    ends, slopes, smoothed = torch.empty_like(starts), torch.empty_like(starts), torch.empty_like(target)
    settings = attack.contiguous(), release.contiguous()
    sizes = len(target), blocks, starts.numel()
    with torch.cuda.device_of(target):
        for _ in range(blocks):
            _smooth_blocks[_programs(starts)](target, *settings, starts, smoothed, ends, slopes, *sizes)
            if not _correct(starts, ends, slopes).any():
                break
    return smoothed


def adjoint(
    grad: Tensor, target: Tensor, smoothed: Tensor, attack: Tensor, release: Tensor, start: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the target, the attack and the release; see `scan_smoother.adjoint`.

    What a block passes to the one before it is affine in what it receives, so one correction makes all blocks exact.
    """
    before = torch.cat([states_at_starts(smoothed, start).unsqueeze(0), smoothed[:-1]])
    by_target, starts = torch.empty_like(grad), torch.zeros_like(grad[0])
    ends, slopes, in_attack, in_release = (torch.empty_like(starts) for _ in range(4))
    results = by_target, in_attack, in_release
    settings = attack.contiguous(), release.contiguous()
    sizes = len(grad), grad.shape[-1], starts.numel()

    def run() -> None:
        _adjoint_blocks[_programs(starts)](grad, target, before, *settings, starts, *results, ends, slopes, *sizes)

    with torch.cuda.device_of(grad):
        run()
        _correct(starts, ends, slopes)
        run()
    return by_target, in_attack.sum(-1, keepdim=True), in_release.sum(-1, keepdim=True)


def _programs(starts: Tensor) -> tuple[int]:
    return (triton.cdiv(starts.numel(), LANES.value),)


def _correct(starts: Tensor, ends: Tensor, slopes: Tensor) -> Tensor:
    """Correct the states that the blocks begin with; the number of those that were wrong, per row."""
    blocks = starts.shape[-1]
    rows = starts.numel() // blocks
    wrong = torch.empty(rows, dtype=torch.int32, device=starts.device)
    tile = min(max(triton.next_power_of_2(blocks), TILES[0]), TILES[1])
    _correct_starts[(rows,)](starts, ends, slopes, wrong, blocks, tile)
    return wrong


@triton.jit(do_not_specialize=SIZES)
def _smooth_blocks(target, attack, release, starts, smoothed, ends, slopes, length, blocks, lanes):
    """Run the recurrence in all blocks; writes what comes out, and the ends and the slopes of the blocks.

    Shape: target and smoothed [length, lanes]; attack and release [lanes / blocks]; the others [lanes].
    """
    lane = tl.program_id(0) * LANES + tl.arange(0, LANES)
    inside = lane < lanes
    falling = tl.load(attack + lane // blocks, mask=inside, other=0.0)
    rising = tl.load(release + lane // blocks, mask=inside, other=0.0)
    state = tl.load(starts + lane, mask=inside, other=0.0)
    slope = tl.full([LANES], 1.0, tl.float64)
    target += lane
    smoothed += lane
    for _ in range(length):
        goal = tl.load(target, mask=inside, other=0.0)
        coefficient = tl.where(goal < state, falling, rising)
        state = goal + coefficient * (state - goal)
        slope *= coefficient
        tl.store(smoothed, state, mask=inside)
        target += lanes
        smoothed += lanes
    tl.store(ends + lane, state, mask=inside)
    tl.store(slopes + lane, slope, mask=inside)


@triton.jit(do_not_specialize=SIZES)
def _adjoint_blocks(
    grad, target, before, attack, release, starts, by_target, in_attack, in_release, ends, slopes, length, blocks, lanes
):
    """Run the adjoint in all blocks, from their last sample to their first.

    Shape: grad, target, before (the state before every sample) and by_target [length, lanes]; attack and release
        [lanes / blocks]; the others [lanes], where starts, ends and slopes have the blocks of a row in reverse order.
    """
    lane = tl.program_id(0) * LANES + tl.arange(0, LANES)
    inside = lane < lanes
    falling = tl.load(attack + lane // blocks, mask=inside, other=0.0)
    rising = tl.load(release + lane // blocks, mask=inside, other=0.0)
    arriving = tl.load(starts + lane, mask=inside, other=0.0)
    slope = tl.full([LANES], 1.0, tl.float64)
    by_falling = tl.zeros([LANES], tl.float64)
    by_rising = tl.zeros([LANES], tl.float64)
    block = lane % blocks
    column = lane + (blocks - 1 - 2 * block)
    offset = column + (length - 1).to(tl.int64) * lanes
    for _ in range(length):
        drop = tl.load(before + offset, mask=inside, other=0.0) - tl.load(target + offset, mask=inside, other=0.0)
        along = tl.load(grad + offset, mask=inside, other=0.0) + arriving
        coefficient = tl.where(drop > 0, falling, rising)
        tl.store(by_target + offset, along * (1 - coefficient), mask=inside)
        by_falling += tl.where(drop > 0, along * drop, 0.0)
        by_rising += tl.where(drop > 0, 0.0, along * drop)
        arriving = coefficient * along
        slope *= coefficient
        offset -= lanes
    tl.store(ends + lane, arriving, mask=inside)
    tl.store(slopes + lane, slope, mask=inside)
    tl.store(in_attack + column, by_falling, mask=inside)
    tl.store(in_release + column, by_rising, mask=inside)


@triton.jit
def _then(slope, offset, next_slope, next_offset):
    """One affine map, and another after it."""
    return slope * next_slope, offset * next_slope + next_offset


@triton.jit(do_not_specialize=["blocks"])
def _correct_starts(starts, ends, slopes, wrong, blocks, tile: tl.constexpr):
    """One step of Newton's method on the starts of the blocks of a row, and the number that were wrong.

    d[k] = slopes[k - 1] d[k - 1] + ends[k - 1] - starts[k], d[0] = 0, is added to starts[k].

    Shape: starts, ends and slopes [rows, blocks]; wrong [rows].
    """
    row = tl.program_id(0)
    starts += row.to(tl.int64) * blocks
    ends += row.to(tl.int64) * blocks
    slopes += row.to(tl.int64) * blocks
    within = tl.arange(0, tile)
    arriving = tl.zeros([], tl.float64)
    count = tl.zeros([], tl.int32)
    for first in range(1, blocks, tile):
        block = first + within
        inside = block < blocks
        start = tl.load(starts + block, mask=inside, other=0.0)
        mismatch = tl.load(ends + block - 1, mask=inside, other=0.0) - start
        slope = tl.load(slopes + block - 1, mask=inside, other=0.0)
        count += tl.sum((inside & (tl.abs(mismatch) > TOLERANCE)).to(tl.int32))
        slope, offset = tl.associative_scan((slope, tl.where(inside, mismatch, 0.0)), 0, _then)
        correction = slope * arriving + offset
        tl.store(starts + block, start + correction, mask=inside)
        arriving = tl.sum(tl.where(within == tile - 1, correction, 0.0))
    tl.store(wrong + row, count)
