"""Convolution with long impulse responses: in one piece, and block by block."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn.functional import pad

SMALLEST_PARTITION, LARGEST_PARTITION = 256, 8192  # samples of one part of an impulse response
BLOCKS_AT_ONCE = 16  # whole blocks transformed together: enough to be quick, few enough to bound memory


def convolve(x: Tensor, impulse_response: Tensor) -> Tensor:
    """Causal convolution by FFT, cut to the length of x.

    Shape: x [..., time]; impulse_response [..., taps], leading axes broadcast; returns [..., time].

    >>> x = torch.tensor([1.0, 2.0, 3.0])
    >>> convolve(x, torch.tensor([0.0, 1.0])).round()
    tensor([0., 1., 2.])
    """
    time = x.shape[-1]
    taps = min(time, impulse_response.shape[-1])
    if taps == 0:
        return torch.zeros_like(x)
    size = next_fast_len(time + taps - 1, real=True)
    spectrum = torch.fft.rfft(x, size) * torch.fft.rfft(impulse_response[..., :taps], size)
    return torch.fft.irfft(spectrum, size)[..., :time]


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
