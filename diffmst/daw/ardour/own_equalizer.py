"""Our own equalizer, as a script that Ardour runs: it stands in the session, and nothing has to be installed.

Ardour plays processors in Lua (`LuaProc`), whose numbers are in double precision. Its own biquads, which scripts may
call, keep their output in single precision, and with it their memory: low bands would lose four digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from diffmst.daw.ardour.lua import Knob, rendered
from diffmst.daw.ardour.plugin import Band, Equalization, Plugin
from diffmst.dsp.filters import BANDS, HIGHEST_FREQUENCY
from diffmst.layout import Section
from diffmst.report.words import label

NAME = "diffmst Equalizer"
URI = f"lua:{NAME}"

_LOW_SHELF, _PEAK, _HIGH_SHELF = 1, 0, -1
_INPUT_GAIN = "input.gain_db"


def plugin(section: Section, bands: Sequence[Band], gain_db: float) -> Plugin:
    """The processor that is our equalizer, and amplifies by so much more.

    Args:
        section: the controls that ours has.
        bands: from low to high.
        gain_db: of the whole signal.
    """
    values = [gain_db]
    for band in bands:
        assert band.q is not None, "our equalizer knows the q of every band"
        values += [band.gain_db, band.freq_hz, band.q]
    return Plugin(NAME, URI, {str(number): value for number, value in enumerate(values)}, script=script(section))


def read(ports: Mapping[str, float], sample_rate: int) -> Equalization:
    """What the processor does, by its ports, which mean the same at every sample rate."""
    gain_db, *values = (ports[str(number)] for number in range(1 + BANDS * len(Band._fields)))
    return Equalization(tuple(map(Band, values[::3], values[1::3], values[2::3])), gain_db)


@cache
def script(section: Section) -> str:
    """What Ardour runs, in Lua.

    Args:
        section: the controls that ours has; of them are the ranges of the knobs.
    """
    return rendered(
        "equalizer",
        name=NAME,
        kinds=[_LOW_SHELF, *[_PEAK] * (BANDS - 2), _HIGH_SHELF],
        highest_frequency=HIGHEST_FREQUENCY,
        knobs=[Knob(_title(name), section.params[name]) for name in _controls(section)],
        numbers=range(1, BANDS + 1),
    )


def _controls(section: Section) -> list[str]:
    return [_INPUT_GAIN, *(name for name in section.params if name.startswith("eq."))]


def _title(control: str) -> str:
    effect, *parts = control.split(".")
    return " ".join(map(label, parts if effect == "eq" else (effect, *parts)))
