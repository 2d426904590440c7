"""The mixing console: tracks -> strips -> buses -> reverb -> master, differentiable, in one piece."""

from __future__ import annotations

from torch import Tensor, nn

from diffmst.dsp import reverb
from diffmst.layout import DEFAULT, Layout, Settings
from diffmst.strips import Channels, master_strips, track_strips


def mix(
    x: Tensor,
    sample_rate: int,
    settings: Settings,
    channels: Channels,
    *,
    layout: Layout = DEFAULT,
    muted: Tensor | None = None,
    fx: bool = True,
) -> Tensor:
    """The mix of a song by a console.

    Args:
        x: all channels of all tracks.
        sample_rate: of `x`, Hz.
        settings: physical settings, of either library; a batch of one serves any batch of audio.
        channels: rows of each track.
        layout: the console's controls.
        muted: tracks left out, bool [tracks].
        fx: whether the FX bus is connected.

    Shape: x [batch, rows, time]; returns [batch, 2, time].

    Raises:
        ValueError: the rows of `x`, `channels` and `settings` do not fit together.
    """
    bus = sum_tracks(x, sample_rate, settings, channels, layout=layout, muted=muted, fx=fx)
    return master(bus, sample_rate, settings, layout=layout)


def sum_tracks(
    x: Tensor,
    sample_rate: int,
    settings: Settings,
    channels: Channels,
    *,
    layout: Layout = DEFAULT,
    muted: Tensor | None = None,
    fx: bool = True,
) -> Tensor:
    """What arrives at the master bus: the first part of `mix`, with its arguments, for who measures there.

    Shape: x [batch, rows, time]; returns [batch, 2, time].
    """
    if x.shape[-2] != sum(channels):
        raise ValueError(f"audio has {x.shape[-2]} rows, its tracks have {sum(channels)} channels")
    settings = settings.tensors()
    tracks = settings.tracks.expand(x.shape[0], *settings.tracks.shape[1:])
    strips = track_strips(layout.track, tracks, channels, sample_rate, muted)
    if not fx:
        strips = strips._replace(mixing=strips.mixing[..., :2])
    buses, _ = strips.to_buses(x)
    bus = buses[:, :2]
    if fx:
        bus = bus + reverb.reverb(buses[:, 2:], sample_rate, **layout.fx.controls(settings.fx, "reverb"))
    return bus


def master(bus: Tensor, sample_rate: int, settings: Settings, *, layout: Layout = DEFAULT) -> Tensor:
    """The mix, of what arrives at the master bus: the second part of `mix`.

    Shape: bus [batch, 2, time]; returns the same.
    """
    values = settings.tensors().master.expand(bus.shape[0], -1)
    return master_strips(layout.master, values, sample_rate).to_buses(bus)[0]


class Console(nn.Module):
    """`mix` as a module: settings in the unit interval go in, so a network or an optimiser can drive it."""

    def __init__(self, sample_rate: int, layout: Layout = DEFAULT, *, fx: bool = True) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.layout = layout
        self.fx = fx

    def forward(self, x: Tensor, unit: Settings[Tensor], channels: Channels, muted: Tensor | None = None) -> Tensor:
        """The mix [batch, 2, time] of x [batch, rows, time] with settings `unit`, each in [0, 1]."""
        settings = self.layout.from_unit(unit)
        return mix(x, self.sample_rate, settings, channels, layout=self.layout, muted=muted, fx=self.fx)
