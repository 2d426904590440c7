"""Parameters of a DAWproject: written in one unit each, read in whichever unit another program chose."""

from __future__ import annotations

import math
import re
from itertools import count
from xml.etree.ElementTree import Element, SubElement

from diffmst.daw.decibels import to_db
from diffmst.params import Param

_A4_HZ, _A4_SEMITONES = 440.0, 69.0
_HIGHEST_SEMITONES = 1000.0  # further up or down than any program goes, and 2 to the power of it is a number
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FULL_SCALE = {"linear": 1.0, "normalized": 1.0, "percent": 100.0}
_PAN_ENDS = {"linear": (-1.0, 1.0), "normalized": (0.0, 1.0), "percent": (0.0, 100.0)}


def plain_text(text: str) -> str:
    r"""A text without the characters that XML 1.0 cannot hold, escaped or not.

    >>> plain_text("Kick\x00 & <Snare>")
    'Kick & <Snare>'
    """
    return _NOT_IN_XML.sub("", text)


def number(value: float) -> str:
    """A number as every reader parses it: ten decimals at most, never an exponent.

    >>> number(0.0001), number(120)
    ('0.0001', '120.0')
    """
    whole, _, decimals = f"{value:.10f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def child(parent: Element, tag: str, **attributes: str) -> Element:
    """An element of the few kinds that have no id."""
    return SubElement(parent, tag, {name: plain_text(text) for name, text in attributes.items()})


class Builder:
    """Makes the elements of one document, with the ids that some readers ask of every one of them."""

    def __init__(self) -> None:
        self._numbers = count()

    def new_id(self) -> str:
        """An id that no other element has."""
        return f"id{next(self._numbers)}"

    def add(self, parent: Element, tag: str, **attributes: str) -> Element:
        """An element with an id of its own, unless one is given."""
        return child(parent, tag, **({"id": self.new_id()} | attributes))

    def real(self, parent: Element, tag: str, value: float, unit: str, low: float, high: float) -> Element:
        """A number in a unit of the format; its range is widened to hold it."""
        ends = {"max": number(max(high, value)), "min": number(min(low, value))}
        return self.add(parent, tag, **ends, unit=unit, value=number(value), name=tag)

    def boolean(self, parent: Element, tag: str, value: bool) -> Element:
        """A switch."""
        return self.add(parent, tag, value="true" if value else "false", name=tag)

    def declared(self, parent: Element, tag: str, value: float, unit: str, param: Param, factor: float = 1) -> Element:
        """A control of the console, in its declared range.

        Args:
            parent: gets the element.
            tag: its name in the format.
            value: in the unit of the console.
            unit: of the format.
            param: the declaration.
            factor: units of the format per unit of the console.
        """
        return self.real(parent, tag, value * factor, unit, param.low * factor, param.high * factor)


def ratio_to_percent(ratio: float) -> float:
    """The share of the level above the threshold that is taken away, which is how the format states a ratio.

    >>> ratio_to_percent(4)
    75.0
    """
    return 100 * (1 - 1 / ratio)


def percent_to_ratio(percent: float) -> float:
    """The inverse of `ratio_to_percent`; infinite from 100 % on.

    >>> percent_to_ratio(75)
    4.0
    """
    return 1 / (1 - percent / 100) if percent < 100 else math.inf


def is_on(element: Element | None) -> bool:
    """Whether a switch is on, as it is where there is none."""
    return element is None or element.get("value", "true").strip().lower() in ("true", "1")


def decibels(element: Element | None) -> float | None:
    """A gain in dB, -inf for silence; None where the file does not tell."""
    if element is None or (value := _value(element)) is None:
        return None
    unit = element.get("unit", "linear")
    if unit == "decibel":
        return value
    if unit not in _FULL_SCALE:
        return None
    return to_db(value / _FULL_SCALE[unit])


def hertz(element: Element | None) -> float | None:
    """A frequency in Hz; MIDI pitches, which Bitwig writes, too. None for one that no sound can have."""
    if element is None or (value := _value(element)) is None:
        return None
    match element.get("unit", "hertz"):
        case "hertz":
            return value if 0 < value < math.inf else None
        case "semitones":
            return float(_A4_HZ * 2 ** ((value - _A4_SEMITONES) / 12)) if abs(value) < _HIGHEST_SEMITONES else None
    return None


def milliseconds(element: Element | None) -> float | None:
    """A time in ms."""
    if element is None or (value := _value(element)) is None or element.get("unit", "seconds") != "seconds":
        return None
    return value * 1000


def factor(element: Element | None) -> float | None:
    """A number without unit, such as Q."""
    if element is None or element.get("unit", "linear") not in ("linear", "normalized"):
        return None
    return _value(element)


def ratio(element: Element | None) -> float | None:
    """A ratio, infinite for a limiter; a plain number from 1 on is taken for the ratio itself."""
    if element is None or (value := _value(element)) is None:
        return None
    unit = element.get("unit", "percent")
    if unit == "percent":
        return percent_to_ratio(max(value, 0))
    if unit not in ("linear", "normalized"):
        return None
    return value if value >= 1 and unit == "linear" else percent_to_ratio(100 * max(value, 0))


def pan(element: Element | None) -> float | None:
    """A position from -1, left, to 1, right: where the value lies in its range, which the file may state."""
    if element is None or (value := _value(element)) is None:
        return None
    ends = _PAN_ENDS.get(element.get("unit", "normalized"))
    low, high = _parsed(element.get("min")), _parsed(element.get("max"))
    if low is not None and high is not None and -math.inf < low < high < math.inf:
        ends = low, high
    if ends is None:
        return None
    return min(max(2 * (value - ends[0]) / (ends[1] - ends[0]) - 1, -1.0), 1.0)


def _value(element: Element) -> float | None:
    return _parsed(element.get("value"))


def _parsed(text: str | None) -> float | None:
    """A number of the file, infinite ones included; None for what is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(value) else value
