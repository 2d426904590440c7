"""A plugin of a strip: which one, and how its ports stand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple


class Plugin(NamedTuple):
    """An LV2 plugin and its control ports.

    Attributes:
        name: as Ardour shows it.
        uri: identifies it.
        ports: values by the symbol of the port.
        instances: a mono plugin stands twice on a stereo strip, with the same settings.
        active: whether it is switched on.
    """

    name: str
    uri: str
    ports: Mapping[str, float]
    instances: int = 1
    active: bool = True


class Band(NamedTuple):
    """One band of the equalizer; the first is a low shelf, the last a high shelf, those between are peaks.

    Attributes:
        gain_db: of the band.
        freq_hz: its centre, or the middle of the slope of a shelf.
        q: None where the plugin has no say on it.
    """

    gain_db: float
    freq_hz: float
    q: float | None


class Equalization(NamedTuple):
    """What an equalizer plugin does.

    Attributes:
        bands: from low to high.
        gain_db: of the whole signal.
        ignored: what it has that ours cannot say.
    """

    bands: tuple[Band, ...]
    gain_db: float
    ignored: tuple[str, ...] = ()


def spread_db(gain_db: float, *ranges_db: tuple[float, float]) -> tuple[float, ...]:
    """A gain as a sum of gains within ranges: the first takes as much of it as it can, then the second, and so on.

    The last one is what is left.

    >>> spread_db(31.0, (-20, 20), (-20, 20)), spread_db(31.0, (-20, 20))
    ((20, 11.0, 0.0), (20, 11.0))
    """
    gains_db: list[float] = []
    for low_db, high_db in ranges_db:
        gains_db.append(min(max(gain_db, low_db), high_db))
        gain_db -= gains_db[-1]
    return (*gains_db, gain_db)


def to_amplitude(gain_db: float) -> float:
    """The factor of a gain; 0 of minus infinity."""
    return float(10 ** (gain_db / 20))


def to_db(amplitude: float) -> float:
    """The gain of a factor; minus infinity of 0 or less."""
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf
