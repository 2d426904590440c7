"""Windows of audio files, read without reading the files: from decoded blocks, or by seeking."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import AudioReader, resampled_frames
from diffmst.data.block_cache import BLOCK_S, BlockCache
from diffmst.data.index import FileSummary, identity_of
from diffmst.errors import UserError


def read_windows(
    source: FileSummary, sample_rate: int, starts: Sequence[int], out: NDArray[np.float32], cache: BlockCache | None
) -> None:
    """Puts windows of a file into `out` [windows, channels, time]; silence where the file has not begun or has ended.

    With a cache, what has to be decoded or resampled is decoded in blocks and kept; the samples of a window are then
    the same whatever the cache held. Files that hold plain samples at the wanted rate are always read themselves.

    Args:
        source: of the file. As many channels are read as `out` has: the first, or both.
        starts: of the windows in samples at `sample_rate`; may lie before the beginning.

    Raises:
        UserError: the file has gone or has changed since it was indexed.
    """
    with ExitStack() as opened:
        reader: _Direct | _Blocks = _Direct(source, sample_rate, out.shape[1], opened)
        if cache and (source.compressed or source.info.sample_rate != sample_rate):
            reader = _Blocks(source, sample_rate, out.shape[1], cache, opened)
        total = resampled_frames(source.info.frames, source.info.sample_rate, sample_rate)
        for window in sorted(range(len(starts)), key=starts.__getitem__):
            first, last = np.clip([-starts[window], total - starts[window]], 0, out.shape[2])
            out[window, :, :first] = out[window, :, max(first, last) :] = 0
            if first < last:
                reader.read(int(starts[window] + first), out[window, :, first:last])


class _Direct:
    """A file that is opened when first needed, and read where it is asked for."""

    def __init__(self, source: FileSummary, sample_rate: int, channels: int, opened: ExitStack) -> None:
        self._source, self._sample_rate, self._channels, self._opened = source, sample_rate, channels, opened
        self._reader: AudioReader | None = None

    @property
    def reader(self) -> AudioReader:
        """The file, open."""
        if self._reader is None:
            _check_unchanged(self._source)
            self._reader = AudioReader(self._source.info.path, self._sample_rate, self._channels)
            self._opened.enter_context(self._reader)
        return self._reader

    def read(self, first: int, out: NDArray[np.float32]) -> None:
        """Samples from one on into `out` [channels, time]."""
        self.reader.seek(first)
        self.read_on(out)

    def read_on(self, out: NDArray[np.float32]) -> None:
        """The next samples into `out` [channels, time]; a file that was damaged from the beginning ends in silence."""
        frames = self.reader.read_into(out)
        out[:, frames:] = 0
        if frames < out.shape[1] and not self._source.info.truncated:
            raise UserError(
                f"{self._source.info.path}: holds less than when it was indexed; copy it again and start anew"
            )


class _Blocks:
    """A file by its decoded blocks."""

    def __init__(
        self, source: FileSummary, sample_rate: int, channels: int, cache: BlockCache, opened: ExitStack
    ) -> None:
        self._file = _Direct(source, sample_rate, channels, opened)
        self._cache, self._channels = cache, channels
        self._size = round(BLOCK_S * sample_rate)
        self._total = resampled_frames(source.info.frames, source.info.sample_rate, sample_rate)
        self._name = f"{source.identity}-{sample_rate}-{channels}"
        self._next = 0  # the block that would be read on, in a file in which one cannot jump

    def read(self, first: int, out: NDArray[np.float32]) -> None:
        """Samples from one on into `out` [channels, time]."""
        end = first + out.shape[1]
        for block in range(first // self._size, -(-end // self._size)):
            begin = max(first, block * self._size)
            part = out[:, begin - first : (block + 1) * self._size - first]
            if not self._cache.load(f"{self._name}-{block}", begin - block * self._size, part):
                offset = begin - block * self._size
                part[:] = self._made(block)[:, offset : offset + part.shape[1]]

    def _made(self, block: int) -> NDArray[np.float32]:
        """A block, decoded and kept; with all before it where the decoder has to pass them anyway."""
        if self._file.reader.jumps:
            self._file.reader.seek(block * self._size)
            return self._decoded(block)
        if block < self._next:
            self._file.reader.seek(0)
            self._next = 0
        while self._next < block:
            self._decoded(self._next)
            self._next += 1
        self._next += 1
        return self._decoded(block)

    def _decoded(self, block: int) -> NDArray[np.float32]:
        samples = np.empty((self._channels, min(self._size, self._total - block * self._size)), np.float32)
        self._file.read_on(samples)
        return self._cache.store(f"{self._name}-{block}", samples)


def _check_unchanged(source: FileSummary) -> None:
    path = source.info.path
    try:
        unchanged = identity_of(path) == source.identity
    except OSError:
        raise UserError(f"{path}: was there when it was indexed, and is gone; put it back and start anew") from None
    if not unchanged:
        raise UserError(f"{path}: has changed since it was indexed; start anew")
