"""True peak by ITU-R BS.1770-4, annex 2: the highest level a signal reaches, between its samples too."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffmst.arrays import library, like

if TYPE_CHECKING:
    from torch import Tensor

    from diffmst.dsp.kernels.cpu_peaks import Interpolator

_TAPS = 48  # of one phase of the interpolator: flat to 0.9 of the Nyquist frequency
_KAISER_BETA = 8.0
_ROUNDING = 1e-5  # relative, of float32 sums of so many taps
# A parabola through three samples rises over the highest of them by curvature / 2 times the square of its distance from
# the top, which is up to half a sample: this much on average.
_CURVATURE_TO_PEAK = 1 / 24
CHUNK = 65_536  # samples looked at together, at most


def _oversampling(sample_rate: int) -> int:
    # The standard asks for 4 at 48 kHz and less above. 4 up to 96 kHz costs little and also serves sound up to 48 kHz.
    return 4 if sample_rate <= 96_000 else 2


@cache
def _interpolator(oversampling: int) -> NDArray[np.float64]:
    # Phase p of the interpolator reads the signal p / oversampling of a sample late: a windowed sinc. Phase 0, the
    # samples themselves, is left out. Tap i weighs the sample at `distance`; conv1d correlates, hence no reversal.
    phase = np.arange(1, oversampling)[:, None] / oversampling
    distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - phase
    window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / (_TAPS // 2)) ** 2))
    taps = np.sinc(distance) * window
    return taps / taps.sum(1, keepdims=True)


def _peak_between(samples: Tensor, sample_rate: int) -> Tensor:
    """Highest absolute value between the samples of each row; [rows, time] -> [rows]."""
    from torch.nn.functional import conv1d  # when first used: meters do without torch

    if samples.shape[-1] < _TAPS:
        return samples.new_zeros(samples.shape[0])
    phases = like(_interpolator(_oversampling(sample_rate))[:, None], samples)
    return conv1d(samples[:, None], phases).abs().amax((1, 2))


def true_peak_db(x: Tensor, sample_rate: int) -> Tensor:
    """True peak in dBTP, over all channels; -inf for silence.

    Four times oversampled (twice above 96 kHz). Silence is taken to surround the signal.

    Shape: x [batch, channels, time]; returns [batch].

    Reference: ITU-R BS.1770-4, annex 2.
    """
    rows = x.flatten(0, 1)
    silence = rows.new_zeros(len(rows), _TAPS - 1)
    between = _peak_between(library(x).concat([silence, rows, silence], -1), sample_rate)
    peak = rows.abs().amax(-1).maximum(between)
    return 20 * peak.unflatten(0, x.shape[:2]).amax(1).log10()


def interpolator(banks: Sequence[NDArray[np.float64]]) -> Interpolator:
    """Interpolating filters as the compiled kernels take them, each together with its mirror image.

    Args:
        banks: pairs of filters of one length; tap k of 2 half weighs the sample k - half + 1 places after that before
            the gap. The order of both is derived in `kernels.cpu_peaks`.

    Shape: each bank [2, 2 half].
    """
    from diffmst.dsp.kernels.cpu_peaks import Interpolator

    taps, level, curvature = [], 0.0, 0.0
    for bank in banks:
        half = bank.shape[1] // 2
        before, after = bank[:, half - 1 :: -1], bank[:, half:]
        taps.append(np.stack([before + after, before - after], axis=1).reshape(4, half).T / 2)
        for phase in bank:
            total = phase.sum()
            position = phase @ np.arange(1 - half, half + 1) / total  # of the point on the line between the samples
            rest = phase.copy()
            rest[half - 1 : half + 1] -= total * np.array([1 - position, position])
            level = max(level, abs(total))
            curvature = max(curvature, float(np.abs(rest.cumsum().cumsum()).sum()))
    return Interpolator(
        banks=len(banks),
        halves=np.array([len(bank) for bank in taps]),
        taps=np.concatenate(taps).astype(np.float32).reshape(-1),
        level=float(level) * (1 + _ROUNDING),
        curvature=curvature * (1 + _ROUNDING),
    )


@cache
def _meter_interpolator(oversampling: int) -> Interpolator:
    phases = _interpolator(oversampling)
    return interpolator([phases[[0, len(phases) // 2]]])  # the phases after the middle are mirror images


class Lookout:
    """A signal that arrives in blocks, looked at in whole groups, with what lies around them.

    Attributes:
        audio: what is kept of the signal, [channels, lag + MARGIN + GROUP ... + MARGIN] samples: behind the lag and the
            margin the groups that are looked at next, or just have been. It begins with silence.
        lag: samples that are kept after having been looked at.
        levels, curvatures: of the groups looked at and one on either side, [channels, 1 + groups + 1].
        gaps: highest magnitude in the gap before the groups, and in that after each of their samples; or 0, where it is
            surely under the threshold.

    Args:
        channels: of the signal.
        interpolator: reads between the samples.
        lag: as above.
    """

    def __init__(self, channels: int, interpolator: Interpolator, lag: int = 0) -> None:
        from diffmst.dsp.kernels.cpu_peaks import GROUP, MARGIN

        self.lag = lag
        self.audio = np.zeros((channels, lag + MARGIN + CHUNK + GROUP + MARGIN), np.float32)
        self.levels, self.curvatures = (np.zeros((channels, CHUNK // GROUP + 3), np.float32) for _ in range(2))
        self.gaps = np.zeros(1 + CHUNK + GROUP, np.float32)
        self._last_gap = 0.0
        self._interpolator = interpolator
        self._filled = lag + 2 * MARGIN

    def take(self, block: NDArray[np.floating], gain: float = 1.0) -> int:
        """Append up to CHUNK samples, [channels, time]; returns how many groups may be looked at."""
        from diffmst.dsp.kernels.cpu_peaks import GROUP, MARGIN

        end = self._filled + block.shape[1]
        np.multiply(block, np.float32(gain), out=self.audio[:, self._filled : end], casting="same_kind")
        self._filled = end
        return (end - self.lag - 2 * MARGIN) // GROUP

    def search(self, groups: int, threshold: float, *, rising: bool) -> float:
        """Look at groups.

        Args:
            groups: their number.
            threshold: amplitude over which gaps matter.
            rising: whether only the highest of them matters.

        Returns:
            The highest magnitude found, at the samples and in the gaps.
        """
        from diffmst.dsp.kernels import cpu_peaks

        samples = cpu_peaks.GROUP * groups
        end, found = self.lag + 2 * cpu_peaks.MARGIN + samples, self._last_gap
        self.gaps[0], self.gaps[1 : 1 + samples] = self._last_gap, 0
        for audio, levels, curvatures in zip(self.audio, self.levels, self.curvatures, strict=True):
            row = cpu_peaks.Row(audio[self.lag : end], groups, levels, curvatures, self.gaps[1:])
            matters = max(threshold, found) if rising else threshold
            found = max(found, cpu_peaks.interpolate(row, self._interpolator, matters, rising))
        self._last_gap = float(self.gaps[samples])
        return found

    def drop(self, groups: int) -> None:
        """Forget as many groups of the oldest samples."""
        from diffmst.dsp.kernels.cpu_peaks import GROUP

        kept = self._filled - groups * GROUP
        self.audio[:, :kept] = self.audio[:, groups * GROUP : self._filled].copy()
        self._filled = kept


class TruePeakMeter:
    """Sample peak and true peak of a signal that arrives in blocks of any sizes; see `true_peak_db`.

    Args:
        sample_rate: of the signal, Hz.
        channels: of the signal.
        frame_groups: groups of samples (`kernels.cpu_peaks.GROUP`) in a frame of `add`.
    """

    def __init__(self, sample_rate: int, channels: int, frame_groups: int = 1) -> None:
        from diffmst.dsp.kernels.cpu_peaks import GROUP, MARGIN

        self.sample_rate = sample_rate
        self._frame_groups = frame_groups
        self._lookout = Lookout(channels, _meter_interpolator(_oversampling(sample_rate)))
        self._early = MARGIN // GROUP  # groups that lie before the signal, in no frame
        self._estimates = np.zeros(0, np.float32)  # of the unfinished frame
        self._sample_peak = 0.0
        self._true_peak = 0.0

    def add(self, block: NDArray[np.floating]) -> NDArray[np.float32]:
        """Read the next samples.

        Returns:
            The highest magnitude in every frame that ended, over all channels, estimated from the samples.

        Shape: block [channels, time]; returns [frames].
        """
        ends = range(CHUNK, block.shape[1], CHUNK)
        frames = [self._add_chunk(chunk) for chunk in np.split(block, ends, axis=1)]
        return np.concatenate(frames)

    def _add_chunk(self, chunk: NDArray[np.floating]) -> NDArray[np.float32]:
        groups = self._lookout.take(chunk)
        self._true_peak = max(self._true_peak, self._lookout.search(groups, self._true_peak, rising=True))
        here = slice(1, 1 + groups)
        levels, curvatures = self._lookout.levels[:, here], self._lookout.curvatures[:, here]
        self._lookout.drop(groups)
        self._sample_peak = max(self._sample_peak, float(levels.max(initial=0)))

        estimates = (levels + np.float32(_CURVATURE_TO_PEAK) * curvatures).max(axis=0)
        early = min(self._early, groups)
        self._early -= early
        self._estimates = np.concatenate([self._estimates, estimates[early:]])
        whole = len(self._estimates) // self._frame_groups * self._frame_groups
        frames, self._estimates = np.split(self._estimates, [whole])
        return frames.reshape(-1, self._frame_groups).max(axis=1)

    def ended(self) -> tuple[TruePeakMeter, NDArray[np.float32]]:
        """A meter that has read the silence after the signal, too, and the frames that end in it."""
        from diffmst.dsp.kernels.cpu_peaks import GROUP, MARGIN

        meter = deepcopy(self)
        return meter, meter.add(np.zeros((len(meter._lookout.audio), 2 * MARGIN + GROUP * self._frame_groups)))

    @property
    def sample_peak_db(self) -> float:
        """Highest absolute sample so far, dBFS; -inf for silence."""
        return _amplitude_to_db(self.ended()[0]._sample_peak)

    @property
    def true_peak_dbtp(self) -> float:
        """True peak so far, with silence taken to follow."""
        return _amplitude_to_db(self.ended()[0]._true_peak)


def _amplitude_to_db(amplitude: float) -> float:
    return 20 * float(np.log10(amplitude)) if amplitude > 0 else -np.inf
