"""Which controls of a mix are heard: the frequency of a band that neither boosts nor cuts can be anything."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.layout import Layout, Section, Settings

_FULL_BOOST_DB = 3.0
_FULL_SLOPE = 0.5  # of the reduction: a ratio of 2
_FULL_SEND_DB = -18.0


def _by_boost(gain_db: Tensor) -> Tensor:
    return (gain_db.abs() / _FULL_BOOST_DB).clamp(max=1)


def _by_ratio(ratio: Tensor) -> Tensor:
    return ((1 - 1 / ratio) / _FULL_SLOPE).clamp(max=1)


def _by_send(gain_db: Tensor) -> Tensor:
    return 10 ** ((gain_db - _FULL_SEND_DB).clamp(max=0) / 20)


class _Rule(NamedTuple):
    """Controls that are heard as far as another one of their section is away from where it does nothing.

    Attributes:
        pattern: of their names.
        by: last part of the name of the other one, in their effect or band.
        share: from its values to how much of them is heard, 0 to 1.
    """

    pattern: str
    by: str
    share: Callable[[Tensor], Tensor]


# What no rule names is always heard. The first rule that fits counts.
_RULES = (
    _Rule("eq.*.freq_hz", "gain_db", _by_boost),
    _Rule("eq.*.q", "gain_db", _by_boost),
    _Rule("compressor.threshold_db", "ratio", _by_ratio),
    _Rule("compressor.attack_ms", "ratio", _by_ratio),
    _Rule("compressor.release_ms", "ratio", _by_ratio),
    _Rule("compressor.knee_db", "ratio", _by_ratio),
)
_SEND = "send.gain_db"


def heard_shares(settings: Settings[Tensor], layout: Layout, audible: Tensor) -> Settings[Tensor]:
    """How much of every control is heard in a mix with these settings, 0 to 1.

    Bands count by their gain, compressors by their ratio, the reverb by the loudest send, tracks if they sound at all.

    Shape: settings physical, [batch, tracks, controls] and [batch, controls]; audible bool [tracks] or [batch, tracks];
        returns the shape of the settings.
    """
    sends_db = settings.tracks[..., layout.track.column(_SEND)]
    reverb = (_by_send(sends_db) * audible).amax(-1)
    return Settings(
        _shares(layout.track, settings.tracks) * audible[..., None],
        _shares(layout.fx, settings.fx) * reverb[:, None],
        _shares(layout.master, settings.master),
    )


def _shares(section: Section, values: Tensor) -> Tensor:
    shares = torch.ones_like(values)
    columns = {name: column for column, name in enumerate(section.params)}
    for name, column in columns.items():
        rule = next((rule for rule in _RULES if fnmatch(name, rule.pattern)), None)
        if rule:
            shares[..., column] = rule.share(values[..., columns[f"{name.rpartition('.')[0]}.{rule.by}"]])
    return shares
