"""Look-ahead true-peak limiter for a finished mix, block by block.

Reference: ITU-R BS.1770-4, annex 2 (true peak); Giannoulis, Massberg, Reiss, "Digital dynamic range compressor design",
JAES 60(6), 2012.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffmst.dsp.true_peak import CHUNK, Lookout, interpolator

if TYPE_CHECKING:
    from diffmst.dsp.kernels.cpu_limiter import Envelope
    from diffmst.dsp.kernels.cpu_peaks import Interpolator
    from diffmst.dsp.loudness import SongFrames

Audio = NDArray[np.float32]

OVERSAMPLING = 8
HALF_TAPS = 32  # samples that the interpolator reads on either side
KAISER_BETA = 6.0
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
LOOKAHEAD_MS = 3.0
RELEASE_MS = 80.0
MODEL_FRAMES = 8192  # followed at a time
MARGIN_DB = 0.03  # a peak over the ceiling is taken this far below it: the interpolators of meters differ by so much


class Limiter:
    """Brick-wall limiter: the true peak of the output stays under the ceiling, and what stays under it is not touched.

    Before a peak the gain falls along a smooth curve that is as long as the look-ahead, and after it the gain recovers
    exponentially. The loudest channel sets the gain of all. Output is not delayed: the first sample returned belongs to
    the first sample taken, only it comes later.

    Peaks between samples are read at eight times the sample rate and by the filter of the standard. Of sound up to 0.9
    of the Nyquist frequency, other interpolators, however long, read no more than 0.05 dB over the ceiling. Near the
    Nyquist frequency itself no two read alike: of white noise, driven hard, `true_peak` reads up to 0.2 dB over, and an
    interpolator ten times as long up to 1 dB.

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
        lookahead_ms: float = LOOKAHEAD_MS,
        release_ms: float = RELEASE_MS,
        gain_db: float = 0.0,
    ) -> None:
        """A limiter in its first state.

        Args:
            sample_rate: samples per second.
            channels: channels of the audio.
            ceiling_db: highest true peak let through, dBTP.
            lookahead_ms: time in which the gain falls before a peak.
            release_ms: time in which the gain, in dB, recovers by 63 %.
            gain_db: gain in front of the limiter.

        Raises:
            ValueError: if a time is too short.
        """
        from diffmst.dsp.kernels.cpu_limiter import FRAME
        from diffmst.dsp.kernels.cpu_peaks import GROUP, MARGIN

        frame_ms = 1000 * FRAME / sample_rate
        for name, time_ms in {"lookahead_ms": lookahead_ms, "release_ms": release_ms}.items():
            if time_ms < frame_ms:
                raise ValueError(f"{name} must be at least {frame_ms:.3g}, {FRAME} samples, got {time_ms}")
        self._gain = 10 ** (gain_db / 20)
        self._ceiling = 10 ** (ceiling_db / 20)
        self._envelope = _envelope(
            ceiling_db, lookahead_ms / frame_ms, release_ms / frame_ms, room=(CHUNK + GROUP) // FRAME
        )
        self._lookout = Lookout(channels, _interpolator(), lag=self._envelope.lookahead * FRAME)
        self._silence = self._lookout.lag + MARGIN  # that comes out before the first sample
        self._missing = 0

    @property
    def reduction_db(self) -> float:
        """The deepest gain reduction so far, 0 or more."""
        return float(self._envelope.deepest_db[0])

    def process(self, block: Audio) -> Audio:
        """Take the next samples, return those that are finished, if any. Shape: [channels, any time]."""
        self._missing += block.shape[1]
        return self._advance(block)

    def flush(self) -> Audio:
        """The rest, after which as many samples have come out as went in. Shape: [channels, time]."""
        from diffmst.dsp.kernels.cpu_peaks import MARGIN

        missing, channels = self._missing, len(self._lookout.audio)
        rest = self._advance(np.zeros((channels, self._lookout.lag + 2 * MARGIN), np.float32))
        self._missing = 0
        return rest[:, :missing]

    def _advance(self, block: Audio) -> Audio:
        finished = [self._finish(chunk) for chunk in np.split(block, range(CHUNK, block.shape[1], CHUNK), axis=1)]
        return np.concatenate(finished, axis=1) if len(finished) > 1 else finished[0]

    def _finish(self, chunk: Audio) -> Audio:
        """The samples, if any, that are finished once a chunk has been taken."""
        from diffmst.dsp.kernels.cpu_peaks import GROUP, MARGIN

        groups = self._lookout.take(chunk, self._gain)
        found = self._lookout.search(groups, self._ceiling, rising=False)
        samples, audio = groups * GROUP, self._lookout.audio
        output = audio[:, MARGIN : MARGIN + samples].copy()
        if found > self._ceiling or not _is_at_rest(self._envelope):
            begin = self._lookout.lag + MARGIN
            self._limit(audio[:, begin : begin + samples], output)
        self._lookout.drop(groups)
        early = min(self._silence, samples)
        self._silence -= early
        self._missing -= samples - early
        return output[:, early:]

    def _limit(self, ahead: Audio, output: Audio) -> None:
        """Let the gain follow the samples ahead, and give it to the output."""
        from diffmst.dsp.kernels import cpu_limiter

        count, gaps = ahead.shape[1] // cpu_limiter.FRAME, self._lookout.gaps
        peaks = np.zeros(count, np.float32)
        for row in ahead:
            cpu_limiter.raise_peaks(cpu_limiter.Frames(row, gaps, peaks, count))
        gains = _follow(self._envelope, peaks)
        for row in output:
            cpu_limiter.apply(cpu_limiter.Frames(row, gaps, peaks, count), gains)


def limited_energies(frames: SongFrames, sample_rate: int, *, gain_db: float, ceiling_db: float) -> NDArray[np.float32]:
    """What a limiter would leave of the K-weighted energy of a song, by a model that hears no sample.

    The gain of the limiter is followed from frame to frame, and taken to act on the energy of the weighted song, as it
    changes slowly. The loudness of the whole comes out right to a few hundredths of a LU.

    Args:
        frames: of the song.
        sample_rate: of the song.
        gain_db: in front of the limiter.
        ceiling_db: of the limiter.

    Shape: returns [frames].
    """
    frame_ms = 1000 * frames.samples / sample_rate
    envelope = _envelope(ceiling_db, LOOKAHEAD_MS / frame_ms, RELEASE_MS / frame_ms, room=MODEL_FRAMES)
    gain, peaks = 10 ** (gain_db / 20), np.zeros(len(frames.peaks) + envelope.lookahead, np.float32)
    np.multiply(frames.peaks, np.float32(gain), out=peaks[: len(frames.peaks)])
    parts = np.split(peaks, range(MODEL_FRAMES, len(peaks), MODEL_FRAMES))
    kept = np.concatenate([_mean_square(_follow(envelope, part)) for part in parts])[envelope.lookahead :]
    kept *= frames.energies
    kept *= np.float32(gain**2)
    return kept


def _mean_square(gains: Audio) -> Audio:
    """Of the gain between the knots: that of a line from a to b is (a a + a b + b b) / 3."""
    a, b = gains[:-1], gains[1:]
    return (a * a + a * b + b * b) / 3


def _envelope(ceiling_db: float, lookahead_frames: float, release_frames: float, room: int) -> Envelope:
    from diffmst.dsp.kernels import cpu_limiter

    lookahead = max(1, round(lookahead_frames))
    window = np.hanning(lookahead + 2)[1:-1]
    return cpu_limiter.envelope(10 ** (ceiling_db / 20), MARGIN_DB, math.exp(-1 / release_frames), window, room)


def _follow(envelope: Envelope, peaks: Audio) -> Audio:
    """The gain at the knots around the next frames, those that lie the look-ahead behind these peaks."""
    from diffmst.dsp.kernels import cpu_limiter

    cpu_limiter.follow(envelope, peaks, len(peaks))
    return envelope.gains[: len(peaks) + 1]


def _is_at_rest(envelope: Envelope) -> bool:
    """Whether the gain is 1, and stays so if nothing more is asked for."""
    past = slice(envelope.lookahead)
    return not (envelope.asked[past].any() or envelope.released[past].any())


@cache
def _interpolator() -> Interpolator:
    """Filters that read a signal between two samples.

    A windowed sinc at every 1 / OVERSAMPLING of a sample, which is exact up to 0.9 of the Nyquist frequency, and the
    filter of the standard, whose ripple makes it read 0.1 dB more of some signals: no meter shall find a peak.
    """
    phase = np.arange(1, OVERSAMPLING // 2 + 1)[:, None] / OVERSAMPLING
    distance = np.arange(1 - HALF_TAPS, HALF_TAPS + 1) - phase
    taps = np.sinc(distance) * np.i0(KAISER_BETA * np.sqrt(1 - (distance / HALF_TAPS) ** 2))
    taps /= taps.sum(axis=1, keepdims=True)
    return interpolator([*taps.reshape(-1, 2, 2 * HALF_TAPS), np.array(BS_1770_PHASES)])
