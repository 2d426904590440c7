"""Writing WAV: streamed, exact to the bit, whole or not at all."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from diffmst.dsp.pcm import encode
from diffmst.outputs import AtomicFile, write_errors

Subtype = Literal["PCM_16", "PCM_24", "FLOAT"]
SAMPLE_BYTES: dict[Subtype, int] = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
_FORMAT_PCM, _FORMAT_FLOAT = 1, 3
# Sizes in a RIFF header are 32 bits; this value says "see the ds64 chunk" (EBU Tech 3306).
_LARGEST_SIZE = 0xFFFF_FFFF


class AudioWriter:
    """A WAV file, written in blocks; it appears when complete, and nothing remains if anything goes wrong.

    A context. Sample values are rounded to the nearest step (ties to even) without dither, so what `AudioReader` reads
    from a file of the same sample format is written back bit for bit. What exceeds full scale is clipped to it and
    counted; FLOAT keeps it. Beyond 4 GiB the file becomes RF64. The header holds no dates: the same samples give the
    same file.

    Attributes:
        frames: written so far.
        clipped_samples: values clipped so far, over all channels.

    Args:
        path: of the file; one that exists is replaced at the end.
        sample_rate: hertz.
        channels: of every block.
        subtype: sample format.

    Raises:
        UserError: the file cannot be written; it names the path and the reason.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int, subtype: Subtype = "PCM_24") -> None:
        if subtype not in SAMPLE_BYTES:
            raise ValueError(f"subtype must be one of {', '.join(SAMPLE_BYTES)}, got {subtype!r}")
        if sample_rate < 1 or channels < 1:
            raise ValueError(f"sample_rate and channels must be at least 1, got {sample_rate} and {channels}")
        self._rate, self._channels, self._subtype = sample_rate, channels, subtype
        self.frames = 0
        self.clipped_samples = 0
        self._output = AtomicFile(path)
        try:
            self._write_bytes(self._header())
        except BaseException:
            self.discard()
            raise

    def write(self, x: np.ndarray) -> None:
        """Append samples.

        Shape: x [channels, time], floating point with full scale 1, finite.
        """
        if x.ndim != 2 or len(x) != self._channels:
            raise ValueError(f"a block must be [{self._channels}, time], got {list(x.shape)}")
        encoded = encode(x, SAMPLE_BYTES[self._subtype])
        if not encoded.finite:
            raise ValueError("samples must be finite")
        self._write_bytes(encoded.data)
        self.clipped_samples += encoded.clipped
        self.frames += x.shape[1]

    def close(self) -> None:
        """Complete the file and move it into place."""
        data_bytes = self.frames * self._channels * SAMPLE_BYTES[self._subtype]
        self._write_bytes(b"\0" * (data_bytes % 2))  # Chunks end on even bytes.
        with write_errors(self._output.path):
            self._output.file.seek(0)
        self._write_bytes(self._header())
        self._output.commit()

    def discard(self) -> None:
        """Remove what was written."""
        self._output.discard()

    def __enter__(self) -> AudioWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.discard()
            return
        try:
            self.close()
        except BaseException:
            self.discard()
            raise

    def _write_bytes(self, data: bytes | memoryview) -> None:
        with write_errors(self._output.path):
            self._output.file.write(data)

    def _header(self) -> bytes:
        return wav_header(self._rate, self._channels, self.frames, self._subtype)


def wav_header(sample_rate: int, channels: int, frames: int, subtype: Subtype) -> bytes:
    """All that stands before the samples of a WAV file; its length depends on the sample format alone.

    A JUNK chunk keeps the place of the ds64 chunk, which holds the 64-bit sizes if they turn out to be needed
    (EBU Tech 3306, section 3.4).
    """
    width, is_float = SAMPLE_BYTES[subtype], subtype == "FLOAT"
    kind, block, data = _FORMAT_FLOAT if is_float else _FORMAT_PCM, channels * width, frames * channels * width
    layout = struct.pack("<HHIIHH", kind, channels, sample_rate, sample_rate * block, block, 8 * width)
    middle = _chunk(b"fmt ", layout + (b"\0\0" if is_float else b""))
    if is_float:
        middle += _chunk(b"fact", struct.pack("<I", min(frames, _LARGEST_SIZE)))
    riff = 4 + 36 + len(middle) + 8 + data + data % 2
    if riff <= _LARGEST_SIZE:
        start, room = struct.pack("<4sI4s", b"RIFF", riff, b"WAVE"), _chunk(b"JUNK", bytes(28))
        return start + room + middle + struct.pack("<4sI", b"data", data)
    start = struct.pack("<4sI4s", b"RF64", 0xFFFF_FFFF, b"WAVE")
    sizes = _chunk(b"ds64", struct.pack("<QQQI", riff, data, frames, 0))
    return start + sizes + middle + struct.pack("<4sI", b"data", 0xFFFF_FFFF)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body
