"""Where the gains of a channel strip go in a DAWproject, which has no gain device, and pans with a balance.

A strip of the console is input gain i, equalizer, compressor (threshold t, makeup m), fader f and panner. A channel of
the format is equalizer, compressor (threshold, output gain), volume and pan. All that is linear commutes, and a
compressor whose input is raised by s dB and whose threshold is lowered by s dB takes off the same. So i = before + s:
`before` is gain ahead of the equalizer (in the audio file, or the equalizer's own), and s goes into the threshold and,
behind the compressor, into the volume. Volumes end at +6 dB; what is above goes into the output gain, right before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from diffmst.daw.decibels import to_db
from diffmst.dsp import stereo

HIGHEST_VOLUME_DB = to_db(2)  # linear 2, where the faders of most programs end
_THRESHOLDS_DB = (-60.0, 0.0)  # what the compressors of most programs reach
_CENTRED = 1e-9  # of a position


class Offsets(NamedTuple):
    """What tells the gains of a strip from those of its channel, dB.

    Attributes:
        before_db: the part of the input gain that is applied ahead of the equalizer.
        threshold_db: the part that is in the threshold instead, which is lower by it.
        output_db: the part of the fader that is in the compressor's output gain.
        send_db: the part of the send that is in the volume of the bus.
    """

    before_db: float = 0.0
    threshold_db: float = 0.0
    output_db: float = 0.0
    send_db: float = 0.0


class ChannelGains(NamedTuple):
    """The gains of a channel, dB, and its pan, -1 .. 1."""

    before_db: float
    threshold_db: float
    output_db: float
    volume_db: float
    pan: float


def offsets(values: Mapping[str, float], channels: int, *, printed: bool) -> Offsets:
    """Where the gains of a strip go.

    Args:
        values: its settings by dotted name, physical; fader and panner may be missing.
        channels: 1 or 2, of its audio.
        printed: whether its audio is written with it and can take the whole input gain.
    """
    input_db, threshold_db = values["input.gain_db"], values["compressor.threshold_db"]
    lowest, highest = _THRESHOLDS_DB
    shift_db = 0.0 if printed else min(max(input_db, threshold_db - highest), threshold_db - lowest)
    near_db, _ = _placed(values.get("panner.pan", 0.0), channels)
    volume_db = values.get("fader.gain_db", 0.0) + near_db + shift_db
    return Offsets(input_db - shift_db, shift_db, max(0.0, volume_db - HIGHEST_VOLUME_DB))


def to_channel(values: Mapping[str, float], channels: int, moved: Offsets) -> ChannelGains:
    """The gains of the channel that does what a strip does.

    Args:
        values: settings of the strip.
        channels: 1 or 2, of its audio.
        moved: from `offsets`, of these values.
    """
    near_db, position = _placed(values.get("panner.pan", 0.0), channels)
    return ChannelGains(
        before_db=moved.before_db,
        threshold_db=values["compressor.threshold_db"] - moved.threshold_db,
        output_db=values["compressor.makeup_db"] + moved.output_db,
        volume_db=values.get("fader.gain_db", 0.0) + near_db + moved.threshold_db - moved.output_db,
        pan=position,
    )


def from_channel(channel: ChannelGains, channels: int, moved: Offsets, *, has_fader: bool = True) -> dict[str, float]:
    """The settings of the strip that does what a channel does: the inverse of `to_channel`, with the same offsets.

    A makeup gain is never negative: what is missing goes to the fader. A strip without fader has makeup alone.
    """
    panned = _pan_of(channel.pan, channels)
    near_db, _ = _placed(panned, channels)
    makeup_db = channel.output_db - moved.output_db
    fader_db = channel.volume_db - near_db - moved.threshold_db + moved.output_db
    strip = {
        "input.gain_db": channel.before_db + moved.threshold_db,
        "compressor.threshold_db": channel.threshold_db + moved.threshold_db,
        "panner.pan": panned,
    }
    if not has_fader:
        return strip | {"compressor.makeup_db": makeup_db + fader_db}
    return strip | {"compressor.makeup_db": max(0.0, makeup_db), "fader.gain_db": fader_db + min(0.0, makeup_db)}


def _placed(panned: float, channels: int) -> tuple[float, float]:
    """Level of the side a track is panned to, dB, and the position of a balance with the same two sides.

    Mono tracks are written with two equal channels: programs differ in what pan does to one channel, while for two it
    is a balance, which leaves the middle alone. It is taken to leave the near side and turn the far one down evenly.
    """
    left, right = _sides(panned, channels)
    near, far = max(left, right), min(left, right)
    return to_db(near), math.copysign(1 - far / near, right - left)


def _pan_of(position: float, channels: int) -> float:
    """The pan of the console whose sides are as far apart as a balance has them: the inverse of `_placed`."""
    if abs(position) < _CENTRED:
        return 0.0
    return stereo.pan_of(min(1.0, 1 - position), min(1.0, 1 + position), channels)


def _sides(panned: float, channels: int) -> tuple[float, float]:
    law = stereo.pan_gains if channels == 1 else stereo.balance_gains
    left, right = law(np.asarray(panned)).tolist()
    return max(left, 0.0), max(right, 0.0)
