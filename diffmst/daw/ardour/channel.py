"""A channel strip of our console as one of Ardour: trim, equalizer, compressor, width, fader and pan, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from diffmst.daw.ardour import ace_compressor, ace_equalizer, own_equalizer, width_script
from diffmst.daw.ardour.pan_laws import from_position, to_position
from diffmst.daw.ardour.plugin import Band, Plugin, spread_db
from diffmst.daw.decibels import to_amplitude, to_db
from diffmst.layout import Section

EqualizerName = Literal["own", "ace"]
"""Ours, as a script in the session; or ACE EQ, which comes with Ardour."""

HIGHEST_FADER_DB = 20 * math.log10(2)
"""Of faders and sends, unless the user has set Ardour to more."""

_WIDTH = "image.width"
_TRIM_RANGE_DB = (-20.0, 20.0)


class Channel(NamedTuple):
    """A channel strip of Ardour.

    Attributes:
        trim: amplitude, before the plugins.
        plugins: in their order.
        fader: amplitude, behind the plugins.
        position: of the pan, from 0 left to 1 right.
        lifted_db: what the compressor's make-up has taken over from our fader, as Ardour's ends at 6 dB.
    """

    trim: float
    plugins: tuple[Plugin, ...]
    fader: float
    position: float = 0.5
    lifted_db: float = 0.0


def to_channel(
    section: Section, values: Mapping[str, float], channels: int, sample_rate: int, equalizer: EqualizerName
) -> Channel:
    """The channel strip of Ardour that does what ours does, as far as it can.

    Args:
        section: the controls that ours has.
        values: of them, physical.
        channels: of what plays on it, 1 or 2.
        sample_rate: of the session, Hz.
        equalizer: the plugin to use.
    """
    position, correction_db = to_position(values.get("panner.pan", 0.0), channels)
    compressor = {name.removeprefix("compressor."): value for name, value in values.items()}
    fader_db, lifted_db = spread_db(values.get("fader.gain_db", 0.0) + correction_db, (-math.inf, HIGHEST_FADER_DB))
    compressor["makeup_db"] += lifted_db
    trim_db, rest_db = spread_db(values["input.gain_db"], _TRIM_RANGE_DB)
    bands = [Band(*(values[f"{band}.{key}"] for key in Band._fields)) for band in equalizer_bands(section)]
    plugins = [
        own_equalizer.plugin(section, bands, rest_db)
        if equalizer == "own"
        else ace_equalizer.plugin(bands, rest_db, channels, sample_rate),
        ace_compressor.plugin(compressor, channels),
    ]
    if _WIDTH in section.params:
        plugins.append(width_script.plugin(section.params[_WIDTH], values[_WIDTH]))
    return Channel(to_amplitude(trim_db), tuple(plugins), to_amplitude(fader_db), position, lifted_db)


def from_channel(
    section: Section, channel: Channel, channels: int, sample_rate: int
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The values of our controls that do what a channel strip of Ardour does.

    Args:
        section: the controls that ours has.
        channel: its plugins may have been taken away, switched off or added to, which then counts as neutral.
        channels: of what plays on it, 1 or 2.
        sample_rate: of the session, Hz.

    Returns:
        The values, without those that the strip has no say on; and what it has that ours cannot say.
    """
    (equalizer, compressor, image), others = _sorted(channel.plugins)
    values, gain_db = _equalizer_values(section, equalizer, sample_rate)
    controls = ace_compressor.read(compressor.ports) if compressor else dict(_NO_COMPRESSION)
    lifted_db = channel.lifted_db if compressor else 0.0
    pan, correction_db = from_position(channel.position, channels)
    fader_db = to_db(channel.fader) - correction_db + lifted_db
    controls["makeup_db"] -= lifted_db
    if "fader.gain_db" not in section.params:
        controls["makeup_db"] += fader_db
    values |= {"input.gain_db": to_db(channel.trim) + gain_db, "panner.pan": pan, "fader.gain_db": fader_db}
    values |= {f"compressor.{name}": value for name, value in controls.items()}
    values[_WIDTH] = width_script.read(image.ports) if image else 1.0
    said = {name: value for name, value in values.items() if name in section.params}
    return said, tuple(f"a further plugin, “{plugin.name}”, which is left out" for plugin in others)


def is_ours(plugin: Plugin) -> bool:
    """Whether it is a plugin that stands for an effect of ours."""
    return any(plugin.uri in uris for uris in _OURS)


def _sorted(plugins: Sequence[Plugin]) -> tuple[list[Plugin | None], list[Plugin]]:
    """Those of `_OURS`, and what is one more of them or something else; those switched off left out."""
    at_work = [plugin for plugin in plugins if plugin.active]
    ours = [next((plugin for plugin in at_work if plugin.uri in uris), None) for uris in _OURS]
    return ours, [plugin for plugin in at_work if not any(plugin is one for one in ours)]


def _equalizer_values(section: Section, plugin: Plugin | None, sample_rate: int) -> tuple[dict[str, float], float]:
    """The controls of our equalizer, and the gain of the whole signal in dB."""
    names = equalizer_bands(section)
    if plugin is None:
        return {f"{name}.gain_db": 0.0 for name in names}, 0.0
    read = _EQUALIZERS[plugin.uri](plugin.ports, sample_rate)
    bands = zip(names, read.bands, strict=True)
    values = {f"{name}.{key}": value for name, band in bands for key, value in band._asdict().items()}
    return {name: value for name, value in values.items() if value is not None}, read.gain_db


def equalizer_bands(section: Section) -> tuple[str, ...]:
    """The bands of its equalizer from low to high, as `eq.low_shelf`."""
    return tuple(dict.fromkeys(name.rpartition(".")[0] for name in section.params if name.startswith("eq.")))


_EQUALIZERS = {ace_equalizer.URI: ace_equalizer.read, own_equalizer.URI: own_equalizer.read}
_OURS = (tuple(_EQUALIZERS), tuple(ace_compressor.URIS.values()), (width_script.URI,))
"""What stands for the equalizer, the compressor and the width of the console."""
_NO_COMPRESSION = {"ratio": 1.0, "makeup_db": 0.0}
