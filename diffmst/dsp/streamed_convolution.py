"""Convolution with long impulse responses, block by block."""

from __future__ import annotations

import numpy as np
from numpy.fft import irfft, rfft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SMALLEST_PARTITION, LARGEST_PARTITION = 256, 16_384  # samples of one part of an impulse response
BLOCKS_AT_ONCE = 8  # whole blocks transformed together: enough to be quick, few enough to bound memory

Audio = NDArray[np.float32]
Spectra = NDArray[np.complex64]


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
        impulse_response: one for every channel of the stream.

    Shape: impulse_response [channels, taps].

    Raises:
        ValueError: if the impulse response is empty.

    >>> convolver = PartitionedConvolver(np.array([[1.0, 1.0]], np.float32))
    >>> convolver.process(np.array([[1.0, 2.0, 3.0]], np.float32)).round()
    array([[1., 3., 5.]], dtype=float32)
    """

    def __init__(self, impulse_response: Audio) -> None:
        channels, taps = impulse_response.shape
        if taps == 0:
            raise ValueError("an impulse response must have at least one tap, got 0")
        self._size = min(max(SMALLEST_PARTITION, 1 << (taps - 1).bit_length()), LARGEST_PARTITION)
        count = -(-taps // self._size)
        partitions = np.zeros((channels, count * self._size), np.float32)
        partitions[:, :taps] = impulse_response
        spectra = rfft(partitions.reshape(channels, count, self._size), 2 * self._size)
        self._partitions = np.moveaxis(spectra, 1, 0)
        self._spectra = np.zeros((channels, count - 1, self._size + 1), np.complex64)  # of past blocks, oldest first
        self._window = np.zeros((channels, 2 * self._size), np.float32)  # the last whole block, the one arriving
        self._arrived = 0  # samples of the block arriving
        self._older: Spectra | None = None  # what past blocks add to the block arriving

    def process(self, x: Audio) -> Audio:
        """The output for the next block of any size, as long as the block. Shape: [channels, time], as returned."""
        y, begin = np.empty(x.shape, np.float32), 0
        while left := x.shape[1] - begin:
            whole = min(left // self._size, BLOCKS_AT_ONCE)
            aligned = self._arrived == 0 and whole > 0
            end = begin + (whole * self._size if aligned else min(left, self._size - self._arrived))
            y[:, begin:end] = (self._whole_blocks if aligned else self._part_of_block)(x[:, begin:end])
            begin = end
        return y

    def _whole_blocks(self, x: Audio) -> Audio:
        """Output of blocks that have arrived whole."""
        size = self._size
        blocks = np.concatenate([self._window[:, :size], x], -1)
        spectra = np.concatenate(
            [self._spectra, rfft(sliding_window_view(blocks, 2 * size, axis=-1)[:, ::size])], 1, dtype=np.complex64
        )
        count = x.shape[1] // size
        total = self._convolved(spectra, count, newest=0)
        self._spectra = spectra[:, count:].copy()
        self._window[:, :size] = x[:, -size:]
        return irfft(total, 2 * size)[..., size:].reshape(x.shape).astype(np.float32, copy=False)

    def _part_of_block(self, x: Audio) -> Audio:
        """Output of some samples of the block arriving."""
        size, length = self._size, x.shape[1]
        begin = size + self._arrived
        self._window[:, begin : begin + length] = x
        self._arrived += length
        spectrum = rfft(self._window)
        if self._older is None:
            self._older = self._convolved(self._spectra, 1, newest=1)[:, 0]
        y = irfft(self._older + self._partitions[0] * spectrum, 2 * size)[:, begin : begin + length]
        if self._arrived == size:
            self._spectra = np.concatenate([self._spectra, spectrum[:, None]], 1, dtype=np.complex64)[:, 1:]
            self._window[:, :size] = self._window[:, size:]
            self._window[:, size:] = 0
            self._arrived, self._older = 0, None
        return y.astype(np.float32, copy=False)

    def _convolved(self, spectra: Spectra, count: int, newest: int) -> Spectra:
        """Spectra of `count` output blocks from the partitions `newest` and later; the input ends at partition 0."""
        total = np.zeros((spectra.shape[0], count, self._size + 1), np.complex64)
        product, last = np.empty_like(total), len(self._partitions) - 1
        for partition in range(newest, last + 1):
            begin = last - partition
            np.multiply(spectra[:, begin : begin + count], self._partitions[partition][:, None], out=product)
            total += product
        return total
