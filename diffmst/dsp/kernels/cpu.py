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
from diffmst.dsp.kernels.cpu_lanes import Lanes, assign
from diffmst.dsp.kernels.cpu_records import Memory, Settings, Signals, Sums
from diffmst.dsp.kernels.host import BLOCK, is_compiled
from diffmst.dsp.kernels.reference import StripState
from diffmst.dsp.kernels.threads import for_each

MOST_PARTS = 8  # copies of the buses, so that groups of the same item may run at the same time


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
        lanes = assign(x.shape[0], channels)
        settings = pack.pack_settings(lanes, coefficients, dynamics, mixing)
        state = pack.pack_memory(lanes, settings[0].stages, filters, gain_db)
        blocks = -(-x.shape[-1] // BLOCK) if any(ctx.needs_input_grad) else 0
        kept = pack.room_for_states(lanes, settings[0].stages, blocks)
        y = _run_forward(x, lanes, settings, state, kept)

        ctx.lanes, ctx.settings = lanes, settings
        ctx.stages = 0 if coefficients is None else coefficients.shape[-2]
        ctx.save_for_backward(x, *(torch.from_numpy(values) for values in kept))
        last = pack.unpack_memory(lanes, state, ctx.stages)
        ctx.mark_non_differentiable(*last)
        return y, *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, *saved = ctx.saved_tensors
        kept = Memory(*(values.numpy() for values in saved))
        sums = [pack.zero_sums(group) for group in ctx.settings]
        dx = x.new_empty(x.shape if ctx.needs_input_grad[0] else (0,))
        _run_backward(x, dy.contiguous(), dx, ctx.lanes, ctx.settings, kept, sums)
        gradients = (dx, *pack.unpack_sums(ctx.lanes, sums, ctx.stages))
        wanted = (gradient if need else None for gradient, need in zip(gradients, ctx.needs_input_grad, strict=False))
        return *wanted, None, None, None


def _run_forward(x: Tensor, lanes: Lanes, settings: list[Settings], state: list[Memory], kept: Memory) -> Tensor:
    """Rows or buses of a batch; `state` and `kept` are written.

    Groups that mix to the same buses run one after the other, or add to copies of them that are summed in a fixed
    order: the result does not depend on which thread is first.
    """
    batch, _, time = x.shape
    outputs = settings[0].outputs
    audio, offsets = pack.flat_memory(x)
    routes = pack.routes(lanes, offsets, time, outputs)
    parts = min(lanes.groups_per_item, max(1, MOST_PARTS // batch))
    if outputs < 0:
        copies = [np.empty(x.shape, np.float32)] * parts
    else:
        copies = [np.zeros((batch, outputs, time), np.float32) for _ in range(parts)]

    def run(task: tuple[int, range]) -> None:
        part, groups = task
        signals = Signals(audio, copies[part].reshape(-1), np.empty(0, np.float32))
        scratch = pack.scratch(settings[0].stages)
        for group in groups:
            keep = Memory(kept.filters[group], kept.gain[group])
            cpu_strip.forward(settings[group], routes[group], signals, state[group], keep, keep.gain.size > 0, scratch)

    for_each(run, _tasks(lanes, parts))
    if outputs >= 0:
        for extra in copies[1:]:
            copies[0] += extra
    return torch.from_numpy(copies[0])


def _tasks(lanes: Lanes, parts: int) -> list[tuple[int, range]]:
    """What may run at the same time: groups of one item, every `parts`-th of them, and the copy they add to."""
    return [
        (part, range(first + part, first + lanes.groups_per_item, parts))
        for first in range(0, lanes.groups, lanes.groups_per_item)
        for part in range(parts)
    ]


def _run_backward(
    x: Tensor, dy: Tensor, dx: Tensor, lanes: Lanes, settings: list[Settings], kept: Memory, sums: list[Sums]
) -> None:
    """Gradients of a batch: `dx`, unless it is of size zero, and `sums` are written."""
    audio, offsets = pack.flat_memory(x)
    routes = pack.routes(lanes, offsets, x.shape[-1], settings[0].outputs)
    signals = Signals(audio, dy.numpy().reshape(-1), dx.numpy().reshape(-1))

    def run(group: int) -> None:
        stages = settings[group].stages
        cpu_strip.backward(
            settings[group],
            routes[group],
            signals,
            dx.numel() > 0,
            pack.zero_memory(stages),
            Memory(kept.filters[group], kept.gain[group]),
            pack.zero_memory(stages),
            sums[group],
            pack.scratch(stages),
        )

    for_each(run, range(lanes.groups))
