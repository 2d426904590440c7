"""What a mix sounds like, in figures: spectrum, width, loudness and stereo field of a signal that arrives in blocks.

The reference, the mix before and the mix after are each read once into a `Profile`; the report draws them against one
another and the advice judges them.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal import freqz_sos
from scipy.signal.windows import hann

from diffmst.dsp.framing import frame_size
from diffmst.dsp.loudness import LoudnessMeter, k_weighting_sos
from diffmst.dsp.stereo import MONO_DB
from diffmst.stereo_field import SMALLEST_POWER, StereoField, power_to_db

FloatArray = NDArray[np.float64]

_FRAME_S = 0.35  # resolves third octaves down to 25 Hz
_FRAMES_AT_ONCE = 16
_LOWEST_BAND_HZ = 20.0
_HIGHEST_BAND_HZ = 20_000.0
TONE_HZ = (40.0, 16_000.0)  # where the tonal balance is compared: below and above, players and encoders decide
AS_GOOD_AS_MONO_DB = -30.0  # side against mid; below, nobody hears a difference
_NOTHING_ABOVE_DB = -88.0  # what a lossy encoder's low pass leaves above it, against the whole


@dataclass(frozen=True)
class Bands:
    """Long-time average power of mid (L + R) / 2 and side (L - R) / 2 in bands a third of an octave wide.

    Attributes:
        freq_hz: centres, [bands].
        mid: mean square of the mid signal, [bands].
        side: mean square of the side signal, [bands].
        cross: mean of their product, [bands]; it tells left from right.
    """

    freq_hz: FloatArray
    mid: FloatArray
    side: FloatArray
    cross: FloatArray

    @property
    def mid_db(self) -> FloatArray:
        """Level of the mid signal, dBFS."""
        return power_to_db(self.mid)

    @property
    def side_db(self) -> FloatArray:
        """Level of the side signal, dBFS."""
        return power_to_db(self.side)

    @property
    def total_db(self) -> FloatArray:
        """Level of both, dBFS."""
        return power_to_db(self.mid + self.side)

    @property
    def width_db(self) -> FloatArray:
        """Side against mid: 0 for unrelated sides, far below 0 for mono, above 0 for sides out of phase."""
        return self.side_db - self.mid_db

    @property
    def correlation(self) -> FloatArray:
        """Of left and right: 1 mono, 0 unrelated, -1 out of phase; 1 where there is nothing."""
        return _correlation(self.mid, self.side, self.cross)


class Profile:
    """Spectrum, width, loudness and stereo field of a mix; memory does not grow but by the loudness curve.

    Blocks may have any sizes, and readings may be taken at any time.

    Args:
        sample_rate: of the signal, Hz.

    >>> profile = Profile(44_100)
    >>> profile.add(0.1 * np.random.default_rng(0).standard_normal((2, 44_100)).astype(np.float32))
    >>> round(profile.duration_s, 1), round(profile.width_db)
    (1.0, 0)
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.meter = LoudnessMeter(sample_rate, channels=2)
        self._samples = 0
        self._spectrum = _CrossSpectrum(sample_rate)
        self._field = StereoField(sample_rate)

    def add(self, block: NDArray[np.floating]) -> None:
        """Reads the next samples, [channels, time]; one channel is the same on both sides.

        Raises:
            ValueError: neither one nor two channels.
        """
        if block.ndim != 2 or block.shape[0] not in (1, 2):
            raise ValueError(f"block must be [1 or 2, time], got {list(block.shape)}")
        sides = np.repeat(block.astype(np.float32, copy=False), 2 // block.shape[0], axis=0)
        self._samples += block.shape[1]
        self.meter.add(sides)
        mid_side = np.stack([sides[0] + sides[1], sides[0] - sides[1]]) * np.float32(0.5)
        self._spectrum.add(mid_side)
        self._field.add(mid_side)

    @property
    def duration_s(self) -> float:
        """Length so far."""
        return self._samples / self.sample_rate

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness; -inf for silence."""
        return self.meter.integrated_lufs

    @property
    def plr_db(self) -> float:
        """Peak-to-loudness ratio: how far the true peak stands above the integrated loudness; NaN for silence."""
        return self.meter.true_peak_dbtp - self.loudness_lufs

    @property
    def mono(self) -> bool:
        """Whether left and right are the same but for noise; see `diffmst.dsp.stereo.MONO_DB`."""
        _, mid, side, _ = self._spectrum.powers()
        return bool(side.sum() <= 10 ** (MONO_DB / 10) * mid.sum())

    @property
    def width_db(self) -> float:
        """Side against mid over all frequencies."""
        _, mid, side, _ = self._spectrum.powers()
        return float(power_to_db(side.sum()) - power_to_db(mid.sum()))

    @property
    def correlation(self) -> float:
        """Of left and right over all frequencies; see `Bands.correlation`."""
        _, *powers = self._spectrum.powers()
        return float(_correlation(*(power.sum() for power in powers)))

    @property
    def mono_loss_lu(self) -> float:
        """How much loudness the mix loses when its sides are summed to mono: 0 for mono, 3 for unrelated sides."""
        # Both speakers play M instead of M + S and M - S, whose powers add to 2 M^2 + 2 S^2.
        freq_hz, mid, side, _ = self._spectrum.powers()
        _, response = freqz_sos(k_weighting_sos(self.sample_rate), freq_hz, fs=self.sample_rate)
        weight = np.abs(response) ** 2
        kept = max(float(weight @ mid), SMALLEST_POWER)
        return 10 * math.log10((kept + float(weight @ side)) / kept)

    @property
    def bandwidth_hz(self) -> float:
        """Frequency above which there is nothing to speak of, as a lossy encoder leaves it."""
        freq_hz, mid, side, _ = self._spectrum.powers()
        above = np.cumsum((mid + side)[::-1])[::-1]
        present = above > above[0] * 10 ** (_NOTHING_ABOVE_DB / 10)
        return float(freq_hz[present][-1]) if present.any() else 0.0

    def bands(self, per_octave: int = 3) -> Bands:
        """Power in third octaves, `per_octave` of them (more than three overlap, for a smooth curve)."""
        freq_hz, *powers = self._spectrum.powers()
        top_hz = min(_HIGHEST_BAND_HZ, self.sample_rate / 2 * 2 ** (-1 / 6))
        steps = math.floor(math.log2(top_hz / _LOWEST_BAND_HZ) * per_octave + 1e-9)
        centres = _LOWEST_BAND_HZ * 2 ** (np.arange(steps + 1) / per_octave)
        return Bands(centres, *(_integrate(freq_hz, power, centres) for power in powers))

    def powers_between(self, low_hz: float, high_hz: float) -> tuple[float, float]:
        """Mean squares of mid and side between two frequencies."""
        freq_hz, mid, side, _ = self._spectrum.powers()
        mid, side = (_between(freq_hz, power, np.array([low_hz]), np.array([high_hz])) for power in (mid, side))
        return float(mid[0]), float(side[0])

    def stereo_field(self) -> FloatArray:
        """Where the sound sits, [angles, levels]; see `StereoField`."""
        return self._field.density


class Differences(NamedTuple):
    """How far a mix is from its reference, in what one hears at once; all at equal loudness.

    Attributes:
        tone_db: mean over third octaves from 40 Hz to 16 kHz of the absolute difference in level.
        width_db: difference in side against mid.
        dynamics_db: difference in peak-to-loudness ratio.
    """

    tone_db: float
    width_db: float
    dynamics_db: float


def differences(profile: Profile, reference: Profile) -> Differences:
    """How far a mix is from its reference; the sign says where: above 0 is wider, or more dynamic, than it."""
    widths = [max(either.width_db, AS_GOOD_AS_MONO_DB) for either in (profile, reference)]
    return Differences(
        tone_db=float(np.abs(tone_difference_db(profile, reference)).mean()),
        width_db=widths[0] - widths[1],
        dynamics_db=profile.plr_db - reference.plr_db,
    )


def tone_difference_db(profile: Profile, reference: Profile) -> FloatArray:
    """Level of each third octave from 40 Hz to 16 kHz against the reference, both at equal loudness, [bands]."""
    ours, theirs = profile.bands(), reference.bands()
    shared = min(len(ours.freq_hz), len(theirs.freq_hz))
    freq_hz = ours.freq_hz[:shared]
    difference = at_equal_loudness(ours.total_db, profile)[:shared]
    difference = difference - at_equal_loudness(theirs.total_db, reference)[:shared]
    return difference[(freq_hz > TONE_HZ[0] * 0.9) & (freq_hz < TONE_HZ[1] * 1.1)]


def at_equal_loudness(level_db: FloatArray, profile: Profile) -> FloatArray:
    """Levels in dBFS of a profile as levels against its own integrated loudness; silence stays where it is."""
    return level_db - (profile.loudness_lufs if math.isfinite(profile.loudness_lufs) else 0.0)


class _CrossSpectrum:
    """Welch's averaged power spectra of mid, side and their product; Hann frames, half overlapping."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._size = frame_size(sample_rate, _FRAME_S)
        self._window = hann(self._size, sym=False).astype(np.float32)
        self._pending = np.zeros((2, 0), np.float32)
        self._sums = np.zeros((3, self._size // 2 + 1))
        self._frames = 0

    def add(self, mid_side: NDArray[np.float32]) -> None:
        samples = np.concatenate([self._pending, mid_side], axis=1)
        hop = self._size // 2
        frames = max(0, samples.shape[1] // hop - 1)
        if frames:
            views = np.lib.stride_tricks.sliding_window_view(samples, self._size, axis=1)[:, : frames * hop : hop]
            for first in range(0, frames, _FRAMES_AT_ONCE):
                self._sums += self._products(views[:, first : first + _FRAMES_AT_ONCE] * self._window)
        self._frames += frames
        self._pending = samples[:, frames * hop :].copy()

    def _products(self, frames: NDArray[np.float32]) -> FloatArray:
        """Sums over windowed frames [2, frames, size] of |M|^2, |S|^2 and Re(M S*), [3, bins]."""
        mid, side = rfft(frames)
        return np.stack(
            [
                np.sum(np.abs(mid) ** 2, axis=0, dtype=np.float64),
                np.sum(np.abs(side) ** 2, axis=0, dtype=np.float64),
                np.sum((mid * side.conj()).real, axis=0, dtype=np.float64),
            ]
        )

    def powers(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Frequencies, and the share of every bin in the mean squares of mid, side and their product."""
        freq_hz = np.arange(self._size // 2 + 1) * self._sample_rate / self._size
        if self._frames:
            return freq_hz, *self._scaled(self._sums / self._frames, float(np.square(self._window).sum()))
        if self._pending.shape[1] == 0:
            return freq_hz, *np.zeros((3, len(freq_hz)))
        # Shorter than one frame: one frame of its own, padded with silence.
        length = self._pending.shape[1]
        window = hann(length + 1, sym=False)[1:].astype(np.float32)
        padded = np.zeros((2, 1, self._size), np.float32)
        padded[:, 0, :length] = self._pending * window
        return freq_hz, *self._scaled(self._products(padded), float(np.square(window).sum()))

    def _scaled(self, products: FloatArray, window_energy: float) -> FloatArray:
        # Parseval: the sum of |w x|^2 is the sum of |X|^2 over all bins by their number, and one side counts twice.
        scaled = products * 2 / (self._size * window_energy)
        scaled[:, [0, -1]] /= 2
        return scaled


def _correlation(mid: FloatArray, side: FloatArray, cross: FloatArray) -> FloatArray:
    # L = M + S and R = M - S, so mean LR = M^2 - S^2, mean L^2 = M^2 + S^2 + 2 MS, mean R^2 = M^2 + S^2 - 2 MS.
    total = mid + side
    sides = np.sqrt(np.maximum((total + 2 * cross) * (total - 2 * cross), 0))
    return np.where(sides > SMALLEST_POWER, (mid - side) / np.maximum(sides, SMALLEST_POWER), 1.0)


def _integrate(freq_hz: FloatArray, power: FloatArray, centres: FloatArray) -> FloatArray:
    """Power in the third octave around each centre."""
    return _between(freq_hz, power, centres * 2 ** (-1 / 6), centres * 2 ** (1 / 6))


def _between(freq_hz: FloatArray, power: FloatArray, low_hz: FloatArray, high_hz: FloatArray) -> FloatArray:
    """Power between pairs of frequencies; a bin is spread evenly over its width."""
    half_bin = (freq_hz[1] - freq_hz[0]) / 2
    edges = np.concatenate([freq_hz - half_bin, freq_hz[-1:] + half_bin])
    total = np.concatenate([[0.0], np.cumsum(power)])
    return np.interp(high_hz, edges, total) - np.interp(low_hz, edges, total)
