"""Decoders: the samples of one file, in order, at the file's own rate and with its own channels.

libsndfile decodes WAV, FLAC, AIFF, Ogg and MP3; FFmpeg, through PyAV, all the rest, and what libsndfile gives up on.
Both remove the encoder delay as far as the file states it: MP3 with a LAME or Xing header, Opus, Vorbis, and AAC in
MP4 come out aligned to the sample and of the original length (MP4: up to 2 ms longer, as it states the end in
milliseconds). Raw ADTS streams (`.aac`) and AC-3 do not state it: they come out late by one frame of priming.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import soundfile
from av.error import FFmpegError

from diffmst.errors import UserError

# Seeking in these lands beside the wanted sample (libsndfile 1.2.2, Vorbis: by as much as 1326 samples) or rests on an
# estimate (MP3 without an index): they are decoded up to the wanted sample instead, at some 300 times real time.
_INEXACT_SEEK = ("VORBIS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
_DISCARD_FRAMES = 65_536
# A program that writes to a pipe cannot know the length and leaves the largest number instead: that promises nothing.
_UNKNOWN_BYTES = 0x7FFF_0000
# A missing pad byte or half a frame at the end is no loss worth a warning.
_SLACK_BYTES = 64
# MP4 files state the length in units as coarse as this: what lies within one of the stated end is kept.
_STATED_TO_S = 0.001
# A stream that ends this much before the stated end lacks more than padding.
_SLACK_FRAMES = 4_096


class Decoder(Protocol):
    """One open file, read from front to back.

    Attributes:
        sample_rate: of the file, hertz.
        channels: of the file.
        frames: what the file promises; 0 where it promises nothing.
        exact: `frames` is to the sample, unless the file is truncated.
        codec: container and sample format, for people.
        truncated: the file holds less than it promises, as far as is known by now.
    """

    sample_rate: int
    channels: int
    frames: int
    exact: bool
    codec: str
    truncated: bool

    def read(self, frames: int) -> np.ndarray:
        """The next samples, float32 [frames, channels]; fewer only at the end."""

    def seek(self, frame: int) -> None:
        """Make `frame` the next to be read, to the sample."""

    def close(self) -> None:
        """Release the file."""


def open_decoder(path: Path) -> Decoder:
    """The decoder for a file.

    Raises:
        UserError: there is no such file, or no audio in it that can be decoded.
    """
    _check_is_file(path)
    try:
        decoder = SoundFileDecoder(path)
    except soundfile.LibsndfileError:
        return AvDecoder(path)
    if decoder.frames:
        return decoder
    # A recorder that lost power leaves "0 bytes of audio" in the header, with all of the audio behind it.
    decoder.close()
    return AvDecoder(path)


def _check_is_file(path: Path) -> None:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise UserError(f"{path}: is a device or a pipe, and an audio file is needed here")
        with path.open("rb") as file:
            if not file.read(1):
                raise UserError(f"{path}: the file is empty; export or copy it again")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a folder, and an audio file is needed here") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


class SoundFileDecoder:
    """A file through libsndfile.

    Raises:
        soundfile.LibsndfileError: libsndfile does not know the format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # By descriptor: any name works, and libsndfile goes by the content alone (a text called .mp3 is no MP3).
        handle = os.open(path, os.O_RDONLY) if os.name == "posix" else str(path)
        self._file = soundfile.SoundFile(handle)
        self._position = 0
        self._rescue: AvDecoder | None = None
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        self.exact = True
        self.codec = f"{self._file.format} {self._file.subtype}"
        self.truncated = _promises_more(self._file.extra_info) or (
            self._file.format == "OGG" and not _has_end_of_stream(path)
        )

    def read(self, frames: int) -> np.ndarray:
        """The next samples, float32 [frames, channels]; fewer only at the end."""
        if self._rescue:
            return self._rescue.read(frames)
        try:
            x: np.ndarray = self._file.read(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            return self._read_damaged(frames)
        self._position += len(x)
        if len(x) < frames and self._position < self.frames:
            self.truncated = True
        return x

    def seek(self, frame: int) -> None:
        """Make `frame` the next to be read, to the sample."""
        if self._rescue:
            self._rescue.seek(frame)
        elif self._file.subtype not in _INEXACT_SEEK:
            self._position = self._file.seek(min(frame, self.frames))
        else:
            if frame < self._position:
                self._position = self._file.seek(0)
            _discard(self, frame - self._position)

    def close(self) -> None:
        """Release the file."""
        self._file.close()
        if self._rescue:
            self._rescue.close()

    def _read_damaged(self, frames: int) -> np.ndarray:
        """What FFmpeg reads on: of the read in which a stream breaks off, libsndfile gives nothing at all."""
        self.truncated = True
        try:
            self._rescue = AvDecoder(self._path)
        except UserError:
            return np.empty((0, self.channels), np.float32)
        self._rescue.seek(self._position)
        return self._rescue.read(frames)


class AvDecoder:
    """A file through FFmpeg: its best audio stream, be it a song or the sound of a video.

    Raises:
        UserError: FFmpeg finds no audio in the file.
    """

    exact = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        self.truncated = False
        self._position = 0
        try:
            # "file:" keeps a colon in the name from being taken for a protocol.
            self._container = av.open(f"file:{self._path.absolute()}")
        except (FFmpegError, UnicodeEncodeError):
            raise UserError(f"{self._path}: not an audio file, or in a format that cannot be read") from None
        stream = self._container.streams.best("audio")
        if stream is None:
            self.close()
            raise UserError(f"{self._path}: holds no audio")
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
        _discard(self, frame - self._position)

    def close(self) -> None:
        """Release the file."""
        self._container.close()


def _discard(decoder: Decoder, frames: int) -> None:
    while frames > 0 and (read := len(decoder.read(min(frames, _DISCARD_FRAMES)))):
        frames -= read


def _to_float(frame: av.AudioFrame) -> np.ndarray:
    """Samples of any FFmpeg format as float32 [frames, channels], full scale 1."""
    x = frame.to_ndarray()
    x = x.T if frame.format.is_planar else x.reshape(-1, frame.layout.nb_channels)
    if x.dtype == np.uint8:
        return (x.astype(np.float32) - 128) / 128
    if np.issubdtype(x.dtype, np.integer):
        return x.astype(np.float32) * np.float32(2.0 ** (1 - 8 * x.itemsize))
    return x.astype(np.float32)


def _promises_more(log: str) -> bool:
    """Whether a header promises more audio than the file holds, from the notes libsndfile takes while parsing."""
    if "does not match value from 'ds64' chunk" in log:
        return True
    sizes = re.findall(r"^\s*(?:data|SSND|riff|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", log, re.MULTILINE)
    return any(int(said) - int(held) > _SLACK_BYTES and int(said) < _UNKNOWN_BYTES for said, held in sizes)


def _has_end_of_stream(path: Path) -> bool:
    """Whether the last page of an Ogg file carries the end-of-stream flag (RFC 3533, section 6)."""
    largest_page = 65_307
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - largest_page))
        tail = file.read()
    page = tail.rfind(b"OggS")
    return 0 <= page < len(tail) - 5 and bool(tail[page + 5] & 4)
