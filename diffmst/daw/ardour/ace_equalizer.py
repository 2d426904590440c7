"""ACE EQ, which comes with Ardour: our equalizer, but for the steepness of its shelves, which is one for all.

Its filters are the state variable filters of Andrew Simper ("Solving the continuous SVF equations using trapezoidal
integration", 2013) in double precision. Its peaks are those of the cookbook, as ours, but turned by bandwidth; its
shelves have a Q of 0.7071, and count their frequency elsewhere. It moves to new settings smoothly and stops
0.05 dB and 0.1 Hz short of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from diffmst.daw.ardour.plugin import Band, Equalization, Plugin, spread_db
from diffmst.dsp.filters import BANDS, HIGHEST_FREQUENCY

NAME = "ACE EQ"
URI: Final = "urn:ardour:a-eq"

SHELF_Q = math.sqrt(0.5)
_GAIN_RANGE_DB = (-20.0, 20.0)  # at its output
_FREQ_RANGE_HZ = (20.0, 20_000.0)
_BANDWIDTH_RANGE_OCTAVES = (0.1, 4.0)
_SUFFIXES = ("l", *map(str, range(1, BANDS - 1)), "h")


def plugin(bands: Sequence[Band], gain_db: float, channels: int, sample_rate: int) -> Plugin:
    """The plugin that comes nearest to our equalizer, and amplifies by so much more, as far as it can.

    Args:
        bands: from low to high.
        gain_db: of the whole signal.
        channels: of the strip, 1 or 2.
        sample_rate: of the session, Hz.
    """
    output_db, _ = spread_db(gain_db, _GAIN_RANGE_DB)
    ports = {"enable": 1.0, "master": output_db}
    for suffix, band in zip(_SUFFIXES, bands, strict=True):
        freq_hz = min(band.freq_hz, HIGHEST_FREQUENCY * sample_rate)
        freq_hz = _warped(freq_hz, _shelf_factor(suffix, band.gain_db), sample_rate)
        ports |= {f"filtog{suffix}": 1.0, f"freq{suffix}": _clip(freq_hz, _FREQ_RANGE_HZ), f"g{suffix}": band.gain_db}
        if band.q is not None and not _is_shelf(suffix):
            ports[f"bw{suffix}"] = _clip(_bandwidth_octaves(band.q), _BANDWIDTH_RANGE_OCTAVES)
    return Plugin(NAME, URI, ports, instances=channels)


def read(ports: Mapping[str, float], sample_rate: int) -> Equalization:
    """What the plugin does, by its ports; its shelves have nothing to say on q."""
    return Equalization(tuple(_band(ports, suffix, sample_rate) for suffix in _SUFFIXES), ports["master"])


def _band(ports: Mapping[str, float], suffix: str, sample_rate: int) -> Band:
    gain_db = ports[f"g{suffix}"] if ports[f"filtog{suffix}"] > 0 else 0.0
    freq_hz = _warped(ports[f"freq{suffix}"], 1 / _shelf_factor(suffix, gain_db), sample_rate)
    if _is_shelf(suffix):
        return Band(gain_db, freq_hz, None)
    return Band(gain_db, freq_hz, _q(ports[f"bw{suffix}"]))


def _is_shelf(suffix: str) -> bool:
    return suffix in ("l", "h")


def _shelf_factor(suffix: str, gain_db: float) -> float:
    """What its shelves multiply the frequency by, before the bilinear transform, to be at the middle of their slope.

    The cookbook's low shelf, and Simper's, has its poles at w / sqrt(A), its high shelf at w sqrt(A), with A^2 the
    gain; this plugin leaves the root out.
    """
    root = 10 ** (gain_db / 80)
    return {"l": 1 / root, "h": root}.get(suffix, 1.0)


def _warped(freq_hz: float, factor: float, sample_rate: int) -> float:
    """The frequency whose tan(pi f / rate) is so many times that of `freq_hz`."""
    return sample_rate / math.pi * math.atan(factor * math.tan(math.pi * freq_hz / sample_rate))


def _bandwidth_octaves(q: float) -> float:
    """Distance of the points of half the gain in dB of an analogue peak, where 1 / q = 2 sinh(ln(2) / 2 bandwidth)."""
    return 2 / math.log(2) * math.asinh(1 / (2 * q))


def _q(bandwidth_octaves: float) -> float:
    return 1 / (2 * math.sinh(math.log(2) / 2 * bandwidth_octaves))


def _clip(value: float, range_: tuple[float, float]) -> float:
    return min(max(value, range_[0]), range_[1])
