"""Look-ahead true-peak limiter for a finished mix, block by block.

Reference: ITU-R BS.1770-4, annex 2 (true peak); Giannoulis, Massberg, Reiss, "Digital dynamic range compressor design",
JAES 60(6), 2012.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

Audio = NDArray[np.float32]
Level = NDArray[np.float64]

CHUNK = 8192  # samples taken at a time, whatever the blocks of the caller: so these cannot change one bit
OVERSAMPLING = 8
HALF_TAPS = 32  # samples that the interpolator reads on either side
KAISER_BETA = 6.0
FRAME = 64  # samples interpolated by one row of a matrix product
BS_1770_PHASES = (  # two of the four phases of the interpolator of the standard; the others are their mirror images
    (
        *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625),
        *(0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
    ),
    (
        *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250),
        *(0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
    ),
)
SHORTEST_RELEASE = 16  # samples: over a chunk, powers of the decay must stay within float64
MARGIN_DB = 0.03  # a peak over the ceiling is taken this far below it: the interpolators of meters differ by so much
INAUDIBLE_DB = 1e-3  # a recovering gain this close to 1 is 1


class Limiter:
    """Brick-wall limiter: the true peak of the output stays under the ceiling, and what stays under it is not touched.

    Before a peak the gain falls along a smooth curve that is as long as the look-ahead, and after it the gain recovers
    exponentially. The loudest channel sets the gain of all. Peaks between samples are read at eight times the sample
    rate and by the filter of the standard; only noise of full level up to the Nyquist frequency itself, which no two
    interpolators read alike, may show 0.2 dB more on a meter of another make. Output is not delayed: the first sample
    returned belongs to the first sample taken, only it comes later.

    >>> limiter = Limiter(44_100, channels=1, ceiling_db=-6.0)
    >>> loud = np.ones((1, 10_000), np.float32)
    >>> y = np.concatenate([limiter.process(loud), limiter.flush()], axis=1)
    >>> y.shape, round(float(20 * np.log10(y[0, 5000])), 1)
    ((1, 10000), -6.0)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        channels: int = 2,
        ceiling_db: float = -1.0,
        lookahead_ms: float = 3.0,
        release_ms: float = 80.0,
    ) -> None:
        """A limiter in its first state.

        Args:
            sample_rate: samples per second.
            channels: channels of the audio.
            ceiling_db: highest true peak let through, dBTP.
            lookahead_ms: time in which the gain falls before a peak.
            release_ms: time in which the gain, in dB, recovers by 63 %.

        Raises:
            ValueError: if a time is too short.
        """
        if lookahead_ms * sample_rate < 1000:
            raise ValueError(f"lookahead_ms must be at least one sample, got {lookahead_ms}")
        lookahead = round(lookahead_ms * sample_rate / 1000)
        release = release_ms * sample_rate / 1000
        if release < SHORTEST_RELEASE:
            raise ValueError(f"release_ms must be at least {SHORTEST_RELEASE} samples, got {release_ms}")
        self._chunks = _ChunkLimiter(channels, ceiling_db, lookahead, release)
        self._latency = self._chunks.latency
        self._waiting = np.zeros((channels, 0), np.float32)
        self._taken = 0
        self._returned = 0

    @property
    def reduction_db(self) -> float:
        """The deepest gain reduction so far, 0 or more."""
        return self._chunks.reduction_db

    def process(self, block: Audio) -> Audio:
        """Take the next samples, return those that are finished, if any. Shape: [channels, any time]."""
        self._taken += block.shape[1]
        return self._advance(block)

    def flush(self) -> Audio:
        """The rest, after which as many samples have come out as went in. Shape: [channels, time]."""
        missing = self._taken - self._returned
        silence = np.zeros((self._waiting.shape[0], self._latency + CHUNK), np.float32)
        return self._advance(silence)[:, :missing]

    def _advance(self, block: Audio) -> Audio:
        """Limit all whole chunks."""
        audio = np.concatenate([self._waiting, block.astype(np.float32, copy=False)], axis=1)
        whole = audio.shape[1] // CHUNK * CHUNK
        self._waiting = audio[:, whole:].copy()
        finished = [audio[:, :0]]
        for begin in range(0, whole, CHUNK):
            finished.append(self._chunks.process(audio[:, begin : begin + CHUNK]))
        return self._without_latency(np.concatenate(finished, axis=1))

    def _without_latency(self, audio: Audio) -> Audio:
        """Drop what came out before the first sample that went in."""
        early = max(0, min(self._latency, audio.shape[1]))
        self._latency -= early
        self._returned += audio.shape[1] - early
        return audio[:, early:]


class _ChunkLimiter:
    """The limiter with a fixed latency: takes and returns chunks of `CHUNK` samples.

    With n the time, d[n] the reduction in dB that sample n asks for, and L the look-ahead:

        held[n] = max(d[n], ..., d[n + L]),   released[n] = max(held[n], decay * released[n - 1]),
        reduction[n] = sum over k = 0 ... L of window[k] released[n - k],   the window positive, of sum 1.

    Each released[n - k] is at least d[n], so their mean is: the gain is low enough at every sample.
    """

    def __init__(self, channels: int, ceiling_db: float, lookahead: int, release: float) -> None:
        self.latency = HALF_TAPS + lookahead
        self.reduction_db = 0.0
        self._ceiling = 10 ** (ceiling_db / 20)
        self._lookahead = lookahead
        window = np.hanning(lookahead + 3)[1:-1]
        self._window = window / window.sum()
        self._growth = np.exp(np.arange(1, CHUNK + 1) / release)
        self._audio = np.zeros((channels, self.latency + HALF_TAPS), np.float32)
        self._last_between = 0.0
        self._asked = np.zeros(lookahead)
        self._released = np.zeros(lookahead)

    def process(self, chunk: Audio) -> Audio:
        """The next chunk, `latency` samples late."""
        audio = np.concatenate([self._audio, chunk], axis=1)
        self._audio = audio[:, CHUNK:].copy()
        reduction_db = self._smooth(self._release(self._hold(self._ask(audio))))
        delayed = audio[:, HALF_TAPS : HALF_TAPS + CHUNK]
        deepest_db = float(reduction_db.max())
        if deepest_db == 0:
            return delayed.copy()
        self.reduction_db = max(self.reduction_db, deepest_db)
        return (delayed * 10 ** (-reduction_db / 20)).astype(np.float32)

    def _ask(self, audio: Audio) -> Level:
        """Reduction that brings the peaks at and around every sample under the ceiling."""
        begin = audio.shape[1] - CHUNK - HALF_TAPS
        at = np.abs(audio[:, begin : begin + CHUNK]).max(axis=0)
        between = _peak_between(audio[:, begin - HALF_TAPS + 1 :], self._ceiling)
        before = np.concatenate([[self._last_between], between[:-1]])
        self._last_between = between[-1]
        peak = np.maximum(np.maximum(before, between), at).astype(np.float64)
        over = peak > self._ceiling
        return np.where(over, 20 * np.log10(np.where(over, peak, 1) / self._ceiling) + MARGIN_DB, 0.0)

    def _hold(self, asked: Level) -> Level:
        asked = np.concatenate([self._asked, asked])
        self._asked = asked[CHUNK:]
        size = self._lookahead + 1
        return maximum_filter1d(asked, size)[size // 2 : size // 2 + CHUNK]

    def _release(self, held: Level) -> Level:
        # max over j <= n of held[j] decay^(n - j) is a running maximum of held[j] / decay^j, times decay^n.
        grown = np.concatenate([self._released[-1:], held * self._growth])
        released = np.maximum.accumulate(grown)[1:] / self._growth
        return np.where(released < INAUDIBLE_DB, held, np.maximum(released, held))

    def _smooth(self, released: Level) -> Level:
        released = np.concatenate([self._released, released])
        self._released = released[CHUNK:]
        if not released.any():
            return released[:CHUNK]
        return np.convolve(released, self._window, mode="valid")


def _peak_between(audio: Audio, ceiling: float) -> Audio:
    """Highest magnitude over the channels between each sample and the next, where it may exceed the ceiling.

    Shape: audio [channels, CHUNK + 2 HALF_TAPS - 1], beginning HALF_TAPS - 1 samples early; returns [CHUNK].
    """
    if np.abs(audio).max() * _highest_gain() <= ceiling:
        return np.zeros(CHUNK, np.float32)
    matrix = _interpolator()
    frames = np.lib.stride_tricks.sliding_window_view(audio, matrix.shape[0], axis=1)[:, ::FRAME]
    values = (np.ascontiguousarray(frames) @ matrix).reshape(len(audio), CHUNK // FRAME, -1, FRAME)
    return np.maximum(values.max(axis=(0, 2)), -values.min(axis=(0, 2))).reshape(CHUNK)


@functools.cache
def _phases() -> Level:
    """Filters [phases, 2 HALF_TAPS] that read a signal between two samples.

    A windowed sinc at every 1 / OVERSAMPLING of a sample, which is exact up to 0.9 of the Nyquist frequency, and the
    filter of the standard, whose ripple makes it read 0.1 dB more of some signals: no meter shall find a peak.
    """
    phase = np.arange(1, OVERSAMPLING)[:, None] / OVERSAMPLING
    distance = np.arange(1 - HALF_TAPS, HALF_TAPS + 1) - phase
    taps = np.sinc(distance) * np.i0(KAISER_BETA * np.sqrt(1 - (distance / HALF_TAPS) ** 2))
    standard = np.array([*BS_1770_PHASES, *(phase[::-1] for phase in BS_1770_PHASES)])
    margin = HALF_TAPS - standard.shape[1] // 2
    return np.concatenate([taps / taps.sum(axis=1, keepdims=True), np.pad(standard, ((0, 0), (margin, margin)))])


@functools.cache
def _highest_gain() -> float:
    """The most that a signal can rise between its samples."""
    return float(np.abs(_phases()).sum(axis=1).max())


@functools.cache
def _interpolator() -> Audio:
    """All phases for FRAME samples at once, [FRAME + 2 HALF_TAPS - 1, phases * FRAME]."""
    phases = _phases()
    matrix = np.zeros((FRAME + 2 * HALF_TAPS - 1, len(phases), FRAME), np.float32)
    for sample in range(FRAME):
        matrix[sample : sample + 2 * HALF_TAPS, :, sample] = phases.T
    return matrix.reshape(len(matrix), -1)
