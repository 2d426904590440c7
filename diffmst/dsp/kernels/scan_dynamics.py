"""The compressor in plain torch, all but the smoothing of its gain, forward and backward."""

from __future__ import annotations

import math
import os
from functools import cache
from importlib.util import find_spec
from shutil import which
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffmst.dsp.kernels import scan_smoother
from diffmst.dsp.kernels.reference import LEVEL_FLOOR
from diffmst.dsp.kernels.scan_smoother import from_columns, to_columns

SMALLEST_KNEE_DB = 1e-9  # divides in place of a narrower knee
_NEPER_PER_DB = math.log(10) / 20


def soft_knee(over_db: Tensor, knee_db: Tensor) -> Tensor:
    """Level above the threshold, with a quadratic transition of total width `knee_db`.

    With W the width and u = over / W + 1/2 clipped to [0, 1], the curve is W u^2 / 2 below over = W / 2 and
    W u^2 / 2 + over - W / 2 above it. Written so, its derivatives, u by the level and u (1 - u) / 2 by the width, are
    right for every width, a width of zero included.
    """
    u = _position_in_knee(over_db, knee_db)
    return 0.5 * knee_db * u.square() + (over_db - 0.5 * knee_db).relu()


def compress_rows(x: Tensor, dynamics: Tensor, channels: tuple[int, ...], start: Tensor) -> tuple[Tensor, Tensor]:
    """The compressed signal, with the dtype of `x`, and its gain in dB after the last sample; see `reference.compress`.

    Shape: x [batch, rows, time], at least one sample; dynamics [batch, rows, 6]; start [batch, rows], as returned.
    """
    y, gain_db = _Compressor.apply(x, dynamics, start, _partners(channels, x.device))
    return y, gain_db


class _Compressor(torch.autograd.Function):
    """Returns the signal, and the gain in dB after its last sample, which has no gradient.

    With level x in dB, threshold T, slope k, knee W and makeup m: target g = k knee(x - T, W), smoothed s, output gain
    exp((s + m) ln(10) / 20). All is done in the columns of the smoother.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, dynamics: Tensor, start: Tensor, partner: Tensor) -> tuple[Tensor, Tensor]:
        threshold_db, slope, knee_db, attack, release, makeup_db = _controls(dynamics)
        columns, time = to_columns(x), x.shape[-1]
        target_db = slope * soft_knee(_level_db(columns, partner) - threshold_db, knee_db)
        gain_db = _smoother(x.device.type).smooth(target_db, attack, release, start.unsqueeze(-1))
        ctx.save_for_backward(columns, dynamics, start, partner, gain_db)
        ctx.time = time
        last = gain_db[(time - 1) % len(gain_db), ..., (time - 1) // len(gain_db)].clone()
        ctx.mark_non_differentiable(last)
        return from_columns((columns * _amplitude(gain_db + makeup_db)).to(x.dtype), time), last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        x, dynamics, start, partner, gain_db = ctx.saved_tensors
        threshold_db, slope, knee_db, attack, release, makeup_db = _controls(dynamics)
        through_gain = _amplitude(gain_db + makeup_db).mul_(to_columns(dy))  # dL/dx, the gain held
        by_gain_db = (through_gain * x).mul_(_NEPER_PER_DB)
        by_makeup = _total(by_gain_db)
        over_db = _level_db(x, partner).sub_(threshold_db)
        target_db = soft_knee(over_db, knee_db).mul_(slope)
        adjoint = _smoother(x.device.type).adjoint
        by_target, *by_ballistics = adjoint(by_gain_db, target_db, gain_db, attack, release, start.unsqueeze(-1))
        del by_gain_db, target_db
        by_slope = _total(soft_knee(over_db, knee_db).mul_(by_target))
        u = _position_in_knee(over_db, knee_db)
        by_over = by_target.mul_(slope).mul_(u)
        by_knee = _total(by_over * (1 - u)) / 2
        by_dynamics = torch.cat([-_total(by_over), by_slope, by_knee, *by_ballistics, by_makeup], -1)
        dx = None
        if ctx.needs_input_grad[0]:
            through_level = _level_adjoint(by_over, x, partner)
            dx = from_columns(through_gain.add_(through_level).to(x.dtype), ctx.time)
        return dx, by_dynamics.to(dynamics.dtype), None, None


@cache
def _partners(channels: tuple[int, ...], device: torch.device) -> Tensor:
    """The row that shares the level of each row: the other channel of its track, or itself; [rows]."""
    partner: list[int] = []
    for count in channels:
        partner.extend(reversed(range(len(partner), len(partner) + count)))
    return torch.tensor(partner, device=device)


@cache
def _smoother(device: str) -> ModuleType:
    """The smoother for a type of device: Triton's where it comes with torch, as it does for CUDA on Linux.

    Triton builds what launches its kernels with a C compiler; without one, plain torch is slower but works.
    """
    compiler = os.environ.get("CC") or which("gcc") or which("clang")
    if device == "cuda" and find_spec("triton") is not None and compiler:
        from diffmst.dsp.kernels import triton_smoother

        return triton_smoother
    return scan_smoother


def _controls(dynamics: Tensor) -> tuple[Tensor, ...]:
    """Six of [batch, rows, 1]; see `reference.compress`."""
    return dynamics.double().unsqueeze(-2).unbind(-1)


def _position_in_knee(over_db: Tensor, knee_db: Tensor) -> Tensor:
    return (over_db / knee_db.clamp_min(SMALLEST_KNEE_DB)).add(0.5).clamp(0, 1)


def _level_db(x: Tensor, partner: Tensor) -> Tensor:
    """Level of the louder channel of the track of every row."""
    magnitude = x.abs().double()
    level = torch.maximum(magnitude, magnitude[..., partner, :])
    return level.clamp_min_(LEVEL_FLOOR).log10_().mul_(20)


def _level_adjoint(by_level_db: Tensor, x: Tensor, partner: Tensor) -> Tensor:
    """Gradient of x from that of `_level_db`; channels of one magnitude share it equally."""
    magnitude = x.abs()
    other = magnitude[..., partner, :]
    share = (magnitude > other).double().add_(magnitude == other, alpha=0.5)  # a mono row is its own partner
    both = by_level_db + by_level_db[..., partner, :]
    level = torch.maximum(magnitude, other)
    both.masked_fill_(level < LEVEL_FLOOR, 0)
    return both.mul_(share).mul_(x.sign()).div_(level.clamp_min_(LEVEL_FLOOR)).div_(_NEPER_PER_DB)


def _amplitude(db: Tensor) -> Tensor:
    return (db * _NEPER_PER_DB).exp_()


def _total(columns: Tensor) -> Tensor:
    """Sum over the samples of every row, [batch, rows, 1]."""
    return columns.sum((0, -1)).unsqueeze(-1)
