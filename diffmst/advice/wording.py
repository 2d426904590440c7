"""How notes put numbers, frequencies and lists of names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

MOST_NAMES = 4
"""In one sentence."""


def lufs(loudness_lufs: float) -> str:
    """A loudness with its unit."""
    return f"{number(loudness_lufs)} LUFS"


def number(value: float) -> str:
    """One decimal, with a true minus sign."""
    return f"{value:.1f}".replace("-", "−")


def frequency(hz: float) -> str:
    """A frequency rounded as people say it: to two digits, from 50 up the second a 0 or 5.

    >>> frequency(79.4), frequency(127), frequency(1234), frequency(16_127)
    ('80 Hz', '130 Hz', '1.2 kHz', '16 kHz')
    """
    digit = 10.0 ** (math.floor(math.log10(hz)) - 1)
    step = 5 * digit if hz >= 50 * digit else digit
    said = round(hz / step) * step
    return f"{said:.0f} Hz" if said < 1000 else f"{said / 1000:g} kHz"


def quoted(names: Iterable[str]) -> list[str]:
    """Names as they stand in a sentence."""
    return [f"“{name}”" for name in names]


def listed(parts: Sequence[str]) -> str:
    """A list as one says it, not too long.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(list("abcdef"))
    ('a', 'a, b and c', 'a, b, c, d and 2 more')
    """
    shown, more = list(parts[:MOST_NAMES]), len(parts) - MOST_NAMES
    if more > 0:
        shown.append(f"{more} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
