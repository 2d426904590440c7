"""The mixing console: tracks -> strips -> buses -> reverb -> master, differentiable, in one piece or in blocks."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffmst.dsp import dynamics, filters, recurrence, reverb, stereo
from diffmst.dsp.recurrence import StripState
from diffmst.dsp.units import db_to_amplitude
from diffmst.layout import DEFAULT, Layout, Section, Settings

Channels = tuple[int, ...]
"""How many channels, 1 or 2, each track has. A song's audio is [batch, rows, time]: all channels, track by track."""


class Strips(NamedTuple):
    """What the kernels need to know of a set of channel strips, float64.

    Attributes:
        coefficients: equalizer with the input gain folded in, [batch, rows, bands, 5].
        dynamics: compressor, [batch, rows, 6].
        mixing: gain of every row on every output, [batch, rows, outputs].
        channels: rows of each track.
    """

    coefficients: Tensor
    dynamics: Tensor
    mixing: Tensor
    channels: Channels

    def to_buses(self, x: Tensor, state: StripState | None = None) -> tuple[Tensor, StripState]:
        """Runs the strips and sums them: x [batch, rows, time] to [batch, outputs, time], and the state after it."""
        return recurrence.strip(x, self.coefficients, self.dynamics, self.mixing, self.channels, state)

    def to_rows(self, x: Tensor, state: StripState | None = None) -> tuple[Tensor, StripState]:
        """Runs equalizer and compressor only: [batch, rows, time] both, and the state after it."""
        filter_state, gain_db = state or (None, None)
        x, filter_state = recurrence.equalize(x, self.coefficients, filter_state)
        x, gain_db = recurrence.compress(x, self.dynamics, self.channels, gain_db)
        return x, StripState(filter_state, gain_db)


def row_tracks(channels: Channels, device: torch.device | None = None) -> Tensor:
    """The track that each row belongs to, [rows].

    >>> row_tracks((1, 2))
    tensor([0, 1, 1])
    """
    return torch.repeat_interleave(torch.arange(len(channels)), torch.tensor(channels)).to(device)


def track_strips(
    section: Section, values: Tensor, channels: Channels, sample_rate: int, muted: Tensor | None = None
) -> Strips:
    """The strips of all tracks; their outputs are dry left, dry right, send left, send right.

    Args:
        section: the track section of a layout.
        values: physical settings, [batch, tracks, controls].
        channels: rows of each track.
        sample_rate: of the audio, Hz.
        muted: tracks that send nothing anywhere, bool [tracks].

    Raises:
        ValueError: the number of tracks in `values` and `channels` differ.
    """
    if values.shape[-2] != len(channels):
        raise ValueError(f"settings are for {values.shape[-2]} tracks, the audio has {len(channels)}")
    coefficients, dynamics_ = _equalizer_and_compressor(section, values, sample_rate)
    level = _amplitude(section, values, "fader")
    if muted is not None:
        level = torch.where(muted.to(level.device), 0.0, level)
    pan = section.controls(values, "panner")["pan"]
    panned = torch.where(
        torch.tensor(channels, device=pan.device)[:, None, None] == 1,
        torch.nn.functional.pad(stereo.pan_gains(pan)[..., None, :], (0, 0, 0, 1)),
        torch.diag_embed(stereo.balance_gains(pan)),
    )  # [batch, tracks, channel, side]; a mono track's second channel does not exist
    dry = level[..., None, None] * panned
    send_level = section.controls(values, "send").get("gain_db")
    wet = torch.zeros_like(dry) if send_level is None else stereo.send_amplitude(send_level)[..., None, None] * dry
    tracks, channel = row_tracks(channels, pan.device), _row_channels(channels, pan.device)
    mixing = torch.cat([dry, wet], -1)[..., tracks, channel, :]
    return Strips(coefficients[..., tracks, :, :], dynamics_[..., tracks, :], mixing, channels)


def master_strips(section: Section, values: Tensor, sample_rate: int) -> Strips:
    """The master bus as one stereo strip whose outputs are left and right; values [batch, controls]."""
    coefficients, dynamics_ = _equalizer_and_compressor(section, values, sample_rate)
    level = _amplitude(section, values, "fader")
    sides = torch.eye(2, dtype=level.dtype, device=level.device)
    return Strips(
        torch.stack([coefficients] * 2, -3),
        torch.stack([dynamics_] * 2, -2),
        level[..., None, None] * sides,
        channels=(2,),
    )


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
        settings: physical settings; a batch of one serves any batch of audio.
        channels: rows of each track.
        layout: the console's controls.
        muted: tracks left out, bool [tracks].
        fx: whether the FX bus is connected.

    Shape: x [batch, rows, time]; returns [batch, 2, time].

    Raises:
        ValueError: the rows of `x`, `channels` and `settings` do not fit together.
    """
    if x.shape[-2] != sum(channels):
        raise ValueError(f"audio has {x.shape[-2]} rows, its tracks have {sum(channels)} channels")
    tracks, master = (part.expand(x.shape[0], *part.shape[1:]) for part in (settings.tracks, settings.master))
    strips = track_strips(layout.track, tracks, channels, sample_rate, muted)
    if not fx:
        strips = strips._replace(mixing=strips.mixing[..., :2])
    buses, _ = strips.to_buses(x)
    bus = buses[:, :2]
    if fx:
        bus = bus + reverb.reverb(buses[:, 2:], sample_rate, **layout.fx.controls(settings.fx, "reverb"))
    return master_strips(layout.master, master, sample_rate).to_buses(bus)[0]


class Console(nn.Module):
    """`mix` as a module: settings in the unit interval go in, so a network or an optimiser can drive it."""

    def __init__(self, sample_rate: int, layout: Layout = DEFAULT, *, fx: bool = True) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.layout = layout
        self.fx = fx

    def forward(self, x: Tensor, unit: Settings, channels: Channels, muted: Tensor | None = None) -> Tensor:
        """The mix [batch, 2, time] of x [batch, rows, time] with settings `unit`, each in [0, 1]."""
        settings = self.layout.from_unit(unit)
        return mix(x, self.sample_rate, settings, channels, layout=self.layout, muted=muted, fx=self.fx)


class Buses(NamedTuple):
    """One block behind the strips.

    Attributes:
        sums: dry left and right and, where there is reverb, its send, [2 or 4, time].
        stems: every processed track after fader and pan, [tracks, 2, time], if asked for.
    """

    sums: Tensor
    stems: Tensor | None


class Block(NamedTuple):
    """One block of a mix in the making, each [2, time] but `stems` [tracks, 2, time]."""

    mix: Tensor
    reverb: Tensor
    stems: Tensor | None


class ConsoleStream:
    """`mix` block by block, carrying all state: blocks of any size give what one piece gives.

    `process` is `to_buses`, then `to_mix`. Each has state of its own: while one thread takes a block through the one,
    another may take an earlier block through the other.

    Args:
        sample_rate: of the audio, Hz.
        settings: physical settings, batch of one.
        channels: rows of each track.
        layout: the console's controls.
        muted: tracks left out.
        stems: whether blocks hold every processed track too (after fader and pan, before the master).
    """

    def __init__(
        self,
        sample_rate: int,
        settings: Settings,
        channels: Channels,
        *,
        layout: Layout = DEFAULT,
        muted: Sequence[bool] | None = None,
        stems: bool = False,
    ) -> None:
        mute = None if muted is None else torch.tensor(muted, dtype=torch.bool)
        self._strips = track_strips(layout.track, settings.tracks, channels, sample_rate, mute)
        self._master = master_strips(layout.master, settings.master, sample_rate)
        self._strip_state: StripState | None = None
        self._master_state: StripState | None = None
        self._row_state: StripState | None = None
        self._stems = stems
        self._convolver = None
        if self._strips.mixing[..., 2:].any():
            controls = {name: value.float() for name, value in layout.fx.controls(settings.fx, "reverb").items()}
            self._mix = controls["mix"]
            response = reverb.impulse_response(sample_rate, controls["gain_db"], controls["rt60_s"])
            self._convolver = reverb.PartitionedConvolver(response[0])
        else:
            self._strips = self._strips._replace(mixing=self._strips.mixing[..., :2])

    def process(self, x: Tensor) -> Block:
        """The next block: x [rows, time]; every part as long as `x`."""
        return self.to_mix(self.to_buses(x))

    @torch.no_grad()
    def to_buses(self, x: Tensor) -> Buses:
        """The next block [rows, time] through the strips."""
        sums, self._strip_state = self._strips.to_buses(x[None], self._strip_state)
        return Buses(sums[0], self._processed_stems(x) if self._stems else None)

    @torch.no_grad()
    def to_mix(self, buses: Buses) -> Block:
        """The next block of the buses through reverb and master."""
        dry, returned = buses.sums[:2], self._reverb(buses.sums)
        mixed, self._master_state = self._master.to_buses((dry + returned)[None], self._master_state)
        return Block(mixed[0], returned, buses.stems)

    def _reverb(self, sums: Tensor) -> Tensor:
        if self._convolver is None:
            return torch.zeros_like(sums)
        send = sums[2:]
        return (self._mix * self._convolver.process(send) + (1 - self._mix) * send).to(send.dtype)

    def _processed_stems(self, x: Tensor) -> Tensor:
        rows, self._row_state = self._strips.to_rows(x[None], self._row_state)
        sides = rows[0, :, None] * self._strips.mixing[0, :, :2, None].to(x.dtype)
        tracks = row_tracks(self._strips.channels)
        stems = sides.new_zeros(len(self._strips.channels), *sides.shape[1:])
        return stems.index_add_(0, tracks, sides)


def _equalizer_and_compressor(section: Section, values: Tensor, sample_rate: int) -> tuple[Tensor, Tensor]:
    """[..., bands, 5] and [..., 6], the input gain in the first band's numerator, where it costs nothing."""
    coefficients = filters.equalizer_coefficients(sample_rate, **section.controls(values, "eq"))
    gain = _amplitude(section, values, "input")[..., None]
    first, others = coefficients[..., :1, :], coefficients[..., 1:, :]
    scaled = torch.cat([first[..., :3] * gain[..., None], first[..., 3:]], -1)
    return torch.cat([scaled, others], -2), dynamics.compressor_dynamics(
        sample_rate, **section.controls(values, "compressor")
    )


def _amplitude(section: Section, values: Tensor, effect: str) -> Tensor:
    """The factor of a gain effect, 1 where the section has no such effect."""
    gain_db = section.controls(values, effect).get("gain_db")
    return (
        torch.ones_like(values[..., 0], dtype=torch.float64) if gain_db is None else db_to_amplitude(gain_db.double())
    )


def _row_channels(channels: Channels, device: torch.device) -> Tensor:
    """The channel, 0 or 1, that each row is of its track."""
    return torch.tensor([channel for count in channels for channel in range(count)], device=device)
