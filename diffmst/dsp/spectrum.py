"""Short-time spectra, reduced to what is compared, with gradients at the price of one more transform.

Autograd would keep and pass through every step between the frames and the few numbers made of them. Here the adjoint of
the whole is written out: the frames' spectra are scaled, transformed back, windowed, and overlap and add.
"""

from collections.abc import Callable
from math import log2
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

_NO_MAGNITUDE = 1e-20


def frame_size(sample_rate: int, seconds: float) -> int:
    """The power of two whose duration is nearest, in ratio, to that asked for, in samples."""
    return 2 ** round(log2(sample_rate * seconds))


def mean_magnitude(x: Tensor, size: int, hop: int) -> Tensor:
    """Mean over the frames of the magnitude spectrum; the gradient is zero where a magnitude is.

    Args:
        size: samples in a Hann-windowed frame, an even multiple of `hop`. Only whole frames count, but what is shorter
            than one frame is extended by silence.
        hop: samples from one frame to the next.

    Shape: x [rows, time]; returns [rows, bins], bins = size // 2 + 1.
    """
    magnitude: Tensor = _MeanMagnitude.apply(_at_least(x, size), _window(x, size), hop)
    return magnitude


def band_power(x: Tensor, size: int, hop: int, weights: Tensor) -> Tensor:
    """Power of two signals in bands, and their cross power (the real part of X_0 conj(X_1)), in every frame.

    Args:
        size: samples in a Hann-windowed frame; see `mean_magnitude`.
        hop: samples from one frame to the next.
        weights: of the bins in each band, not differentiated.

    Shape: x [2, time]; weights [bins, bands]; returns [3, frames, bands].
    """
    power: Tensor = _BandPower.apply(_at_least(x, size), _window(x, size), hop, weights)
    return power


def map_items(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply a function to each item along the first axis, and stack.

    Spectra of one item at a time stay in the processor's cache: two to three times as fast as all at once.
    """
    return torch.stack([function(item) for item in x])


def _at_least(x: Tensor, size: int) -> Tensor:
    return pad(x, (0, size - x.shape[-1])) if x.shape[-1] < size else x


def _window(x: Tensor, size: int) -> Tensor:
    return torch.hann_window(size, dtype=x.dtype, device=x.device)


def _spectra(x: Tensor, window: Tensor, hop: int) -> Tensor:
    return torch.fft.rfft(x.unfold(-1, len(window), hop) * window)


def _adjoint(half_gradient: Tensor, window: Tensor, hop: int, time: int) -> Tensor:
    """Gradient of the signal from half of that of `_spectra`, which is overwritten.

    With X_k = sum_n x_n exp(-2 pi i k n / N) and G_k = dL/dRe X_k + i dL/dIm X_k, dL/dx_n = Re sum_k G_k exp(+2 pi i k
    n / N): an unscaled inverse real transform, which counts every bin twice but the first and the last.
    """
    half_gradient[..., 0] *= 2
    half_gradient[..., -1] *= 2
    frames = torch.fft.irfft(half_gradient, n=len(window), norm="forward") * window
    pieces = frames.unflatten(-1, (-1, hop))
    count, overlap = pieces.shape[-3:-1]
    x = pieces.new_zeros(*pieces.shape[:-3], time)
    hops = x[..., : (count + overlap - 1) * hop].unflatten(-1, (-1, hop))
    for piece in range(overlap):
        hops[..., piece : piece + count, :] += pieces[..., piece, :]
    return x


class _MeanMagnitude(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, window: Tensor, hop: int) -> Tensor:  # noqa: ANN401
        spectra = _spectra(x, window, hop)
        # Faster than abs(), whose care for overflow audio does not need.
        magnitude = (spectra.real.square() + spectra.imag.square()).sqrt_()
        ctx.save_for_backward(spectra, magnitude, window)
        ctx.hop, ctx.time = hop, x.shape[-1]
        return magnitude.mean(-2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        spectra, magnitude, window = ctx.saved_tensors
        scale = gradient[..., None, :] / (2 * magnitude.shape[-2])
        # The gradient of |X| is X / |X|, and zero at zero: with this floor the quotient stays finite.
        slope = scale / magnitude.clamp(min=_NO_MAGNITUDE)
        return _adjoint(spectra * slope, window, ctx.hop, ctx.time), None, None


class _BandPower(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, window: Tensor, hop: int, weights: Tensor) -> Tensor:  # noqa: ANN401
        one, other = spectra = _spectra(x, window, hop)
        ctx.save_for_backward(spectra, window, weights)
        ctx.hop, ctx.time = hop, x.shape[-1]
        products = ((one, one), (other, other), (one, other))
        return torch.stack([(a.real * b.real + a.imag * b.imag) @ weights for a, b in products])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401
        (one, other), window, weights = ctx.saved_tensors
        # Half the gradients of A |X_0|^2 + B |X_1|^2 + C Re(X_0 conj X_1): A X_0 + C / 2 X_1, and B X_1 + C / 2 X_0.
        of_one, of_other, of_cross = gradient @ weights.T
        of_cross = of_cross / 2
        half_gradient = torch.stack([of_one * one + of_cross * other, of_other * other + of_cross * one])
        return _adjoint(half_gradient, window, ctx.hop, ctx.time), None, None, None
