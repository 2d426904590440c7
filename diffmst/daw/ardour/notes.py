"""What the user should know of an Ardour session: what it needs, and where its strips differ from those of the mix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diffmst.daw.ardour import ace_compressor, lsp_equalizer
from diffmst.daw.ardour.channel import Channel, EqualizerName, from_channel
from diffmst.daw.ardour.writing import Strips, channels_of
from diffmst.daw.console_mix import ConsoleMix, Strip
from diffmst.daw.ranges import is_same
from diffmst.layout import Section
from diffmst.params import Param

_NEEDS: dict[EqualizerName, str] = {
    "lsp": f"needs {lsp_equalizer.NAME} (Debian: lsp-plugins-lv2); export to `ardour-ace` to need nothing",
    "ace": "ACE EQ has one steepness for all shelves, and stops up to 0.05 dB short of the gain of a band",
}
_REVERB = "plays the reverb as audio; the sends end in the muted bus “Reverb”, for one of your own"
_NAMED = 3  # tracks in a line


def notes(mix: ConsoleMix, strips: Strips, equalizer: EqualizerName) -> tuple[str, ...]:
    """A line each."""
    held: dict[str, list[str]] = {}
    for section, strip, channel, channels in _rows(mix, strips):
        for line in _differences(section, strip.values, channel, channels, mix.sample_rate):
            held.setdefault(line, []).append(strip.name)
    return (_NEEDS[equalizer], _REVERB, *(f"{line}: {_listed(names)}" for line, names in held.items()))


def _rows(mix: ConsoleMix, strips: Strips) -> Iterator[tuple[Section, Strip, Channel, int]]:
    for strip, channel in zip(mix.tracks, strips.tracks, strict=True):
        yield mix.layout.track, strip, channel, channels_of(strip)
    yield mix.layout.master, mix.master, strips.master, 2


def _differences(
    section: Section, values: Mapping[str, float], channel: Channel, channels: int, sample_rate: int
) -> Iterator[str]:
    """What of a strip goes elsewhere, or nowhere."""
    if channel.lifted_db:
        yield "the fader ends at 6 dB, the rest is in the make-up gain of the compressor"
    for name, (low_ms, high_ms) in ace_compressor.KNOBS_MS.items():
        if not low_ms <= values[f"compressor.{name}"] <= high_ms:
            yield f"{name} plays, but beyond the end of the knob, {high_ms:g} ms: leave it, or lose it"
    read, _ = from_channel(section, channel, channels, sample_rate)
    for control, value in read.items():
        if not is_same(section.params[control], value, values[control]):
            yield f"{control} is held at {_shown(section.params[control], value)}"


def _shown(param: Param, value: float) -> str:
    return f"{value:.4g} {param.unit}".strip()


def _listed(names: list[str]) -> str:
    """The first names, and how many more."""
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])
