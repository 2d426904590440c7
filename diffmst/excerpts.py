"""Excerpts of a song: what is listened to, and mixed, while its settings are sought."""

from typing import NamedTuple

from torch import Tensor

from diffmst.console import mix
from diffmst.layout import Layout, Settings
from diffmst.strips import Channels


class Excerpts(NamedTuple):
    """The parts of a song that are listened to when its settings are sought.

    Attributes:
        audio: all channels of all tracks in every window, [windows, rows, lead + time].
        channels: rows of each track.
        lead_frames: what is played before each window so that filters, compressors and reverb have settled.
        sample_rate: Hz.
    """

    audio: Tensor
    channels: Channels
    lead_frames: int
    sample_rate: int

    def mixed(self, settings: Settings, layout: Layout) -> Tensor:
        """The windows mixed with physical settings, [windows, 2, time]."""
        song = mix(self.audio, self.sample_rate, settings, self.channels, layout=layout)
        return song[..., self.lead_frames :]
