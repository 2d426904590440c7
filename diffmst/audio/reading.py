"""Reading: any audio file as float32 blocks, at any rate, from any point, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from types import TracebackType

import numpy as np
import soxr

from diffmst.audio.decoding import open_decoder, step
from diffmst.errors import UserError

MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 8_000, 384_000
MAX_CHANNELS = 2
_BLOCK_FRAMES = 65_536
# Half the length of soxr's filters is below 1000 samples at the lower of the two rates; twice that, to be safe.
_FILTER_FRAMES = 2_048


@dataclass(frozen=True)
class AudioInfo:
    """What a file says of itself.

    Attributes:
        path: as given.
        sample_rate: hertz.
        channels: 1 or 2.
        frames: samples per channel; an estimate where `exact` is false.
        exact: `frames` is what the file states in samples (a truncated file may still hold less).
        codec: container and sample format, for people.
        truncated: the file is known to hold less than it promises. Damage further in shows on reading only.
    """

    path: Path
    sample_rate: int
    channels: int
    frames: int
    exact: bool
    codec: str
    truncated: bool

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def probe(path: Path) -> AudioInfo:
    """What a file says of itself, without reading it through.

    Raises:
        UserError: the file is missing, holds no audio, or has a rate or a number of channels that is not taken.
    """
    with AudioReader(path) as reader:
        return reader.info


def resampled_frames(frames: int, sample_rate: int, new_sample_rate: int) -> int:
    """Length after resampling: frames * new / old, rounded half up."""
    return (2 * frames * new_sample_rate + sample_rate) // (2 * sample_rate)


class AudioReader:
    """One file, read from front to back in blocks [channels, time], as float32 with full scale 1.

    Resampling (soxr, very high quality) is aligned: sample n of the output is at n / sample_rate seconds of the file,
    and the output has `resampled_frames` samples. It does not depend on the sizes of the blocks.
    Samples that are no numbers are replaced by silence and counted.

    Attributes:
        info: what the file says of itself.
        sample_rate: of what is read, hertz.
        channels: of what is read.
        bad_samples: values that were NaN or infinite so far, over all channels.

    Args:
        path: of the file.
        sample_rate: to read at; the file's own when not given.
        channels: read only this many of the file's channels; all when not given.

    Raises:
        UserError: as `probe`.
    """

    def __init__(self, path: Path, sample_rate: int | None = None, channels: int | None = None) -> None:
        self._decoder = open_decoder(Path(path))
        decoder = self._decoder
        self.info = AudioInfo(
            Path(path),
            decoder.sample_rate,
            decoder.channels,
            decoder.frames,
            decoder.exact,
            decoder.codec,
            decoder.truncated,
        )
        try:
            _check(self.info)
        except UserError:
            self.close()
            raise
        self.sample_rate = sample_rate or decoder.sample_rate
        self.channels = channels or decoder.channels
        self.bad_samples = 0
        self._pending = np.empty((0, self.channels), np.float32)
        self._restart()

    @property
    def laborious(self) -> bool:
        """Reading is more than copying: samples are decompressed or resampled."""
        return self._decoder.compressed or self._resampler is not None

    @property
    def jumps(self) -> bool:
        """Seeking is quick; else all that lies before is decoded to get there."""
        return self._decoder.jumps

    @property
    def truncated(self) -> bool:
        """The file is known by now to hold less than it promises."""
        return self._decoder.truncated

    def read(self, frames: int) -> np.ndarray:
        """The next samples, float32 [channels, frames]; fewer only at the end."""
        out = np.empty((self.channels, frames), np.float32)
        return out[:, : self.read_into(out)]

    def read_into(self, out: np.ndarray) -> int:
        """Puts the next samples into `out`, float32 [channels, frames]; returns how many, fewer only at the end."""
        filled = 0
        while filled < out.shape[1]:
            x = self._next(out.shape[1] - filled)
            if not len(x):
                break
            for row, samples in zip(out, x.T, strict=True):  # One by one, as they lie.
                part = row[filled : filled + len(x)]
                np.multiply(samples, step(x), out=part, dtype=np.float32, casting="unsafe")
            filled += len(x)
        return filled

    def blocks(self, frames: int) -> Iterator[np.ndarray]:
        """All that is left, in blocks [channels, frames]; the last may be shorter, none is empty."""
        while (block := self.read(frames)).shape[1]:
            yield block

    def seek(self, frame: int) -> None:
        """Make `frame` (at `sample_rate`) the next to be read, to the sample.

        Forward seeks never go back in the file, so reading several places in order costs one pass at most.
        """
        if self._resampler is None:
            self._decoder.seek(frame)
            self._restart()
            return
        # Both rates meet every `step` samples of the file; from such a point on, a fresh resampler yields the samples
        # it would have yielded from the start, but for the length of its filter.
        old, new = self._decoder.sample_rate, self.sample_rate
        step = old // gcd(old, new)
        margin = _FILTER_FRAMES * max(1, -(-old // new))
        steps = max(0, (frame * old // new - margin) // step)
        self._decoder.seek(steps * step)
        self._restart()
        skip = frame - steps * step * new // old
        while skip > 0 and (read := self.read(min(skip, _BLOCK_FRAMES)).shape[1]):
            skip -= read

    def close(self) -> None:
        """Release the file."""
        self._decoder.close()

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _restart(self) -> None:
        rates = self._decoder.sample_rate, self.sample_rate
        self._resampler = soxr.ResampleStream(*rates, self.channels, quality="VHQ") if rates[0] != rates[1] else None
        self._pending = self._pending[:0]
        self._ended = False

    def _next(self, frames: int) -> np.ndarray:
        """At most so many of the next samples [time, channels], in units of `step`; none at the end."""
        if self._resampler is None:
            return self._decode(frames)
        while not (len(self._pending) or self._ended):
            x = self._decode(_BLOCK_FRAMES)
            self._ended = len(x) < _BLOCK_FRAMES
            floats = np.multiply(x, step(x), dtype=np.float32, casting="unsafe", order="C")
            self._pending = self._resampler.resample_chunk(floats, last=self._ended)
        x, self._pending = self._pending[:frames], self._pending[frames:]
        return x

    def _decode(self, frames: int) -> np.ndarray:
        x = self._decoder.read(frames)[:, : self.channels]
        if x.dtype == np.float32 and not np.isfinite(x.sum(dtype=np.float64)):  # One sum is cheaper than many looks.
            bad = ~np.isfinite(x)
            self.bad_samples += int(bad.sum())
            x = np.where(bad, np.float32(0), x)
        return x


def read(path: Path, start_s: float = 0.0, seconds: float | None = None, sample_rate: int | None = None) -> np.ndarray:
    """A part of a file, float32 [channels, time].

    Args:
        path: of the file.
        start_s: where to begin.
        seconds: how much to read; all that is left when not given. Less comes back where the file ends before.
        sample_rate: to read at; the file's own when not given.

    Raises:
        UserError: as `probe`; or the file ends before `start_s`.
    """
    with AudioReader(path, sample_rate) as reader:
        rate = reader.sample_rate
        reader.seek(round(start_s * rate))
        if seconds is None:
            parts = list(reader.blocks(_BLOCK_FRAMES))
            x = np.concatenate(parts, axis=1) if parts else np.empty((reader.channels, 0), np.float32)
        else:
            x = reader.read(round(seconds * rate))
        if start_s > 0 and not x.shape[1]:
            raise UserError(f"{path}: ends before {start_s:g} s; choose an earlier start")
        return x


def _check(info: AudioInfo) -> None:
    if info.channels > MAX_CHANNELS:
        raise UserError(
            f"{info.path}: {info.channels} channels; diffmst takes mono and stereo files; split it into such"
        )
    if not MIN_SAMPLE_RATE <= info.sample_rate <= MAX_SAMPLE_RATE:
        raise UserError(
            f"{info.path}: a sample rate of {info.sample_rate} Hz; "
            f"diffmst takes {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz; convert it"
        )
