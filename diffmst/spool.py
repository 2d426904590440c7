"""A mix on its way through several passes, on disk: memory does not grow with its length."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from diffmst.outputs import write_errors

Audio = NDArray[np.float32]


class Spool:
    """Stereo audio on its way through several passes: a temporary file of float32 blocks beside the outputs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with write_errors(folder):
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 closed by __exit__
        self._blocks: list[int] = []
        self.frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk refuses the last buffer again; the file is gone all the same
            self._file.close()

    def append(self, block: Audio) -> None:
        """Adds a block [2, frames]."""
        with write_errors(self._folder):
            self._file.write(np.ascontiguousarray(block, np.float32).data)
            self._file.flush()
        self._blocks.append(block.shape[1])
        self.frames += block.shape[1]

    def __iter__(self) -> Iterator[Audio]:
        """The blocks, from the start."""
        self._file.seek(0)
        for frames in self._blocks:
            yield np.frombuffer(self._file.read(2 * 4 * frames), np.float32).reshape(2, frames)
