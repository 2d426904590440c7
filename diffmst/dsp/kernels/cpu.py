"""The kernels of `cpu_forward` for tensors: differentiable, through hand-written adjoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from diffmst.dsp.kernels import cpu_forward, cpu_strip
from diffmst.dsp.kernels.cpu_records import Memory
from diffmst.dsp.kernels.cpu_span import Strip, totals
from diffmst.dsp.kernels.host import BLOCK, is_compiled
from diffmst.dsp.kernels.reference import StripState


def equalize(x: Tensor, coefficients: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Biquads in cascade; see `reference.equalize`."""
    y, filters, _ = _Strip.apply(x, coefficients, None, None, (1,) * x.shape[1], state, None)
    return y, filters


def compress(
    x: Tensor, dynamics: Tensor, channels: tuple[int, ...], state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Feed-forward compressor; see `reference.compress`."""
    y, _, gain_db = _Strip.apply(x, None, dynamics, None, channels, None, state)
    return y, gain_db


def strip(
    x: Tensor,
    coefficients: Tensor,
    dynamics: Tensor,
    mixing: Tensor,
    channels: tuple[int, ...],
    state: StripState | None = None,
) -> tuple[Tensor, StripState]:
    """Equalizer, compressor, then every row added to the output buses; see `reference.strip`."""
    filters, gain_db = (None, None) if state is None else state
    buses, filters, gain_db = _Strip.apply(x, coefficients, dynamics, mixing, channels, filters, gain_db)
    return buses, StripState(filters, gain_db)


def is_warm() -> bool:
    """Whether the kernels are compiled already, in this process or on disk."""
    return cpu_forward.is_warm() and is_compiled(cpu_strip.backward)


def warm_up() -> None:
    """Compiles the kernels, or loads them from disk, by running them once."""
    cpu_forward.warm_up()
    x = torch.zeros(1, 1, BLOCK, requires_grad=True)
    with torch.enable_grad():
        y, _ = compress(x, torch.zeros(1, 1, 6, dtype=torch.float64), (1,))
        y.sum().backward()


class _Strip(Function):
    """A channel strip of which each of equalizer, compressor and mixer may be absent (None).

    Returns the rows, or the buses if there is a mixer, and the two parts of the state after the last sample.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        coefficients: Tensor | None,
        dynamics: Tensor | None,
        mixing: Tensor | None,
        channels: tuple[int, ...],
        filters: Tensor | None,
        gain_db: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        assert x.dtype == torch.float32, "`recurrence` sends other audio elsewhere"
        audio = x.detach().numpy()
        strip = Strip(_optional(coefficients), _optional(dynamics), _optional(mixing), channels)
        state = cpu_forward.states(audio, strip, _optional(filters), _optional(gain_db))
        y, after, runs = cpu_forward.run(audio, strip, state, keeps=any(ctx.needs_input_grad))
        ctx.runs, ctx.carry = runs, cpu_forward.states(audio, strip, None, None)
        kept = (torch.from_numpy(values) for run in runs for values in run.kept)
        # The settings only so that torch refuses the backward pass once they have been changed in place.
        ctx.save_for_backward(x, coefficients, dynamics, mixing, *kept)
        last = torch.from_numpy(after.filters), torch.from_numpy(after.gain)
        ctx.mark_non_differentiable(*last)
        return torch.from_numpy(y), *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, _, _, _, *saved = ctx.saved_tensors
        kept = [Memory(filters.numpy(), gain.numpy()) for filters, gain in zip(saved[::2], saved[1::2], strict=True)]
        dx = x.new_empty(x.shape if ctx.needs_input_grad[0] else (0,))
        audio = dy.contiguous().numpy().reshape(-1), dx.numpy().reshape(-1)
        carry, by_span = ctx.carry, []
        for run, states in zip(reversed(ctx.runs), reversed(kept), strict=True):
            carry, gradients = run.backward(states, *audio, carry)
            by_span.append(gradients)
        gradients = (dx, *map(torch.from_numpy, totals(by_span)))
        wanted = (gradient if need else None for gradient, need in zip(gradients, ctx.needs_input_grad, strict=False))
        return *wanted, None, None, None


def _optional(values: Tensor | None) -> np.ndarray | None:
    return None if values is None else values.detach().double().numpy()
