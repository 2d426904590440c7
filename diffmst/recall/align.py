"""Where the stems of a song are within its finished mix.

The mix may begin earlier or later than the stems, be inverted, and run at another speed by as much as two clocks differ
or a tape drifts. The sum of the stems is compared with it by cross-correlation with the phase transform: of two signals
that share their sources but not their levels and tones, whitening leaves the delay.

Reference: Knapp, Carter, "The generalized correlation method for estimation of time delay", IEEE TASSP 24(4), 1976.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.stats import theilslopes

from diffmst.errors import UserError
from diffmst.recall.interpolation import Audio, samples_at

COARSE_RATE = 12_000
"""At which the whole song is compared, Hz; lossy files often have nothing above 9 kHz."""

LEAST_SALIENCE = 12.0
"""Peak of the correlation over its root mean square; the highest of pure chance lies at 5 to 6."""

_FLOOR = 1e-3  # of the mean power, under which a bin is not whitened
_WINDOW_S = 6.0
_WINDOWS = 9
_MOST_DRIFT = 400e-6  # two clocks differ by 50 ppm; tape by more
_REACH_S = 0.03
_TURNS = 3
_FINER_REACH_SAMPLES = 3
_LEAST_WINDOW_SALIENCE = 8.0
_FINEST_SAMPLES = 0.02
_AROUND = 40  # samples of the correlation on either side of its peak, to look between
_DRIFT_SIGMAS = 4.0
_WHOLE_SAMPLES = 0.05  # nearer than this to a whole sample, files were cut at samples

Signal = NDArray[np.floating]


class Alignment(NamedTuple):
    """Where samples of the song are in the mix: sample n at `offset_samples + n * (1 + drift)`.

    Attributes:
        offset_samples: where the song begins in the mix; below 0 if the mix begins later.
        drift: by how much the mix is longer, as a share of its length.
        inverted: whether its polarity is.
        salience: of the correlation, over chance.
    """

    offset_samples: float
    drift: float = 0.0
    inverted: bool = False
    salience: float = float("inf")

    @property
    def drift_ppm(self) -> float:
        """In millionths."""
        return 1e6 * self.drift

    def shared(self, frames: int, mix_frames: int) -> slice:
        """Which samples of a song of so many lie in a mix of so many; an empty slice where none does.

        >>> Alignment(-3.0).shared(10, 5), Alignment(2.5).shared(10, 9)
        (slice(3, 8, None), slice(0, 6, None))
        """
        speed = 1 + self.drift
        first = min(frames, max(0, math.ceil(-self.offset_samples / speed)))
        last = math.floor((mix_frames - 1 - self.offset_samples) / speed)
        return slice(first, max(first, min(frames, last + 1)))

    def in_mix(self, part: slice) -> slice:
        """The samples of the mix that are nearest to some of the song."""
        first, last = (max(0, round(self.offset_samples + (1 + self.drift) * at)) for at in (part.start, part.stop))
        return slice(first, last)

    def cut(self, mix: Audio, start: int, frames: int) -> Audio:
        """The mix as the song has it from a sample on; [channels, time] to [channels, frames]."""
        first = self.offset_samples + start * (1 + self.drift)
        part = samples_at(mix, first, 1 + self.drift, frames)
        return -part if self.inverted else part


def within(part: slice, start: int, frames: int) -> slice:
    """What of a block of so many samples lies in a part of the song, counted from the start of the block.

    >>> within(slice(10, 25), 0, 20), within(slice(10, 25), 20, 20), within(slice(10, 25), 40, 20)
    (slice(10, 20, None), slice(0, 5, None), slice(0, 0, None))
    """
    first, last = (min(frames, max(0, at - start)) for at in (part.start, part.stop))
    return slice(first, last) if last > first else slice(0, 0)


def coarse_alignment(song: Signal, mix: Signal, source: str = "the mix") -> Alignment:
    """Where a song is in its mix, to a few milliseconds, from all of both.

    Args:
        song: the sum of the stems at a low rate.
        mix: to mono, at the same rate.
        source: what errors call the mix.

    Shape: song [time]; mix [time].

    Raises:
        UserError: the two have nothing in common.
    """
    correlation = _whitened_correlation(song, mix)
    # With a drift the peak is spread over as many lags as it moves by from end to end.
    magnitude = np.abs(correlation)
    peak = int(magnitude.argmax())
    salience = float(magnitude[peak] / np.sqrt(np.mean(correlation**2)))
    if salience < LEAST_SALIENCE:
        raise UserError(
            f"{source}: is no mix of these stems: nowhere do the two run together; give the mix of the song"
        )
    lag = peak if peak < len(mix) else peak - len(correlation)
    return Alignment(float(lag), 0.0, bool(correlation[peak] < 0), salience)


def fine_alignment(song: Signal, mix: Audio, sample_rate: int, coarse: Alignment) -> Alignment:
    """The same to a small part of a sample, with the drift, from windows of both.

    Args:
        song: the sum of the stems, or better the mix as it was made again.
        mix: at the same rate.
        sample_rate: theirs, Hz.
        coarse: at that rate; its drift is known to `_MOST_DRIFT`.

    Shape: song [time]; mix [channels, time].
    """
    found, drift = _finer(song, mix, sample_rate, coarse), coarse.drift
    for _ in range(_TURNS):  # a drift blurs the windows too, until it is taken into account
        if found.drift == drift:
            break
        drift = found.drift
        found = _finer(song, mix, sample_rate, found)
    return found


def _finer(song: Signal, mix: Audio, sample_rate: int, known: Alignment) -> Alignment:
    frames, reach = round(_WINDOW_S * sample_rate), round(_REACH_S * sample_rate)
    starts = _window_starts(song, mix, known, frames)
    found = []
    for start in starts:
        spread = reach + round(_MOST_DRIFT * abs(start - starts[0]))
        lag = _lag_of_window(song[start : start + frames], mix, known, start, spread)
        if lag is not None:
            found.append((start + frames / 2, lag))
    if not found:
        return known
    centres, lags = np.array(found).T
    return _line(centres, lags, known)


def realigned(windows: Signal, starts: Sequence[int], mix: Audio, known: Alignment) -> Alignment:
    """The alignment made finer with windows of the mix as it was made again, whose filters delay as those of it do.

    Shape: windows [windows, time]; mix [channels, time].
    """
    lags = [
        (start + len(window) / 2, lag)
        for window, start in zip(windows, starts, strict=True)
        if (lag := _lag_of_window(window, mix, known, start, _FINER_REACH_SAMPLES)) is not None
    ]
    if not lags:
        return known
    offset = known.offset_samples + float(np.median([lag for _, lag in lags]))
    if not known.drift and abs(offset - round(offset)) < _WHOLE_SAMPLES:
        offset = float(round(offset))
    return known._replace(offset_samples=offset)


def _window_starts(song: Signal, mix: Audio, coarse: Alignment, frames: int) -> Sequence[int]:
    """Windows that lie in both, evenly spread."""
    first = max(0, round(-coarse.offset_samples))
    last = min(song.shape[-1], mix.shape[1] - round(coarse.offset_samples)) - frames
    if last <= first:
        return [first]
    return sorted({round(at) for at in np.linspace(first, last, _WINDOWS)})


def _lag_of_window(window: Signal, mix: Audio, coarse: Alignment, start: int, reach: int) -> float | None:
    """By how many samples the mix comes later there than expected; None where it cannot be told."""
    # Read `reach` samples further on both sides, so that lags 0 .. 2 reach are those from -reach to reach.
    there = coarse._replace(offset_samples=round(coarse.offset_samples) - reach, inverted=False)
    other = there.cut(mix, start, len(window) + 2 * reach).mean(0)
    correlation = _whitened_correlation(window, other)
    size = len(correlation)
    near = np.abs(correlation[: 2 * reach + 1])
    peak = int(near.argmax())
    if near[peak] < _LEAST_WINDOW_SALIENCE * np.sqrt(np.mean(correlation**2)):
        return None
    around = correlation[np.arange(peak - _AROUND, peak + _AROUND) % size]
    fine = np.abs(samples_at(around[None], _AROUND - 1, _FINEST_SAMPLES, round(2 / _FINEST_SAMPLES))[0])
    peak_between = peak - 1 + _FINEST_SAMPLES * int(fine.argmax())
    return peak_between - reach + round(coarse.offset_samples) - coarse.offset_samples


def _line(centres: NDArray[np.float64], lags: NDArray[np.float64], coarse: Alignment) -> Alignment:
    """The alignment that fits the lags of most windows; a drift only where it is beyond doubt."""
    offset, drift = float(np.median(lags)), 0.0
    if len(lags) >= 4:
        slope, intercept, low, high = theilslopes(lags, centres, 0.95)
        error = np.median(np.abs(lags - intercept - slope * centres))
        span = np.ptp(centres)
        if abs(slope) * span > max(_DRIFT_SIGMAS * error, 2 * _WHOLE_SAMPLES) and low * high > 0:
            drift, offset = float(slope), float(intercept)
    total = coarse.offset_samples + offset
    if not drift and abs(total - round(total)) < _WHOLE_SAMPLES:
        total = float(round(total))
    return coarse._replace(offset_samples=total, drift=coarse.drift + drift)


def _whitened_correlation(song: Signal, mix: Signal) -> Signal:
    """Of all lags, the negative ones at the end."""
    size = fft.next_fast_len(len(song) + len(mix), real=True)
    cross = fft.rfft(song, size).conj() * fft.rfft(mix, size)
    magnitude = np.abs(cross)
    whitened = cross / (magnitude + _FLOOR * magnitude.mean() + np.finfo(np.float32).tiny)
    return np.asarray(fft.irfft(whitened, size))
