"""True peak by ITU-R BS.1770-4, annex 2: the highest level a signal reaches, between its samples too."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv1d, pad

_TAPS = 48  # of one phase of the interpolator: flat to 0.9 of the Nyquist frequency
_KAISER_BETA = 8.0


def _oversampling(sample_rate: int) -> int:
    # The standard asks for 4 at 48 kHz and less above. 4 up to 96 kHz costs little and also serves sound up to 48 kHz.
    return 4 if sample_rate <= 96_000 else 2


@cache
def _interpolator(oversampling: int) -> Tensor:
    # Phase p of the interpolator reads the signal p / oversampling of a sample late: a windowed sinc. Phase 0, the
    # samples themselves, is left out. Tap i weighs the sample at `distance`; conv1d correlates, hence no reversal.
    phase = np.arange(1, oversampling)[:, None] / oversampling
    distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - phase
    window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / (_TAPS // 2)) ** 2))
    taps = np.sinc(distance) * window
    return torch.from_numpy(taps / taps.sum(1, keepdims=True))[:, None]


def _peak_between(samples: Tensor, sample_rate: int) -> Tensor:
    """Highest absolute value between the samples of each row; [rows, time] -> [rows]."""
    if samples.shape[-1] < _TAPS:
        return samples.new_zeros(samples.shape[0])
    return conv1d(samples[:, None], _interpolator(_oversampling(sample_rate)).to(samples)).abs().amax((1, 2))


def true_peak_db(x: Tensor, sample_rate: int) -> Tensor:
    """True peak in dBTP, over all channels; -inf for silence.

    Four times oversampled (twice above 96 kHz). Silence is taken to surround the signal.

    Shape: x [batch, channels, time]; returns [batch].

    Reference: ITU-R BS.1770-4, annex 2.
    """
    rows = x.flatten(0, 1)
    between = _peak_between(pad(rows, (_TAPS - 1, _TAPS - 1)), sample_rate)
    peak = torch.maximum(rows.abs().amax(-1), between)
    return 20 * torch.log10(peak.unflatten(0, x.shape[:2]).amax(1))


class TruePeakMeter:
    """Sample peak and true peak of a signal that arrives in blocks of any sizes; see `true_peak_db`.

    Args:
        sample_rate: of the signal, Hz.
        channels: of the signal.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self._history = torch.zeros(channels, _TAPS - 1)
        self._sample_peak = 0.0
        self._peak_between = 0.0

    def add(self, block: NDArray[np.floating]) -> None:
        """Read the next samples, [channels, time]."""
        if block.shape[1] == 0:
            return
        self._sample_peak = max(self._sample_peak, float(np.abs(block).max()))
        known = torch.cat([self._history, torch.from_numpy(np.ascontiguousarray(block, dtype=np.float32))], dim=1)
        self._peak_between = max(self._peak_between, float(_peak_between(known, self.sample_rate).max()))
        self._history = known[:, -(_TAPS - 1) :].clone()

    @property
    def sample_peak_db(self) -> float:
        """Highest absolute sample so far, dBFS; -inf for silence."""
        return _amplitude_to_db(self._sample_peak)

    @property
    def true_peak_dbtp(self) -> float:
        """True peak so far, with silence taken to follow."""
        tail = float(_peak_between(pad(self._history, (0, _TAPS - 1)), self.sample_rate).max())
        return _amplitude_to_db(max(self._sample_peak, self._peak_between, tail))


def _amplitude_to_db(amplitude: float) -> float:
    return 20 * float(np.log10(amplitude)) if amplitude > 0 else -np.inf
