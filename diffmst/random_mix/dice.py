"""Random numbers that stay what they are: a mix that was drawn can be drawn again by any later version."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

Values = float | np.ndarray

_KEPT = ndtr(-2.5), ndtr(2.5)


class Dice:
    """Draws from the raw bits of a counter, as numpy promises only these to be the same in every version.

    Args:
        *seed: one or more integers, at least 0; others of them give unrelated numbers.

    >>> Dice(1, 2).uniform(0, 1, (2,))
    array([0.95182277, 0.453645  ])
    """

    def __init__(self, *seed: int) -> None:
        # The count goes first, as a sequence would otherwise be the same as one with a zero behind it.
        self._bits = np.random.Philox(key=np.random.SeedSequence((len(seed), *seed)).generate_state(2, np.uint64))

    def uniform(self, low: Values, high: Values, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers between two, evenly."""
        return low + (high - low) * self._unit(shape)

    def normal(self, mean: Values, deviation: Values, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers around a mean, cut off at 2.5 standard deviations: a strange mix, but none that is wrong."""
        drawn: np.ndarray = mean + deviation * ndtri(self.uniform(*_KEPT, shape))
        return drawn

    def log_normal(self, median: Values, factor: float, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers around a median, two of three of them within a factor of it."""
        drawn: np.ndarray = median * factor ** self.normal(0, 1, shape)
        return drawn

    def chance(self, probability: Values, shape: tuple[int, ...]) -> np.ndarray:
        """True so often, bool."""
        return self._unit(shape) < probability

    def sign(self, shape: tuple[int, ...]) -> np.ndarray:
        """-1 or 1, equally often."""
        return np.where(self.chance(0.5, shape), -1.0, 1.0)

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._unit(()) * (high - low + 1))

    def seed(self) -> int:
        """A seed for other dice, below 2 ** 63, which every format can hold."""
        return int(self._bits.random_raw()) >> 1

    def _unit(self, shape: tuple[int, ...]) -> np.ndarray:
        """Between 0 and 1, neither included: the upper 52 bits, in the middle of their steps, exactly."""
        bits = np.asarray(self._bits.random_raw(int(np.prod(shape))), np.uint64) >> np.uint64(12)
        return ((bits + 0.5) * 2.0**-52).reshape(shape)
