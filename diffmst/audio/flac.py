"""FLAC: in memory, for pages that carry their sound with them, and on disk, for what is kept."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from diffmst.audio.reading import AudioReader
from diffmst.outputs import AtomicFile, write_errors

_BLOCK_FRAMES = 1 << 16
_FULL_SCALE = 1 << 23


def flac_bytes(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    """A FLAC file of 16-bit samples, lossless.

    Shape: samples [channels, time].
    """
    file = io.BytesIO()
    soundfile.write(file, np.ascontiguousarray(samples.T), sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def copy_as_flac(source: Path, target: Path) -> None:
    """A copy of an audio file in 24 bits, lossless but for what exceeds full scale; folders are made.

    Raises:
        UserError: the one cannot be read or the other not written.
    """
    with AudioReader(source) as reader:
        write_flac(target, reader.blocks(_BLOCK_FRAMES), reader.sample_rate, reader.channels)


def write_flac(target: Path, blocks: Iterable[NDArray[np.float32]], sample_rate: int, channels: int) -> None:
    """A file of 24 bits: values are rounded to the nearest step, what exceeds full scale is clipped; folders are made.

    Shape: each block [channels, time].

    Raises:
        UserError: it cannot be written.
    """
    with write_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with AtomicFile(target) as file:
        watched = _Watched(file)
        try:
            _write(watched, blocks, sample_rate, channels)
        finally:
            if watched.error:
                raise watched.error


def _write(file: _Watched, blocks: Iterable[NDArray[np.float32]], sample_rate: int, channels: int) -> None:
    with soundfile.SoundFile(file, "w", sample_rate, channels, format="FLAC", subtype="PCM_24") as copy:
        for block in blocks:
            # As integers: the library would scale floats by 2 ** 23 - 1, and read them back by 2 ** 23.
            steps = np.clip(np.rint(block.T.astype(np.float64) * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
            copy.write(steps.astype(np.int32) << 8)


class _Watched:
    """A file that libsndfile writes to: what goes wrong is remembered, as exceptions do not come through its C code.

    Attributes:
        error: the first.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """As of any file; nothing once it has failed."""
        try:
            return 0 if self.error else self._file.write(data)
        except OSError as error:
            self.error = error
            return 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()
