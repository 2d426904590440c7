"""Gains of sessions, which are single numbers, in decibels and as the amplitudes that most programs write."""

from __future__ import annotations

import math


def to_amplitude(gain_db: float) -> float:
    """The amplitude of a gain.

    >>> to_amplitude(20.0), to_amplitude(-math.inf)
    (10.0, 0.0)
    """
    return 10.0 ** (gain_db / 20)


def to_db(amplitude: float) -> float:
    """The gain of an amplitude; minus infinity for none.

    >>> to_db(10.0), to_db(0.0)
    (20.0, -inf)
    """
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf
