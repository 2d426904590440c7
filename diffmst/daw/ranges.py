"""What a session says, held within the ranges of the console's controls."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from diffmst.daw.formats import SessionValues
from diffmst.layout import Layout, Section
from diffmst.params import Param

SAME_POSITION = 2e-4
"""Positions of a control, in [0, 1], that are nearer than this are the same: programs round what they save. On a fader
it is 0.014 dB, on a band of the equalizer 0.005 dB, on a release time 0.13 %."""


def within_ranges(values: SessionValues, layout: Layout) -> SessionValues:
    """The values as the controls can take them; what is no number, or no control, is left out.

    A level of minus infinity is the lowest that there is.
    """
    tracks = {key: within_range(layout.track, controls) for key, controls in values.tracks.items()}
    fx, master = within_range(layout.fx, values.fx), within_range(layout.master, values.master)
    return values._replace(tracks=tracks, fx=fx, master=master)


def within_range(section: Section, values: Mapping[str, float]) -> dict[str, float]:
    """The values of one part of the console as `within_ranges` has them."""
    return {
        control: held(section.params[control], value)
        for control, value in values.items()
        if control in section.params and not math.isnan(value)
    }


def held(param: Param, value: float) -> float:
    """The value nearest to this one that a control can take."""
    return min(max(value, param.low), param.high)


def is_same(param: Param, one: float, other: float) -> bool:
    """Whether two values of a control are the same but for rounding."""
    positions = param.range.to_unit(np.array([one, other]))
    return bool(abs(positions[0] - positions[1]) < SAME_POSITION)


def is_beyond(param: Param, value: float) -> bool:
    """Whether a value is further than the control goes; a level below the lowest is as good as that."""
    lowest = -math.inf if param.unit == "dB" else param.low
    slack = SAME_POSITION * (param.high - param.low)
    return not lowest - slack <= value <= param.high + slack
