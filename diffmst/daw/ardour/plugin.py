"""A plugin of a strip: which one, and how its ports stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Plugin(NamedTuple):
    """A plugin and its control ports.

    Attributes:
        name: as Ardour shows it.
        uri: identifies it: of an LV2 plugin its own, of a script `lua:` and its name.
        ports: values by the symbol of the port, or by its number from 0 where it is a script.
        instances: a mono plugin stands twice on a stereo strip, with the same settings.
        active: whether it is switched on.
        script: in Lua; empty where it is an LV2 plugin.
    """

    name: str
    uri: str
    ports: Mapping[str, float]
    instances: int = 1
    active: bool = True
    script: str = ""


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
    """

    bands: tuple[Band, ...]
    gain_db: float


def spread_db(gain_db: float, range_db: tuple[float, float]) -> tuple[float, float]:
    """As much of a gain as a range has, and the rest.

    >>> spread_db(31.0, (-20.0, 20.0))
    (20.0, 11.0)
    """
    low_db, high_db = range_db
    within_db = min(max(gain_db, low_db), high_db)
    return within_db, gain_db - within_db
