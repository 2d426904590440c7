"""Decoded audio in the cache of a session: written once, from front to back, and read from any point.

One file holds all rows of a source: a header of 4 kB (JSON), the samples in blocks of `BLOCK_FRAMES`, each block
planar [rows, frames] in float32 little endian and the last one filled up with zeros, and then the peaks [hops, rows, 3]
(lowest, highest, root mean square of `HOP_FRAMES`). So a source of any length is written without knowing its length,
and a block is read by one look into the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.outputs import AtomicFile, write_errors

Audio = NDArray[np.float32]

BLOCK_FRAMES = 16_384
HOP_FRAMES = 512
_HEADER_BYTES = 4_096
_SUFFIX = ".pcm"
_VERSION = 1


class PcmInfo(NamedTuple):
    """What the header says.

    Attributes:
        channels: of every track; for a reference or a mix one track.
        frames: samples of every row.
        sample_rate: hertz.
        key: whatever tells that it is up to date, such as checksums of what it was made from.
    """

    channels: tuple[int, ...]
    frames: int
    sample_rate: int
    key: str

    @property
    def rows(self) -> int:
        """All channels, track by track."""
        return sum(self.channels)

    @property
    def file_bytes(self) -> int:
        """Of the whole file."""
        blocks, hops = -(-self.frames // BLOCK_FRAMES), -(-self.frames // HOP_FRAMES)
        return _HEADER_BYTES + 4 * self.rows * (blocks * BLOCK_FRAMES + 3 * hops)


class PcmWriter:
    """Writes a source into the cache. A context: the source appears on success, and nothing on any exception.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with PcmWriter(folder, "song", (1, 2), 48_000, key="") as writer:
    ...     writer.write(np.ones((3, 20_000), np.float32))
    >>> PcmReader.open(folder, "song").info.frames
    20000

    Args:
        folder: the cache folder; made if need be.
        source: its name, as in the API: song, before, reference-<id>.
        channels: of every track.
        sample_rate: hertz.
        key: see `PcmInfo`; short.

    Raises:
        UserError: it cannot be written.
    """

    def __init__(self, folder: Path, source: str, channels: tuple[int, ...], sample_rate: int, key: str) -> None:
        with write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._info = PcmInfo(channels, 0, sample_rate, key)
        self._atomic = AtomicFile(pcm_path(folder, source))
        self._block = np.zeros((self._info.rows, BLOCK_FRAMES), "<f4")
        self._frames = 0
        self._peaks: list[Audio] = []
        self._write(bytes(_HEADER_BYTES))

    def write(self, audio: Audio) -> None:
        """The next samples, [rows, frames], as many as come.

        Raises:
            ValueError: another number of rows.
        """
        if audio.shape[0] != self._info.rows:
            raise ValueError(f"the source has {self._info.rows} rows, got {audio.shape[0]}")
        done = 0
        while done < audio.shape[1]:
            at = self._frames % BLOCK_FRAMES
            count = min(BLOCK_FRAMES - at, audio.shape[1] - done)
            self._block[:, at : at + count] = audio[:, done : done + count]
            done, self._frames = done + count, self._frames + count
            if self._frames % BLOCK_FRAMES == 0:
                self._flush(BLOCK_FRAMES)

    def __enter__(self) -> PcmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self._finish()
            except BaseException:
                self._atomic.discard()
                raise
        self._atomic.__exit__(kind, error, trace)

    def _finish(self) -> None:
        if self._frames % BLOCK_FRAMES:
            self._flush(self._frames % BLOCK_FRAMES)
        if self._peaks:
            self._write(np.concatenate(self._peaks).astype("<f4").tobytes())
        info = self._info._replace(frames=self._frames)
        header = json.dumps({"version": _VERSION, **info._asdict()}).encode()
        if len(header) > _HEADER_BYTES:
            raise ValueError(f"key and channels must fit into {_HEADER_BYTES} bytes, got {len(header)}")
        self._atomic.file.seek(0)
        self._write(header.ljust(_HEADER_BYTES))

    def _flush(self, filled: int) -> None:
        self._write(self._block.tobytes())
        self._peaks.append(_hop_peaks(self._block[:, :filled]))
        self._block[:] = 0

    def _write(self, data: bytes) -> None:
        with write_errors(self._atomic.path):
            self._atomic.file.write(data)


@dataclass(frozen=True)
class PcmReader:
    """A source in the cache, or some of its rows."""

    path: Path
    info: PcmInfo
    rows: slice

    @classmethod
    def open(cls, folder: Path, source: str) -> PcmReader | None:
        """The source; None where it has not been prepared. `stem-<n>` is the n-th track of the song, from 0."""
        if source.startswith("stem-"):
            song = cls.open(folder, "song")
            return song.track(int(source.removeprefix("stem-"))) if song else None
        path = pcm_path(folder, source)
        try:
            with path.open("rb") as file:
                info = _header(file)
        except OSError:
            return None
        return cls(path, info, slice(0, info.rows)) if info else None

    def track(self, number: int) -> PcmReader | None:
        """One track alone; None where there are fewer."""
        if number >= len(self.info.channels):
            return None
        start = sum(self.info.channels[:number])
        return replace(self, rows=slice(start, start + self.info.channels[number]))

    @property
    def count(self) -> int:
        """Of the rows."""
        return self.rows.stop - self.rows.start

    def read(self, start: int, frames: int) -> Audio:
        """Samples [rows, frames] from `start` on; fewer only at the end.

        Raises:
            FileNotFoundError: the source has been taken away, or another one has taken its place.
        """
        stop = min(start + frames, self.info.frames)
        if start >= stop:
            return np.empty((self.count, 0), np.float32)
        first, last = start // BLOCK_FRAMES, (stop - 1) // BLOCK_FRAMES
        with self._opened() as file:
            audio = np.concatenate([self._block(file, number) for number in range(first, last + 1)], axis=1)
        return audio[:, start - first * BLOCK_FRAMES : stop - first * BLOCK_FRAMES]

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file, if its header still says the same."""
        with self.path.open("rb") as file:
            if _header(file) != self.info:
                raise FileNotFoundError(f"{self.path} has been replaced")
            yield file

    def _block(self, file: BinaryIO, number: int) -> Audio:
        """One block, [rows, frames], of these rows alone: they lie side by side."""
        file.seek(_HEADER_BYTES + 4 * BLOCK_FRAMES * (number * self.info.rows + self.rows.start))
        return np.fromfile(file, "<f4", self.count * BLOCK_FRAMES).reshape(self.count, BLOCK_FRAMES)

    def peaks(self, points: int, start: int = 0, frames: int | None = None) -> Audio:
        """Lowest, highest and root mean square of all rows together, [points, 3]; fewer points than asked at most.

        Args:
            points: that the stretch is cut into, of equal length to within a hop.
            start: in frames.
            frames: of the stretch; all that is left if not given.

        Raises:
            FileNotFoundError: the source has been taken away, or another one has taken its place.
        """
        stop = min(self.info.frames, start + (self.info.frames if frames is None else frames))
        if start >= stop:
            return np.empty((0, 3), np.float32)
        if stop - start < points * HOP_FRAMES:
            return _points(_stretches(self.read(start, stop - start), points))
        first, last = start // HOP_FRAMES, -(-stop // HOP_FRAMES)
        return _points(np.array_split(self._hops(first, last)[:, self.rows], points))

    def _hops(self, first: int, last: int) -> Audio:
        """Peaks of hops, [hops, rows, 3]."""
        blocks = -(-self.info.frames // BLOCK_FRAMES)
        offset = _HEADER_BYTES + 4 * self.info.rows * (blocks * BLOCK_FRAMES + first * 3)
        with self._opened() as file:
            file.seek(offset)
            return np.fromfile(file, "<f4", (last - first) * self.info.rows * 3).reshape(-1, self.info.rows, 3)


def pcm_path(folder: Path, source: str) -> Path:
    """Where a source lies in a cache folder."""
    return folder / f"{source}{_SUFFIX}"


def _header(file: BinaryIO) -> PcmInfo | None:
    """What the header says; None in a damaged file."""
    try:
        data: dict[str, Any] = json.loads(file.read(_HEADER_BYTES))
        if data.pop("version") != _VERSION:
            return None
        info = PcmInfo(**data | {"channels": tuple(data["channels"])})
        return info if os.fstat(file.fileno()).st_size == info.file_bytes else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _hop_peaks(audio: Audio) -> Audio:
    """[rows, frames] to [hops, rows, 3]; the last hop may be shorter."""
    whole = audio.shape[1] // HOP_FRAMES * HOP_FRAMES
    parts = [_spans(audio[:, :whole].reshape(len(audio), -1, HOP_FRAMES))] if whole else []
    if whole < audio.shape[1]:
        parts.append(_spans(audio[:, None, whole:]))
    return np.concatenate(parts, axis=1).transpose(1, 0, 2)


def _stretches(audio: Audio, points: int) -> list[Audio]:
    """Samples [rows, frames] as hops of one sample or more, each [hops, rows, 3]."""
    parts = np.array_split(audio, min(points, audio.shape[1]), axis=1)
    return [_spans(part[:, None]).transpose(1, 0, 2) for part in parts]


def _spans(x: Audio) -> Audio:
    """[rows, hops, frames] to [rows, hops, 3]."""
    return np.stack([x.min(-1), x.max(-1), np.sqrt(np.mean(np.square(x), -1))], -1)


def _points(groups: list[Audio]) -> Audio:
    """Hops [hops, rows, 3] of each point as one, over all rows: [points, 3]."""
    values = [
        (group[..., 0].min(), group[..., 1].max(), np.sqrt(np.mean(np.square(group[..., 2]))))
        for group in groups
        if group.size
    ]
    return np.array(values, np.float32).reshape(-1, 3)
