"""Decoded audio kept on disk in blocks, within a limit: what was used longest ago goes first."""

from __future__ import annotations

import logging
import os
import secrets
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

BLOCK_S = 5.0
"""Length of a block. A window reads what it touches, so shorter blocks decode less, and make more files."""

_FOLDER = "blocks-1"
# Samples are 16 bits wide against the peak of their channel in the block, so rounding stays 98 dB under that peak: a
# quiet part is kept as well as a loud one, and silence takes no room.
_FULL_SCALE = 32_767
_HEADER = struct.Struct("<4sI2f")
_MAGIC = b"DMB1"
# A block that was used within the last minutes is not marked as used again.
_MARK_S = 300.0
# A process looks at what is there each time that it has written a share of the limit, and leaves room for 8 such.
_UNSEEN_SHARE, _KEPT_SHARE = 1 / 64, 7 / 8

_logger = logging.getLogger(__name__)


class BlockCache:
    """Blocks of samples by name. Several processes may share one; what is damaged counts as not there.

    What `store` hands back is what `load` will: the same samples come out whether a block was there or not.

    Args:
        folder: of the cache; made when something is written.
        limit_bytes: what the blocks may take in all; up to 8 processes that write at once stay below it.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder, self._limit_bytes = folder / _FOLDER, limit_bytes
        self._unseen_bytes = limit_bytes  # The first block that is written looks at what is there.
        self._writable = True

    def load(self, name: str, start: int, out: NDArray[np.float32]) -> bool:
        """Puts samples of a block, from one on, into `out` [channels, time]; false where there is no such block.

        What `out` holds beyond the end of the block is left as it is.
        """
        try:
            with self._place(name).open("rb") as file:
                header = _Header.read(file, len(out))
                if header is None:
                    return False
                _mark_as_used(file, self._place(name))
                for channel, row in enumerate(out):
                    header.read_channel(file, channel, start, row)
        except OSError:
            return False
        return True

    def store(self, name: str, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Keeps a block [1 or 2 channels, time]; returns its samples as they will be loaded.

        Where it cannot be written, as on a full disk, that is logged once and nothing is kept any more.
        """
        scales = (np.abs(samples).max(1, initial=0.0) / _FULL_SCALE).astype(np.float32)
        scales[scales < np.finfo(np.float32).tiny] = 0
        divisors = np.where(scales > 0, scales, 1)[:, None]
        rounded = np.clip(np.rint(samples / divisors), -_FULL_SCALE, _FULL_SCALE).astype(np.int16)
        rounded[scales == 0] = 0
        if self._writable:
            self._write(name, scales, rounded)
        return rounded * scales[:, None]

    def _write(self, name: str, scales: NDArray[np.float32], rounded: NDArray[np.int16]) -> None:
        data = _HEADER.pack(_MAGIC, rounded.shape[1], scales[0], scales[-1])
        data += b"".join(row.tobytes() for row, scale in zip(rounded, scales, strict=True) if scale)
        try:
            self._make_room(len(data))
            _write_atomically(self._place(name), data)
        except OSError as error:
            self._writable = False
            _logger.warning("%s: cannot be written (%s); decoded audio is not kept", self._folder, error.strerror)

    def _place(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _make_room(self, wanted_bytes: int) -> None:
        """From time to time removes what was used longest ago, until no more than a share of the limit is in use."""
        self._unseen_bytes += wanted_bytes
        if self._unseen_bytes <= self._limit_bytes * _UNSEEN_SHARE:
            return
        self._unseen_bytes = wanted_bytes
        kept = sorted(_files(self._folder))
        excess_bytes = sum(size for _, size, _ in kept) + wanted_bytes - self._limit_bytes * _KEPT_SHARE
        for _, size, path in kept:
            if excess_bytes <= 0:
                break
            Path(path).unlink(missing_ok=True)
            excess_bytes -= size


class _Header:
    """What a block holds: its length, and what 1 stands for in each channel; silent channels are left out."""

    def __init__(self, frames: int, scales: tuple[float, ...]) -> None:
        self._frames, self._scales = frames, scales

    @staticmethod
    def read(file: BinaryIO, channels: int) -> _Header | None:
        """From the beginning of a file; None where the file is not whole."""
        data = file.read(_HEADER.size)
        if len(data) < _HEADER.size:
            return None
        magic, frames, *scales = _HEADER.unpack(data)
        header = _Header(frames, tuple(scales[:channels]))
        whole = _HEADER.size + 2 * frames * sum(scale > 0 for scale in header._scales)
        return header if magic == _MAGIC and os.fstat(file.fileno()).st_size == whole else None

    def read_channel(self, file: BinaryIO, channel: int, start: int, row: NDArray[np.float32]) -> None:
        """Samples of a channel from `start` on."""
        count = max(0, min(len(row), self._frames - start))
        if not self._scales[channel]:
            row[:count] = 0
            return
        before = sum(scale > 0 for scale in self._scales[:channel])
        file.seek(_HEADER.size + 2 * (before * self._frames + start))
        samples = np.frombuffer(file.read(2 * count), np.int16)
        np.multiply(samples, np.float32(self._scales[channel]), out=row[:count], casting="unsafe")


def _mark_as_used(file: BinaryIO, path: Path) -> None:
    """As far as this user may: a block of somebody else's cache serves without."""
    if time.time() - os.fstat(file.fileno()).st_mtime > _MARK_S:
        with suppress(OSError):
            os.utime(path)


def _write_atomically(path: Path, data: bytes) -> None:
    """Not forced onto the disk: a block that a power cut leaves half-written is not whole, and is made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(6)}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _files(folder: Path) -> list[tuple[float, int, str]]:
    """Time of last use, size and path of all that lies in the folders of a folder, half-written files too."""
    found = []
    for below in os.scandir(folder) if folder.is_dir() else ():
        for entry in os.scandir(below.path) if below.is_dir() else ():
            try:
                status = entry.stat()
            except OSError:  # Another process was faster.
                continue
            found.append((status.st_mtime, status.st_size, entry.path))
    return found
