"""The recursive kernels for float32 audio on a CPU, compiled by numba; differentiable through hand-written adjoints.

Rows are the lanes of vectors, time runs in blocks, groups of lanes run on as many threads as torch uses. Filters,
smoothers and sums are float64. See `cpu_strip` for the kernels, and `reference` for what they compute.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from diffmst.dsp.kernels import cpu_pack as pack
from diffmst.dsp.kernels import cpu_strip
from diffmst.dsp.kernels.cpu_chunked import ChunkedRun
from diffmst.dsp.kernels.cpu_chunks import cut
from diffmst.dsp.kernels.cpu_records import Memory
from diffmst.dsp.kernels.cpu_span import SpanRun, States, Strip, totals
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
    return is_compiled(cpu_strip.forward) and is_compiled(cpu_strip.backward)


def warm_up() -> None:
    """Compiles the kernels, or loads them from disk, by running them once."""
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
        strip = Strip(_optional(coefficients), _optional(dynamics), _optional(mixing), channels)
        state = _states(x, strip, filters, gain_db)
        rows = pack.flat_memory(x)
        keeps = any(ctx.needs_input_grad)
        runs = [(ChunkedRun if span.chunks > 1 else SpanRun)(strip, rows, span, keeps=keeps) for span in cut(*x.shape)]
        copies = _outputs(x, strip, runs[0].parts)
        for run in runs:
            state = run.forward(copies, state)
        if mixing is not None:
            for extra in copies[1:]:
                copies[0] += extra
        ctx.runs, ctx.carry = runs, _states(x, strip, None, None)
        ctx.save_for_backward(x, *(torch.from_numpy(values) for run in runs for values in run.kept))
        last = torch.from_numpy(state.filters), torch.from_numpy(state.gain)
        ctx.mark_non_differentiable(*last)
        return torch.from_numpy(copies[0]), *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, *saved = ctx.saved_tensors
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


def _numpy(values: Tensor) -> np.ndarray:
    return values.detach().double().numpy()


def _optional(values: Tensor | None) -> np.ndarray | None:
    return None if values is None else _numpy(values)


def _states(x: Tensor, strip: Strip, filters: Tensor | None, gain_db: Tensor | None) -> States:
    """The states to begin with, zero where None."""
    return States(
        np.zeros((*x.shape[:2], strip.stages, 2)) if filters is None else _numpy(filters),
        np.zeros(x.shape[:2]) if gain_db is None else _numpy(gain_db),
    )


def _outputs(x: Tensor, strip: Strip, parts: int) -> list[np.ndarray]:
    """Room for the rows, or buses of which several copies are summed afterwards, in a fixed order.

    So the result does not depend on which thread is first.
    """
    if strip.mixing is None:
        return [np.empty(x.shape, np.float32)] * parts
    shape = x.shape[0], strip.mixing.shape[-1], x.shape[-1]
    return [np.zeros(shape, np.float32) for _ in range(parts)]
