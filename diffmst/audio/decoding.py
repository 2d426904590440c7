"""Decoders: the samples of one file, in order, at the file's own rate and with its own channels.

libsndfile decodes WAV, FLAC, AIFF, Ogg and MP3; FFmpeg, through PyAV, all the rest, and what libsndfile gives up on.
Both remove the encoder delay as far as the file states it: MP3 with a LAME or Xing header, Opus, Vorbis, and AAC in
MP4 come out aligned to the sample and of the original length (MP4: up to 2 ms longer, as it states the end in
milliseconds). Raw ADTS streams (`.aac`) and AC-3 do not state it: they come out late by one frame of priming.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from diffmst.audio.packed import Packed24
from diffmst.errors import UserError

# Seeking in these lands beside the wanted sample (libsndfile 1.2.2, Vorbis: by as much as 1326 samples) or rests on an
# estimate (MP3 without an index): they are decoded up to the wanted sample instead, at some 300 times real time.
_INEXACT_SEEK = ("VORBIS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
_DISCARD_FRAMES = 65_536
# A program that writes to a pipe cannot know the length and leaves the largest number instead: that promises nothing.
_UNKNOWN_BYTES = 0x7FFF_0000
# A missing pad byte or half a frame at the end is no loss worth a warning.
_SLACK_BYTES = 64
# What libsndfile hands over as integers, which it does much faster than it makes floats of them.
_INTEGERS = {"PCM_16": "int16", "PCM_24": "int32"}
_AS_THEY_ARE = (*_INTEGERS, "PCM_S8", "PCM_U8", "PCM_32", "FLOAT", "DOUBLE")


class Decoder(Protocol):
    """One open file, read from front to back.

    Attributes:
        sample_rate: of the file, hertz.
        channels: of the file.
        frames: what the file promises; 0 where it promises nothing.
        exact: `frames` is to the sample, unless the file is truncated.
        codec: container and sample format, for people.
        compressed: samples have to be decoded, which takes much longer than to copy them.
        jumps: seeking is quick; else all that lies before is decoded to get there.
        truncated: the file holds less than it promises, as far as is known by now.
    """

    sample_rate: int
    channels: int
    frames: int
    exact: bool
    codec: str
    compressed: bool
    jumps: bool
    truncated: bool

    def read(self, frames: int) -> np.ndarray:
        """The next samples [frames, channels], float32 or integers in units of `step`; fewer only at the end."""

    def seek(self, frame: int) -> None:
        """Make `frame` the next to be read, to the sample."""

    def close(self) -> None:
        """Release the file."""


def step(samples: np.ndarray) -> np.float32:
    """What 1 in an array of samples stands for, where full scale is 1: integers use the range of their type.

    >>> float(step(np.zeros(1, np.int16))) == 2**-15
    True
    """
    return np.float32(2.0 ** (1 - 8 * samples.itemsize) if np.issubdtype(samples.dtype, np.integer) else 1)


def open_decoder(path: Path) -> Decoder:
    """The decoder for a file.

    Raises:
        UserError: there is no such file, or no audio in it that can be decoded.
    """
    _check_is_file(path)
    try:
        decoder = SoundFileDecoder(path)
    except soundfile.LibsndfileError:
        return _ffmpeg(path)
    if decoder.frames:
        return decoder
    # A recorder that lost power leaves "0 bytes of audio" in the header, with all of the audio behind it.
    decoder.close()
    return _ffmpeg(path)


def _ffmpeg(path: Path) -> Decoder:
    from diffmst.audio.ffmpeg import AvDecoder  # when first needed: FFmpeg takes 15 MB

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


class _Stream(soundfile.SoundFile):
    """A file that soundfile leaves alone between reads.

    What it takes for seekable it seeks after every read, to where it is already. That starts the MP3 decoder anew,
    without the past that its frames are predicted from: the first 1000 samples or so of every read were wrong.
    """

    def seekable(self) -> bool:
        return False


class SoundFileDecoder:
    """A file through libsndfile.

    Raises:
        soundfile.LibsndfileError: libsndfile does not know the format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # By descriptor: any name works, and libsndfile goes by the content alone (a text called .mp3 is no MP3).
        handle = os.open(path, os.O_RDONLY) if os.name == "posix" else str(path)
        self._file = _Stream(handle)
        self._position = 0
        self._packed = Packed24.of(self._file, handle)
        self._dtype = _INTEGERS.get(self._file.subtype, "float32")
        self._rescue: Decoder | None = None
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        self.exact = True
        self.codec = f"{self._file.format} {self._file.subtype}"
        self.compressed = self._file.format == "FLAC" or self._file.subtype not in _AS_THEY_ARE
        self.jumps = self._file.subtype not in _INEXACT_SEEK
        self.truncated = _promises_more(self._file.extra_info) or (
            self._file.format == "OGG" and not _has_end_of_stream(path)
        )

    def read(self, frames: int) -> np.ndarray:
        """The next samples [frames, channels], float32 or integers in units of `step`; fewer only at the end."""
        if self._rescue:
            return self._rescue.read(frames)
        try:
            x = self._read(frames)
        except (soundfile.LibsndfileError, OSError):
            return self._read_damaged(frames)
        self._position += len(x)
        if len(x) < frames and self._position < self.frames:
            self.truncated = True
        return x

    def seek(self, frame: int) -> None:
        """Make `frame` the next to be read, to the sample."""
        if self._rescue:
            self._rescue.seek(frame)
        elif self.jumps:
            try:
                self._position = self._file.seek(min(frame, self.frames))
            except soundfile.LibsndfileError:  # FLAC: the stream breaks off before
                self._open_rescue(frame)
        else:
            if frame < self._position:
                self._position = self._file.seek(0)
            discard(self, frame - self._position)

    def close(self) -> None:
        """Release the file."""
        self._file.close()
        if self._rescue:
            self._rescue.close()

    def _read(self, frames: int) -> np.ndarray:
        if self._packed:
            return self._packed.read(self._position, frames)
        x: np.ndarray = self._file.read(frames, dtype=self._dtype, always_2d=True)
        return x

    def _read_damaged(self, frames: int) -> np.ndarray:
        """What FFmpeg reads on: of the read in which a stream breaks off, libsndfile gives nothing at all."""
        self._open_rescue(self._position)
        return self._rescue.read(frames) if self._rescue else np.empty((0, self.channels), np.float32)

    def _open_rescue(self, frame: int) -> None:
        self.truncated = True
        self._position = frame
        try:
            self._rescue = _ffmpeg(self._path)
        except UserError:
            return
        self._rescue.seek(frame)


def discard(decoder: Decoder, frames: int) -> None:
    """Reads the next samples, as far as there are any, to no end."""
    while frames > 0 and (read := len(decoder.read(min(frames, _DISCARD_FRAMES)))):
        frames -= read


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
