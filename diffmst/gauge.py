"""Gain staging: the settings of one mix among all that sound the same, with faders where an engineer expects them.

The faders of all tracks may rise together if the master takes it back at its input: all in between, the reverb too, is
linear. What the fader of the master does, the makeup gain of its compressor can do. And the input of the master may
rise if the threshold rises as much and the fader takes it back: the equalizer between them is linear, and the
compressor sees the same distance to its threshold. So three numbers are free in every mix. Here they bring the loudest
fader of a track to 0 dB, where the bus has the loudness of a stem or a little more, and the fader of the master to
0 dB: by the makeup gain of a compressor that works, as far as it goes, and by the input for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.layout import Layout, Section, Settings

_FADER, _INPUT = "fader.gain_db", "input.gain_db"
_THRESHOLD, _RATIO, _MAKEUP = "compressor.threshold_db", "compressor.ratio", "compressor.makeup_db"


class Gauge(NamedTuple):
    """Changes that cancel each other.

    Attributes:
        faders_db: added to the fader of every track.
        input_db: added to the input gain of the master.
        makeup_db: added to the makeup gain of its compressor.
    """

    faders_db: float
    input_db: float
    makeup_db: float = 0.0

    @property
    def level_db(self) -> float:
        """By which all that comes before the makeup gain rises in the master, and its threshold with it."""
        return self.faders_db + self.input_db


class _Room(NamedTuple):
    """How far something may be changed, dB; 0 lies within."""

    down: float
    up: float

    def nearest(self, change_db: float) -> float:
        return min(max(change_db, self.down), self.up)


_NONE = _Room(0.0, 0.0)


class _Rooms(NamedTuple):
    """Those of the faders of the tracks, and of input and level in the master."""

    faders: _Room
    inputs: _Room
    levels: _Room


def usual_gauge(
    ends: Sequence[Settings[Tensor]], sounding: Tensor, layout: Layout, locked: Settings[Tensor] | None = None
) -> Gauge:
    """The gauge that brings the last of several mixes as near to usual faders as the ranges of all, and locks, allow.

    One gauge for both ends that amounts go between leaves all in between as they sound, too.

    Args:
        ends: physical settings of the same tracks, batch of one.
        sounding: which tracks are heard, bool [tracks].
        layout: the console's controls; without faders on its tracks only the master changes.
        locked: what must not change, bool, of the shape of the settings.
    """
    makeup_db = _makeup_db([end.master for end in ends], layout, locked)
    ends = [regauged(end, Gauge(0.0, 0.0, makeup_db), layout) for end in ends]
    matched, room = ends[-1], _rooms(ends, sounding, layout, locked)
    loudest_db = 0.0
    if room.faders != _NONE:
        loudest_db = float(matched.tracks[0, sounding, layout.track.column(_FADER)].max())
    faders_db, level_db = room.faders.nearest(-loudest_db), room.levels.nearest(_fader_db(matched.master, layout))
    input_db = room.inputs.nearest(level_db - faders_db)
    # Where the input could not follow, the faders stay behind with it, as the level has to stay in its room.
    faders_db = room.faders.nearest(room.levels.nearest(faders_db + input_db) - input_db)
    return Gauge(faders_db, input_db, makeup_db)


def regauged(settings: Settings[Tensor], gauge: Gauge, layout: Layout) -> Settings[Tensor]:
    """The same mix, physical settings both.

    Args:
        settings: batch of one.
        gauge: from `usual_gauge`, for these settings among others.
        layout: the console's controls.
    """
    tracks, master = settings.tracks, settings.master
    if _FADER in layout.track.params:
        tracks = layout.track.moved(tracks, _FADER, gauge.faders_db)
    changes = {
        _INPUT: gauge.input_db,
        _THRESHOLD: gauge.level_db if _compresses(master, layout) else 0.0,
        _MAKEUP: gauge.makeup_db,
        _FADER: -gauge.level_db - gauge.makeup_db,
    }
    for control, change_db in changes.items():
        master = layout.master.moved(master, control, change_db)
    return Settings(tracks, settings.fx, master)


def _makeup_db(masters: Sequence[Tensor], layout: Layout, locked: Settings[Tensor] | None) -> float:
    """What the makeup gain can take over from the fader."""
    if not _compresses(masters[-1], layout):
        return 0.0
    of_master = None if locked is None else locked.master
    makeup, fader = (_room(layout.master, control, masters, of_master) for control in (_MAKEUP, _FADER))
    return -fader.nearest(-makeup.nearest(_fader_db(masters[-1], layout)))


def _rooms(
    ends: Sequence[Settings[Tensor]], sounding: Tensor, layout: Layout, locked: Settings[Tensor] | None
) -> _Rooms:
    masters = [end.master for end in ends]
    of_master = None if locked is None else locked.master
    faders = _NONE
    if _FADER in layout.track.params and sounding.any():
        of_tracks = None if locked is None else locked.tracks[0, sounding]
        faders = _room(layout.track, _FADER, [end.tracks[0, sounding] for end in ends], of_tracks)
    fader = _room(layout.master, _FADER, masters, of_master)
    levels = _Room(-fader.up, -fader.down)  # what leaves the master stays: its fader falls as the level rises
    if working := [values for values in masters if _compresses(values, layout)]:
        threshold = _room(layout.master, _THRESHOLD, working, of_master)
        levels = _Room(max(levels.down, threshold.down), min(levels.up, threshold.up))
    return _Rooms(faders, _room(layout.master, _INPUT, masters, of_master), levels)


def _room(section: Section, control: str, values: Sequence[Tensor], locked: Tensor | None) -> _Room:
    """How far a control may be changed in all of several settings [..., controls] at once."""
    column, param = section.column(control), section.params[control]
    if locked is not None and locked[..., column].any():
        return _NONE
    found = torch.stack([each[..., column] for each in values])
    return _Room(param.low - float(found.min()), param.high - float(found.max()))


def _compresses(master: Tensor, layout: Layout) -> bool:
    return bool((master[..., layout.master.column(_RATIO)] > 1).any())


def _fader_db(master: Tensor, layout: Layout) -> float:
    return float(master[0, layout.master.column(_FADER)])
