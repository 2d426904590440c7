"""Convolution with long impulse responses: in one piece, and block by block."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

SMALLEST_PARTITION, LARGEST_PARTITION = 256, 8192  # samples of one part of an impulse response
BLOCKS_AT_ONCE = 16  # whole blocks transformed together: enough to be quick, few enough to bound memory


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


def fast_length(least: int) -> int:
    """A length from `least` on that is quick to transform: 32 times a number without prime factors but 2, 3 and 5.

    Odd powers, which come nearest, take three times as long.

    >>> fast_length(97)
    128
    """
    blocks = -(-least // 32)
    most = blocks.bit_length()  # no exponent need be larger
    odd = [3**threes * 5**fives for threes in range(most) for fives in range(most)]
    return 32 * min(factor << max(0, -(-blocks // factor) - 1).bit_length() for factor in odd)


class PartitionedConvolver:
    """Convolution of a stream, block by block and without delay: uniformly partitioned overlap-save.

    The impulse response is cut into partitions of N samples, the stream into blocks of N samples. The spectrum of an
    output block is the sum over k of (partition k) x (input block k ago, with the block before it). Whole blocks are
    taken many at once; a block that has not arrived whole is transformed with zeros for its future, each time some of
    it arrives, while what older blocks add to it is computed once.

    The tail is had by feeding zeros.

    Args:
        impulse_response: one for every channel of the stream; its dtype and device are those of the computation.

    Shape: impulse_response [channels, taps].

    Raises:
        ValueError: if the impulse response is empty.
    """

    def __init__(self, impulse_response: Tensor) -> None:
        channels, taps = impulse_response.shape
        if taps == 0:
            raise ValueError("an impulse response must have at least one tap, got 0")
        self._size = min(max(SMALLEST_PARTITION, 1 << (taps - 1).bit_length()), LARGEST_PARTITION)
        count = -(-taps // self._size)
        partitions = pad(impulse_response.detach(), (0, count * self._size - taps)).unflatten(-1, (count, self._size))
        self._partitions = torch.fft.rfft(partitions, 2 * self._size).movedim(1, 0)
        self._spectra = self._partitions.new_zeros(channels, count - 1, self._size + 1)  # of past blocks, oldest first
        self._window = impulse_response.new_zeros(channels, 2 * self._size)  # the last whole block, the one arriving
        self._arrived = 0  # samples of the block arriving
        self._older: Tensor | None = None  # spectrum that past blocks add to the block arriving

    def process(self, x: Tensor) -> Tensor:
        """The output for the next block of any size, as long as the block. Shape: [channels, time], as returned."""
        parts, rest = [x[:, :0]], x
        while rest.shape[-1]:
            whole = min(rest.shape[-1] // self._size, BLOCKS_AT_ONCE)
            aligned = self._arrived == 0 and whole > 0
            length = whole * self._size if aligned else min(rest.shape[-1], self._size - self._arrived)
            samples, rest = rest[:, :length].to(self._window), rest[:, length:]
            parts.append((self._whole_blocks(samples) if aligned else self._part_of_block(samples)).to(x.dtype))
        return torch.cat(parts, -1)

    def _whole_blocks(self, x: Tensor) -> Tensor:
        """Output of blocks that have arrived whole."""
        size = self._size
        blocks = torch.cat([self._window[:, :size], x], -1)
        spectra = torch.cat([self._spectra, torch.fft.rfft(blocks.unfold(-1, 2 * size, size))], 1)
        count = x.shape[-1] // size
        total = self._convolved(spectra, count, newest=0)
        self._spectra = spectra[:, count:]
        self._window[:, :size] = x[:, -size:]
        return torch.fft.irfft(total, 2 * size)[..., size:].flatten(1)

    def _part_of_block(self, x: Tensor) -> Tensor:
        """Output of some samples of the block arriving."""
        size, length = self._size, x.shape[-1]
        begin = size + self._arrived
        self._window[:, begin : begin + length] = x
        self._arrived += length
        spectrum = torch.fft.rfft(self._window)
        if self._older is None:
            self._older = self._convolved(self._spectra, 1, newest=1)[:, 0]
        y = torch.fft.irfft(self._older + self._partitions[0] * spectrum, 2 * size)[:, begin : begin + length]
        if self._arrived == size:
            self._spectra = torch.cat([self._spectra, spectrum[:, None]], 1)[:, 1:]
            self._window = torch.cat([self._window[:, size:], torch.zeros_like(x[:, :1]).expand(-1, size)], -1)
            self._arrived, self._older = 0, None
        return y

    def _convolved(self, spectra: Tensor, count: int, newest: int) -> Tensor:
        """Spectra of `count` output blocks from the partitions `newest` and later; the input ends at partition 0."""
        total = spectra.new_zeros(spectra.shape[0], count, self._size + 1)
        last = len(self._partitions) - 1
        for partition in range(newest, last + 1):
            begin = last - partition
            total.addcmul_(spectra[:, begin : begin + count], self._partitions[partition][:, None])
        return total
