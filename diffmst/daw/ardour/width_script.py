"""The width of the mix, as a script that Ardour runs; see `own_equalizer`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from diffmst.daw.ardour.lua import Knob, rendered
from diffmst.daw.ardour.plugin import Plugin
from diffmst.params import Param
from diffmst.report.words import label

NAME = "diffmst Width"
URI = f"lua:{NAME}"


def plugin(param: Param, width: float) -> Plugin:
    """The processor that makes a stereo signal so wide.

    Args:
        param: the control that ours has.
        width: of it.
    """
    return Plugin(NAME, URI, {"0": width}, script=script(param))


def read(ports: Mapping[str, float]) -> float:
    """How wide the processor makes a signal, by its ports."""
    return ports["0"]


@cache
def script(param: Param) -> str:
    """What Ardour runs, in Lua.

    Args:
        param: the control that ours has; of it is the range of the knob.
    """
    return rendered("width", name=NAME, knobs=[Knob(label(param.keyword), param)])
