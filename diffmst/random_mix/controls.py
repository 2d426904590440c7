"""Settings of a section of the console as they are being drawn, numpy, physical units."""

from __future__ import annotations

import numpy as np

from diffmst.layout import Section


def within_ranges(section: Section, values: np.ndarray) -> np.ndarray:
    """Settings held within the ranges of their controls; values [..., controls]."""
    low, high = np.array([(param.low, param.high) for param in section.params.values()]).T
    return np.clip(values, low, high)


def towards_default(section: Section, values: np.ndarray, effect: str, amount: float) -> np.ndarray:
    """Settings with the controls of one effect moved towards their defaults, in positions; exact at 0 and 1.

    Shape: values [..., controls]; returns the same.
    """
    moved = np.array([name.startswith(f"{effect}.") for name in section.params])
    if amount == 1 or not moved.any():
        return values
    if amount == 0:
        return np.where(moved, section.defaults(), values)
    default = section.to_unit(section.defaults())
    blended = section.from_unit(default + amount * (section.to_unit(values) - default))
    return np.where(moved, blended, values)
