"""ACE Compressor, which comes with Ardour: our compressor, in single precision.

Both follow Giannoulis, Massberg, Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012: the peak of the
louder channel, a quadratic knee, and a branching one-pole filter of the gain reduction in dB.
"""

from __future__ import annotations

from collections.abc import Mapping

from diffmst.daw.ardour.plugin import Plugin

NAME = "ACE Compressor"
URIS = {1: "urn:ardour:a-comp", 2: "urn:ardour:a-comp#stereo"}
"""By the number of channels."""

KNOBS = {"attack_ms": (0.1, 100.0), "release_ms": (1.0, 2000.0), "makeup_db": (0.0, 30.0)}
"""How far its knobs go. It plays what lies beyond, as long as nobody touches them."""

_NARROWEST_KNEE_DB = 0.01
_KNEE_DB_PER_STEP = 6.0
_PORTS = {"threshold_db": "thr", "ratio": "rat", "attack_ms": "att", "release_ms": "rel", "makeup_db": "mak"}


def plugin(controls: Mapping[str, float], channels: int) -> Plugin:
    """The plugin that does what our compressor does.

    Args:
        controls: of our compressor, by their names.
        channels: of the strip, 1 or 2.
    """
    ports = {port: controls[name] for name, port in _PORTS.items()}
    ports["kn"] = max(0.0, (controls["knee_db"] - _NARROWEST_KNEE_DB) / _KNEE_DB_PER_STEP)
    return Plugin(NAME, URIS[channels], ports | {"sidech": 0.0, "enable": 1.0})


def read(ports: Mapping[str, float]) -> dict[str, float]:
    """The controls of our compressor that do what the plugin does, by their names."""
    knee_db = _KNEE_DB_PER_STEP * ports["kn"] + _NARROWEST_KNEE_DB if ports["kn"] > 0 else 0.0
    return {name: ports[port] for name, port in _PORTS.items()} | {"knee_db": knee_db}
