"""What there is to know of a file before mixing, from one pass over it in constant memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

import numpy as np
import scipy.fft
from scipy.signal import sosfilt

from diffmst.audio import AudioInfo, AudioReader, probe
from diffmst.data.checksum import file_sha256
from diffmst.data.parallel import in_parallel
from diffmst.dsp.loudness import hop_samples, integrated_loudness_from_hops, k_weighting_sos
from diffmst.errors import UserError

# Critical bands after Zwicker, hertz; the first reaches down to 20 Hz, the last up to whatever there is.
BARK_EDGES_HZ = (
    *(20, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300),
    *(6400, 7700, 9500, 12_000, np.inf),
)
BANDS = len(BARK_EDGES_HZ) - 1
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
        for block in reader.blocks(_BLOCK_HOPS * hop_samples(reader.sample_rate)):
            measure.add(block)
            if not advance(block.shape[1]):
                break
        if not measure.frames:
            raise UserError(f"{path}: holds no samples that can be read; export or copy it again")
        return measure.result(reader)


class _Measurement:
    """Everything in a survey that depends on the samples. Blocks are whole hops, but for the last."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._hop = hop_samples(sample_rate)
        self._sos = k_weighting_sos(sample_rate)
        self._filter_state = np.zeros((len(self._sos), channels, 2))
        self._energy: list[np.ndarray] = []
        self._bands = _BandEnergies(sample_rate, channels)
        self._clips = _ClipRuns(channels)
        self.frames = 0
        self._peak = 0.0
        self._sum = np.zeros(channels)
        self._products = np.zeros(3)
        self._dual_mono = channels == 2

    def add(self, x: np.ndarray) -> None:
        """Take the next block [channels, time] into account."""
        peak = float(np.abs(x).max())
        self._peak = max(self._peak, peak)
        self._clips.add(x, peak)
        self.frames += x.shape[1]
        self._sum += x.sum(1, dtype=np.float64)
        self._products += [(a * b).sum(dtype=np.float64) for a, b in ((x[0], x[0]), (x[-1], x[-1]), (x[0], x[-1]))]
        self._dual_mono = self._dual_mono and np.array_equal(x[0], x[1])
        x = np.pad(x, ((0, 0), (0, -x.shape[1] % self._hop)))
        weighted, self._filter_state = sosfilt(self._sos, x, zi=self._filter_state)
        self._energy.append(np.square(weighted).reshape(len(x), -1, self._hop).mean(-1))
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
        power = self._products[: len(self._sum)] / self.frames
        return bool((power - offset_power <= _CONSTANT * offset_power).all())

    def _correlation(self) -> float:
        left, right, both = self._products
        return float(np.clip(both / np.sqrt(left * right), -1, 1)) if left and right else 0.0


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
        joined = np.concatenate([self._last, x], axis=1)
        self._last = joined[:, -3:]
        if peak < FULL_SCALE:
            return
        pair = (joined[:, 1:] == joined[:, :-1]) & (np.abs(joined[:, 1:]) >= FULL_SCALE)
        # A run begins where a pair follows no pair, and is followed by one.
        self.count += int(np.count_nonzero(pair[:, 2:] & pair[:, 1:-1] & ~pair[:, :-2]))


class _BandEnergies:
    """Mean squares per hop and Bark band, of mid and side.

    Frames of one hop under a sine window overlap by half, so that the squared windows sum to 1 everywhere and no
    onset is missed. Each hop has one frame of its own, and half of those it shares with its neighbours.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._hop = hop_samples(sample_rate)
        self._half = self._hop // 2
        size = 2 * self._half
        self._window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
        self._before = np.zeros((channels, self._half), np.float32)
        self._hops: list[np.ndarray] = []
        # First bin of each band that lies below half the sample rate; bins are sample_rate / size apart.
        self._first_bins = np.ceil(np.array(BARK_EDGES_HZ[:-1]) * size / sample_rate).astype(int)
        self._first_bins = self._first_bins[self._first_bins <= self._half]
        # Parseval: the mean square over a hop is the sum of |X|^2 over all bins, by size and hop; one-sided, so twice.
        self._scale = np.float32(2 / (size * self._hop))

    def add(self, x: np.ndarray) -> None:
        """Take in the next whole hops [channels, time]."""
        own, shared = self._split(x)
        inner = shared[..., 1:]
        last = np.zeros_like(shared[..., :1])
        self._hops.append(own + (shared + np.concatenate([inner, last], axis=-1)) / 2)
        if len(self._hops) > 1:
            self._hops[-2][..., -1] += shared[..., 0] / 2

    def result(self) -> np.ndarray:
        """All hops so far, [mid and side, BANDS, hops], float32."""
        return np.concatenate(self._hops, axis=-1)

    def _split(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Band energies of the frame inside each hop, and of the one across its beginning."""
        joined = np.concatenate([self._before, x], axis=1)
        self._before = joined[:, -self._half :]
        if len(joined) == 2:
            joined = np.stack([joined[0] + joined[1], joined[0] - joined[1]]) / 2
        across = joined[:, : x.shape[1]].reshape(len(x), -1, self._hop)
        inside = joined[:, self._half :].reshape(len(x), -1, self._hop)
        return self._energies(inside), self._energies(across)

    def _energies(self, hops: np.ndarray) -> np.ndarray:
        spectrum = scipy.fft.rfft(hops[..., : 2 * self._half] * self._window)
        power = spectrum.real**2 + spectrum.imag**2
        energies = np.zeros((*power.shape[:2], BANDS), np.float32)
        energies[..., : len(self._first_bins)] = self._scale * np.add.reduceat(power, self._first_bins, axis=-1)
        return np.swapaxes(energies, 1, 2)
