"""The sliders of our JSFX: the controls of the console that they hold, as it declares them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from diffmst.daw.reaper.chunks import decimal, number_at
from diffmst.layout import Section
from diffmst.params import Param
from diffmst.report.words import label

IN_STRIP = ("input", "eq", "compressor")
"""Effects that our strip computes; the others REAPER's own mixer does."""

BEHIND_STRIP = ("image",)
"""Effects that it computes behind its output gain."""

OUTPUT_GAIN = "output.gain_db"
"""A gain behind the strip, for what a fader of REAPER cannot reach; the console has it in the fader."""

_OUTPUT = Param("gain_db", -60, 60, 0, "dB", about="gain behind the strip, where the fader does not reach")
_STEPS = 10_000  # at least, of a slider as it is dragged
_ROW = 64  # values that a project holds for every JSFX, used or not


class Slider(NamedTuple):
    """One slider.

    Attributes:
        number: from 1.
        control: dotted name of the console's control, or `OUTPUT_GAIN`.
        param: its range, unit and default.
    """

    number: int
    control: str
    param: Param

    @property
    def variable(self) -> str:
        """What the script calls its value."""
        return self.control.replace(".", "_")

    @property
    def declaration(self) -> str:
        """The line of the script that declares it."""
        low, high = self.param.low, self.param.high
        step = 10.0 ** math.floor(math.log10((high - low) / _STEPS))
        shape = ":log" if self.param.scale == "log" else ""
        limits = f"{decimal(low)},{decimal(high)},{decimal(step)}{shape}"
        return f"slider{self.number}:{decimal(self.param.default)}<{limits}>{self.title}"

    @property
    def title(self) -> str:
        """Its name for people, with its unit."""
        words = list(dict.fromkeys(label(part) for part in self.control.split(".")))
        return " ".join(words) + (f" ({self.param.unit})" if self.param.unit else "")


def strip_sliders(section: Section) -> tuple[Slider, ...]:
    """Those of the strip of a track or of the master; the width last, as projects of version 0.1 do not have it."""
    held, last = (
        {name: param for name, param in section.params.items() if name.partition(".")[0] in effects}
        for effects in (IN_STRIP, BEHIND_STRIP)
    )
    return _numbered(held | {OUTPUT_GAIN: _OUTPUT} | last)


def reverb_sliders(section: Section) -> tuple[Slider, ...]:
    """Those of the reverb."""
    return _numbered(section.params)


def row(sliders: tuple[Slider, ...], values: Mapping[str, float]) -> tuple[str, ...]:
    """The line of a project that holds the values of a JSFX; what is not given is at its default."""
    settled = [decimal(values.get(slider.control, slider.param.default)) for slider in sliders]
    return (*settled, *["-"] * (_ROW - len(settled)))


def from_row(sliders: tuple[Slider, ...], tokens: tuple[str, ...]) -> dict[str, float]:
    """The values of the sliders by control; the inverse of `row`. What is no number is at its default."""
    return {slider.control: number_at(tokens, place, slider.param.default) for place, slider in enumerate(sliders)}


def _numbered(params: Mapping[str, Param]) -> tuple[Slider, ...]:
    return tuple(Slider(number, control, param) for number, (control, param) in enumerate(params.items(), 1))
