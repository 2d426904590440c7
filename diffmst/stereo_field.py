"""Where the sound of a mix sits between left and right: the histogram of a goniometer."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SMALLEST_POWER = 1e-15  # -150 dB: below what 24 bits hold, and a logarithm exists
LOWEST_DB = -72

_ANGLES = 91  # odd, so that the middle is the middle of a bin
_LEVELS = 78  # from the lowest to +6 dBFS
_POINTS_PER_S = 6_000  # enough for a smooth picture, whatever the sample rate


def power_to_db(power: FloatArray | float) -> FloatArray:
    """Mean square to dBFS, not below -150."""
    return 10 * np.log10(np.maximum(power, SMALLEST_POWER))


class StereoField:
    """How often the goniometer's point is at each angle and level; reads blocks of any sizes.

    Angles run from -90 to 90 degrees in equal steps: 0 is the middle, -45 left alone, 45 right alone, and what lies
    beyond those is out of phase. Levels, of both sides together, run from `LOWEST_DB` upwards, 1 dB each.

    Args:
        sample_rate: of the signal, Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._step = max(1, sample_rate // _POINTS_PER_S)
        self._skip = 0
        self._counts = np.zeros(_ANGLES * _LEVELS)

    def add(self, mid_side: NDArray[np.float32]) -> None:
        """Reads the next samples of (L + R) / 2 and (L - R) / 2, [2, time]."""
        points = mid_side[:, self._skip :: self._step]
        self._skip = (self._skip - mid_side.shape[1]) % self._step
        mid, side = points
        power = mid**2 + side**2
        level = np.floor(power_to_db(power) - LOWEST_DB).astype(np.int64)
        heard = level >= 0
        # Left is positive side, and drawn at a negative angle; a point and its opposite are one direction.
        angle = np.degrees(np.arctan2(-side * np.where(mid < 0, -1, 1), np.abs(mid)))
        column = np.clip((angle + 90) / 180 * _ANGLES, 0, _ANGLES - 1).astype(np.int64)
        index = column * _LEVELS + np.minimum(level, _LEVELS - 1)
        self._counts += np.bincount(index[heard], minlength=self._counts.size)

    @property
    def density(self) -> FloatArray:
        """Share of the points in every bin, [angles, levels]; sums to 1, to 0 for silence."""
        return (self._counts / max(self._counts.sum(), 1)).reshape(_ANGLES, _LEVELS)
