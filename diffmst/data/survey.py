"""What there is to know of a file before mixing, from one pass over it in constant memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

import numpy as np

from diffmst.audio import AudioInfo, AudioReader, probe
from diffmst.data.checksum import file_sha256
from diffmst.data.parallel import in_parallel
from diffmst.dsp.bark_energies import BARK_EDGES_HZ, BarkEnergies
from diffmst.dsp.kernels.cpu_levels import levels_of
from diffmst.dsp.kernels.cpu_loudness import energies, weighting
from diffmst.dsp.loudness import hop_samples, integrated_loudness_from_hops, k_weighting_sos
from diffmst.errors import UserError

LOW_HZ = 200.0
# The largest positive value of 16 bits.
FULL_SCALE = 1 - 2.0**-15
_GATING_HOPS = 4
# Power around its mean, relative to that of the mean, that rounding leaves in a constant signal.
_CONSTANT = 1e-6
_BLOCK_HOPS = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Survey:
    """Measurements of one file, at its own rate.

    Hops are of 100 ms, to the nearest whole sample; the last one is filled up with silence.

    Attributes:
        info: what the file is, with the true number of frames.
        energy: K-weighted mean square per hop, [channels, hops].
        bands: mean square per hop and Bark band, [mid (and side, if stereo), BANDS, hops]; mid is (L + R) / 2.
        loudness_lufs: integrated loudness (ITU-R BS.1770-4); -inf when nothing passes the gates, and for a constant.
        peak: largest absolute sample.
        clip_runs: places where 3 or more samples in a row have one value, at full scale.
        bad_samples: values that were NaN or infinite.
        dc_offset: mean of the channel where it is furthest from zero.
        correlation: of left and right, -1 to 1; 1 for mono, 0 where a channel is all zeros.
        dual_mono: stereo with both channels equal in every sample.
        sha256: of the bytes of the file, hexadecimal.
    """

    info: AudioInfo
    energy: np.ndarray
    bands: np.ndarray
    loudness_lufs: float
    peak: float
    clip_runs: int
    bad_samples: int
    dc_offset: float
    correlation: float
    dual_mono: bool
    sha256: str

    @property
    def silent(self) -> bool:
        """Nothing in the file is louder than -70 LUFS."""
        return self.loudness_lufs == -np.inf

    @property
    def truncated(self) -> bool:
        """The file holds less than it promises."""
        return self.info.truncated

    @property
    def duration_s(self) -> float:
        """True length in seconds."""
        return self.info.duration_s

    @property
    def low_share(self) -> float:
        """Share of the power that lies below `LOW_HZ`."""
        power = self.bands.sum((0, 2), dtype=np.float64)
        low = np.array(BARK_EDGES_HZ[1:]) <= LOW_HZ
        return float(power[low].sum() / max(power.sum(), 1e-12))

    def loudness_with_channels_lufs(self, channels: int) -> float:
        """Loudness when heard from another number of channels; see `with_channels_lufs`."""
        return with_channels_lufs(self.loudness_lufs, self.info.channels, channels)


def with_channels_lufs(loudness_lufs: float, channels: int, heard_channels: int) -> float:
    """Loudness of a signal when heard from another number of channels than it was measured from.

    One of two equal channels has half of their energy; one channel that plays on both sides has twice its own.
    """
    return loudness_lufs + 10 * math.log10(heard_channels / channels)


def survey_files(paths: Sequence[Path], on_progress: Progress | None = None) -> tuple[Survey, ...]:
    """The surveys of several files, in their order, made side by side.

    Args:
        paths: of the files.
        on_progress: called with the frames done and the frames in all, from any thread but never twice at once.

    Raises:
        UserError: a file cannot be read.
    """
    stop, lock, done = Event(), Lock(), 0
    total = sum(probe(path).frames for path in paths) if on_progress else 0

    def advance(frames: int) -> bool:
        nonlocal done
        if on_progress:
            with lock:
                done += frames
                on_progress(min(done, total), total)
        return not stop.is_set()

    return in_parallel(lambda path: _survey(Path(path), advance), paths, stop)


def _survey(path: Path, advance: Callable[[int], bool]) -> Survey:
    with AudioReader(path) as reader:
        measure = _Measurement(reader.sample_rate, reader.channels)
        block = np.empty((reader.channels, _BLOCK_HOPS * hop_samples(reader.sample_rate)), np.float32)
        while frames := reader.read_into(block):
            measure.add(block[:, :frames])
            if not advance(frames):
                break
        if not measure.frames:
            raise UserError(f"{path}: holds no samples that can be read; export or copy it again")
        return measure.result(reader)


class _Measurement:
    """Everything in a survey that depends on the samples. Blocks are whole hops, but for the last."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._hop = hop_samples(sample_rate)
        self._weighting = weighting(k_weighting_sos(sample_rate))
        self._energy: list[np.ndarray] = []
        self._bands = BarkEnergies(sample_rate, channels)
        self._clips = _ClipRuns(channels)
        self.frames = 0
        self._peak = 0.0
        self._sum = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._product = 0.0
        self._dual_mono = channels == 2

    def add(self, x: np.ndarray) -> None:
        """Take the next block [channels, time] into account."""
        channels, frames = x.shape
        levels = levels_of(x[0], x[-1])
        self._peak = max(self._peak, *levels.peaks)
        self._clips.add(x, max(levels.peaks))
        self.frames += frames
        self._sum += levels.sums[:channels]
        self._squares += levels.squares[:channels]
        self._product += levels.product
        self._dual_mono = self._dual_mono and levels.apart == 0
        if unfinished := frames % self._hop:
            x = np.pad(x, ((0, 0), (0, self._hop - unfinished)))
        self._energy.append(energies(self._weighting, x, self._hop, self._hop)[0] / self._hop)
        self._bands.add(x)

    def result(self, reader: AudioReader) -> Survey:
        """The survey of what was added, which `reader` has read."""
        told = reader.info
        info = AudioInfo(told.path, told.sample_rate, told.channels, self.frames, True, told.codec, reader.truncated)
        energy = np.concatenate(self._energy, axis=1)
        means = self._sum / self.frames
        return Survey(
            info=info,
            energy=energy,
            bands=self._bands.result(),
            loudness_lufs=-np.inf if self._is_constant() else self._loudness_lufs(energy),
            peak=self._peak,
            clip_runs=self._clips.count,
            bad_samples=reader.bad_samples,
            dc_offset=float(means[np.abs(means).argmax()]),
            correlation=self._correlation(),
            dual_mono=self._dual_mono,
            sha256=file_sha256(told.path),
        )

    def _loudness_lufs(self, energy: np.ndarray) -> float:
        """Of the whole hops, as the standard has it; what is shorter than a gating block is one hop of its length."""
        whole = self.frames // self._hop
        if whole < _GATING_HOPS:
            return integrated_loudness_from_hops(energy.sum(1, keepdims=True) * self._hop / self.frames)
        return integrated_loudness_from_hops(energy[:, :whole])

    def _is_constant(self) -> bool:
        """Nothing but an offset: there is no sound in it, yet a meter hears the click where it begins."""
        if self.frames < self._hop:
            return False
        offset_power = np.square(self._sum / self.frames)
        power = self._squares / self.frames
        return bool((power - offset_power <= _CONSTANT * offset_power).all())

    def _correlation(self) -> float:
        left, right = self._squares[0], self._squares[-1]
        return float(np.clip(self._product / np.sqrt(left * right), -1, 1)) if left and right else 0.0


class _ClipRuns:
    """Counts the places where at least three samples in a row sit on one value at full scale.

    A converter or a limiter that clips leaves such plateaus; loud but intact peaks, in float files and from lossy
    codecs also above full scale, do not.
    """

    def __init__(self, channels: int) -> None:
        self.count = 0
        self._last = np.full((channels, 3), np.nan, np.float32)

    def add(self, x: np.ndarray, peak: float) -> None:
        """Count in the next block [channels, time], whose largest absolute value is `peak`."""
        if peak < FULL_SCALE:  # no run reaches into this block, nor out of it
            self._last = np.full_like(self._last, np.nan)
            return
        joined = np.concatenate([self._last, x], axis=1)
        self._last = joined[:, -3:]
        pair = (joined[:, 1:] == joined[:, :-1]) & (np.abs(joined[:, 1:]) >= FULL_SCALE)
        # A run begins where a pair follows no pair, and is followed by one.
        self.count += int(np.count_nonzero(pair[:, 2:] & pair[:, 1:-1] & ~pair[:, :-2]))
