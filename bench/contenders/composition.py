"""A console composed of a library's effects: input gain, equalizer, compressor, pan, sum, then the same on the master.

Faders are added to the make-up gain of the compressor before them, which saves the peers a pass over the audio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor

from diffmst.layout import DEFAULT, Section, Settings

Controls = Mapping[str, Tensor]
"""Of an effect, by name, in physical units."""


class Effects(Protocol):
    """What a library must offer: x is [batch, channels, time], controls are [batch], of the equalizer [batch, 6]."""

    def gain(self, x: Tensor, gain_db: Tensor) -> Tensor:
        """Louder."""

    def equalizer(self, x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
        """Through a low shelf, four peaks and a high shelf: the controls of `diffmst.dsp.filters.equalizer`."""

    def compressor(self, x: Tensor, sample_rate: int, controls: Controls) -> Tensor:
        """Compressed: the controls of `diffmst.dsp.dynamics.compressor`."""

    def panned_sum(self, x: Tensor, pan: Tensor) -> Tensor:
        """The stereo sum [1, 2, time] of tracks [tracks, 1, time], each at its place in -1 .. 1."""


def mixer(effects: Effects) -> Callable[[Tensor, int, Settings], Tensor]:
    """The console made of these effects, for mono tracks."""

    def mix(x: Tensor, sample_rate: int, settings: Settings) -> Tensor:
        track, values = DEFAULT.track, settings.tracks[0].to(x)
        tracks = strip(effects, x[0, :, None], sample_rate, track, values)
        bus = effects.panned_sum(tracks, track.controls(values, "panner")["pan"])
        return strip(effects, bus, sample_rate, DEFAULT.master, settings.master.to(x))

    return mix


def strip(effects: Effects, x: Tensor, sample_rate: int, section: Section, values: Tensor) -> Tensor:
    """Audio [batch, channels, time] through one strip per item; values [batch, controls] of a section."""
    compressor = section.controls(values, "compressor")
    fader_db = section.controls(values, "fader")["gain_db"]
    x = effects.gain(x, section.controls(values, "input")["gain_db"])
    x = effects.equalizer(x, sample_rate, section.controls(values, "eq"))
    return effects.compressor(x, sample_rate, compressor | {"makeup_db": compressor["makeup_db"] + fader_db})
