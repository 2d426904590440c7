"""Convolution with long impulse responses in one piece, differentiable."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffmst.dsp.streamed_convolution import fast_length


def convolve(x: Tensor, impulse_response: Tensor) -> Tensor:
    """Causal convolution by FFT, cut to the length of x.

    Shape: x [..., time]; impulse_response [..., taps], leading axes broadcast; returns [..., time].

    >>> x = torch.tensor([1.0, 2.0, 3.0])
    >>> convolve(x, torch.tensor([1.0, 1.0])).round()
    tensor([1., 3., 5.])
    """
    time = x.shape[-1]
    taps = min(time, impulse_response.shape[-1])
    if taps == 0:
        return torch.zeros_like(x)
    return _Convolution.apply(x, impulse_response[..., :taps], fast_length(time + taps - 1))


class _Convolution(torch.autograd.Function):
    """y = irfft(rfft(x) rfft(h)), whose adjoints are correlations: real transforms only, of which two are saved.

    Torch would differentiate a real transform by a complex one of twice the work.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, h: Tensor, size: int) -> Tensor:  # noqa: ANN401
        spectrum_x, spectrum_h = torch.fft.rfft(x, size), torch.fft.rfft(h, size)
        ctx.save_for_backward(spectrum_x, spectrum_h)
        ctx.size, ctx.shapes = size, (x.shape, h.shape)
        return torch.fft.irfft(spectrum_x * spectrum_h, size)[..., : x.shape[-1]]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, None]:  # noqa: ANN401
        spectra, spectrum = ctx.saved_tensors, torch.fft.rfft(dy, ctx.size)
        gradients = [
            torch.fft.irfft(_summed_to(other.conj() * spectrum, shape), ctx.size)[..., : shape[-1]] if needed else None
            for other, shape, needed in zip(reversed(spectra), ctx.shapes, ctx.needs_input_grad[:2], strict=True)
        ]
        return gradients[0], gradients[1], None


def _summed_to(spectrum: Tensor, shape: torch.Size) -> Tensor:
    """The spectrum summed over leading axes along which a signal of the given shape was broadcast."""
    return spectrum.sum_to_size(*shape[:-1], spectrum.shape[-1])
