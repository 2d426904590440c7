"""Units of DAWproject parameters, as several programs write them."""

import math
from xml.etree.ElementTree import Element

import pytest

from diffmst.daw.dawproject import parameters
from diffmst.params import Param

EXACT = 1e-9  # rounding of the decimals that are written


def element(**attributes):
    return Element("Volume", {name: str(value) for name, value in attributes.items()})


@pytest.mark.parametrize(
    ("read", "attributes", "expected"),
    [
        (parameters.decibels, {"unit": "linear", "value": "0.5"}, -6.020599913),
        (parameters.decibels, {"unit": "decibel", "value": "-6"}, -6),
        (parameters.decibels, {"unit": "percent", "value": "200"}, 6.020599913),
        (parameters.decibels, {"unit": "linear", "value": "0.000000"}, -math.inf),
        (parameters.decibels, {"unit": "decibel", "value": "-inf"}, -math.inf),
        (parameters.hertz, {"unit": "hertz", "value": "440"}, 440),
        (parameters.hertz, {"unit": "semitones", "value": "69"}, 440),
        (parameters.hertz, {"unit": "semitones", "value": "38.431102"}, 75.267),  # 440 * 2 ** ((38.431102 - 69) / 12)
        (parameters.milliseconds, {"unit": "seconds", "value": "0.0105"}, 10.5),
        (parameters.factor, {"unit": "linear", "value": "0.7"}, 0.7),
        (parameters.ratio, {"unit": "percent", "value": "75"}, 4),
        (parameters.ratio, {"unit": "normalized", "value": "0.75"}, 4),
        (parameters.ratio, {"unit": "linear", "value": "4"}, 4),
        (parameters.ratio, {"unit": "percent", "value": "100.000000"}, math.inf),
        (parameters.pan, {"unit": "normalized", "value": "0.75", "min": "0", "max": "1"}, 0.5),
        (parameters.pan, {"unit": "normalized", "value": "0.25"}, -0.5),
        (parameters.pan, {"unit": "linear", "value": "0.5"}, 0.5),
        (parameters.pan, {"unit": "linear", "value": "-50", "min": "-100", "max": "100"}, -0.5),
        (parameters.pan, {"unit": "percent", "value": "75", "min": "-100", "max": "100"}, 0.75),
    ],
)
def test_every_unit_is_understood(read, attributes, expected):
    assert read(element(**attributes)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("read", [parameters.decibels, parameters.hertz, parameters.milliseconds, parameters.pan])
@pytest.mark.parametrize("attributes", [{"unit": "beats", "value": "1"}, {"value": "loud"}, {"value": "nan"}, {}])
def test_what_is_no_such_number_tells_nothing(read, attributes):
    assert read(element(**attributes)) is None
    assert read(None) is None


@pytest.mark.parametrize(("value", "on"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_switches_are_read_in_both_spellings(value, on):
    assert parameters.is_on(element(value=value)) is on


def test_a_switch_that_is_missing_is_on():
    assert parameters.is_on(None)


def test_numbers_are_never_written_with_an_exponent():
    for value in (1e-9, 1e-4, 0.5, 22_050, 1e15, -3.25):
        text = parameters.number(value)
        assert "e" not in text.lower()
        assert float(text) == pytest.approx(value, abs=EXACT)


def test_ranges_are_those_declared_and_widen_for_what_exceeds_them():
    builder, parent = parameters.Builder(), Element("Band")
    param = Param("gain_db", -12, 12, 0, "dB")
    within = builder.declared(parent, "Gain", 3, "decibel", param)
    above = builder.declared(parent, "Gain", 20, "decibel", param)
    assert [(float(e.get("min")), float(e.get("max"))) for e in (within, above)] == [(-12, 12), (-12, 20)]


def test_characters_that_xml_cannot_hold_are_dropped():
    held = "Kick \u2713 \U0001f941 <&>\"'"
    assert parameters.plain_text(f"\x00\x1b{held}\ud800\ufffe") == held
