"""What the draws share."""

import math

import numpy as np

Chance = np.random.Generator


def log_between(rng: Chance, low: float, high: float) -> float:
    """A number drawn evenly on a log scale."""
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def among(rng: Chance, options: tuple[float, ...]) -> float:
    """One of some numbers."""
    return float(options[int(rng.integers(len(options)))])
