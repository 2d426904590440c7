"""The decoder for all that libsndfile does not know or gives up on: FFmpeg, through PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from diffmst.audio.decoding import discard, step
from diffmst.errors import UserError

# MP4 files state the length in units as coarse as this: what lies within one of the stated end is kept.
_STATED_TO_S = 0.001
# A stream that ends this much before the stated end lacks more than padding.
_SLACK_FRAMES = 4_096
# A list of further files, or of addresses, could have any of them opened: only what holds its own samples is read.
_LISTS = {"concat", "dash", "hls", "imf", "rtsp", "sap", "sdp", "webm_dash_manifest"}
_SELF_CONTAINED = ",".join(sorted(av.formats_available - _LISTS))


class AvDecoder:
    """A file through FFmpeg: its best audio stream, be it a song or the sound of a video.

    Raises:
        UserError: FFmpeg finds no audio in the file.
    """

    exact = False
    compressed = True
    jumps = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        self.truncated = False
        self._position = 0
        try:
            # "file:" keeps a colon in the name from being taken for a protocol.
            self._container = av.open(
                f"file:{self._path.absolute()}",
                metadata_errors="replace",
                options={"format_whitelist": _SELF_CONTAINED},
            )
        except (FFmpegError, UnicodeEncodeError):
            raise UserError(
                f"{self._path}: not an audio file, or in a format that cannot be read; export it again"
            ) from None
        stream = self._container.streams.best("audio")
        if stream is None:
            self.close()
            raise UserError(f"{self._path}: holds no audio")
        if stream.codec_context is None:
            self.close()
            raise UserError(f"{self._path}: its audio is in a format that cannot be read; export it as another")
        self._blocks = self._decode(stream)
        self._describe(stream)

    def _describe(self, stream: av.AudioStream) -> None:
        """What the file is. The first frame is asked: headers may state half the rate (HE-AAC)."""
        self.channels, self.sample_rate = 0, 0
        self._pending = next(self._blocks, np.empty((0, 0), np.float32))
        self.codec = f"{self._container.format.name.split(',')[0]} {stream.codec_context.name}".upper()
        if not len(self._pending):
            self.close()
            raise UserError(f"{self._path}: holds no samples")
        self._limit: int | None = None
        if stream.duration and stream.time_base:
            self.frames = round(stream.duration * stream.time_base * self.sample_rate)
            if stream.time_base * self.sample_rate == 1:  # A length in samples; others are rounded, or guessed.
                self._limit = self.frames + round(_STATED_TO_S * self.sample_rate)
        else:
            self.frames = round((self._container.duration or 0) * self.sample_rate / av.time_base)

    def _decode(self, stream: av.AudioStream) -> Iterator[np.ndarray]:
        """Blocks [frames, channels], up to the end or the first packet that cannot be decoded."""
        try:
            for frame in self._container.decode(stream):
                if not self.channels:
                    self.channels, self.sample_rate = frame.layout.nb_channels, frame.sample_rate
                if (frame.layout.nb_channels, frame.sample_rate) != (self.channels, self.sample_rate):
                    self.truncated = True
                    return
                yield _to_float(frame)
        except FFmpegError:
            self.truncated = True

    def read(self, frames: int) -> np.ndarray:
        """The next samples, float32 [frames, channels]; fewer only at the end."""
        if self._limit is not None:  # The last AAC packet is padded: the container says where the song ends.
            frames = max(0, min(frames, self._limit - self._position))
        parts, wanted = [self._pending[:0]], frames
        while wanted > 0:
            if not len(self._pending):
                self._pending = next(self._blocks, self._pending)
            if not len(self._pending):
                self.truncated |= bool(self._limit) and self._position + frames - wanted < self.frames - _SLACK_FRAMES
                break
            parts.append(self._pending[:wanted])
            self._pending = self._pending[wanted:]
            wanted -= len(parts[-1])
        self._position += frames - wanted
        return np.concatenate(parts)

    def seek(self, frame: int) -> None:
        """Make `frame` the next to be read: decoded up to there, as containers seek to packets, not samples."""
        if frame < self._position:
            self.close()
            self._open()
        discard(self, frame - self._position)

    def close(self) -> None:
        """Release the file."""
        self._container.close()


def _to_float(frame: av.AudioFrame) -> np.ndarray:
    """Samples of any FFmpeg format as float32 [frames, channels], full scale 1."""
    x = frame.to_ndarray()
    x = x.T if frame.format.is_planar else x.reshape(-1, frame.layout.nb_channels)
    if x.dtype == np.uint8:
        return (x.astype(np.float32) - 128) / 128
    return x.astype(np.float32) * step(x)
