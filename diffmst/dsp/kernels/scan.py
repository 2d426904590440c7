"""The recursive kernels in plain torch: any device that knows float64, float32 or float64 audio, differentiable.

No loop runs over the samples of a signal. A recurrence is cut into blocks that are solved all at once, and the states
at the block edges follow from a scan of logarithmic depth: see `scan_filters` and `scan_smoother`. All arithmetic is
float64: in float32 a 20 Hz bell loses half its digits. Audio is rounded to its own dtype behind each of equalizer,
compressor and mixer, and only such audio and the compressor's gain are kept for the backward pass.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffmst.dsp.kernels.reference import StripState
from diffmst.dsp.kernels.scan_dynamics import compress_rows
from diffmst.dsp.kernels.scan_filters import filter_cascade


def equalize(x: Tensor, coefficients: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Biquads in cascade; see `reference.equalize`."""
    if state is None:
        state = coefficients.new_zeros((*coefficients.shape[:-1], 2), dtype=torch.float64)
    if x.shape[-1] == 0:
        return x, state
    return filter_cascade(x, coefficients, state.detach())


def compress(
    x: Tensor, dynamics: Tensor, channels: tuple[int, ...], state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Feed-forward compressor; see `reference.compress`."""
    if state is None:
        state = dynamics.new_zeros(dynamics.shape[:-1], dtype=torch.float64)
    if x.shape[-1] == 0:
        return x, state
    return compress_rows(x, dynamics, channels, state.detach())


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
    y, filters = equalize(x, coefficients, filters)
    y, gain_db = compress(y, dynamics, channels, gain_db)
    return _Mixer.apply(y, mixing), StripState(filters, gain_db)


class _Mixer(torch.autograd.Function):
    """The buses of rows x [batch, rows, time] by mixing [batch, rows, outputs]; keeps x in its own dtype."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mixing: Tensor) -> Tensor:
        ctx.save_for_backward(x, mixing)
        return (mixing.double().mT @ x.double()).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, mixing = ctx.saved_tensors
        dy, dx, by_mixing = dy.double(), None, None
        if ctx.needs_input_grad[0]:
            dx = (mixing.double() @ dy).to(x.dtype)
        if ctx.needs_input_grad[1]:
            by_mixing = (x.double() @ dy.mT).to(mixing.dtype)
        return dx, by_mixing
