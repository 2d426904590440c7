"""The mixing console block by block, to render a song of any length: numpy and the compiled kernels alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.dsp import reverb
from diffmst.dsp.recurrence import StripState
from diffmst.dsp.streamed_convolution import PartitionedConvolver
from diffmst.layout import DEFAULT, Layout, Settings
from diffmst.strips import Channels, master_strips, track_strips

Audio = NDArray[np.float32]
State = StripState[np.ndarray]


class Buses(NamedTuple):
    """One block behind the strips.

    Attributes:
        sums: dry left and right and, where there is reverb, its send, [2 or 4, time].
        stems: every processed track after fader and pan, [tracks, 2, time], if asked for.
    """

    sums: Audio
    stems: Audio | None


class Block(NamedTuple):
    """One block of a mix in the making, each [2, time] but `stems` [tracks, 2, time]."""

    mix: Audio
    reverb: Audio
    stems: Audio | None


class ConsoleStream:
    """`console.mix` block by block, carrying all state: blocks of any size give what one piece gives.

    `process` is `to_buses`, then `to_mix`. Each has state of its own: while one thread takes a block through the one,
    another may take an earlier block through the other.

    Args:
        sample_rate: of the audio, Hz.
        settings: physical settings, of either library, batch of one.
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
        tracks, fx, master = settings.arrays()
        self._strips = track_strips(layout.track, tracks, channels, sample_rate, muted)
        self._response_frames = 0
        self._master = master_strips(layout.master, master, sample_rate)
        self._strip_state: State | None = None
        self._master_state: State | None = None
        self._row_state: State | None = None
        self._stems = stems
        self._convolver: PartitionedConvolver | None = None
        if self._strips.mixing[..., 2:].any():
            controls = {name: value.astype(np.float32) for name, value in layout.fx.controls(fx, "reverb").items()}
            self._amount = controls["mix"]
            response = reverb.impulse_response(sample_rate, controls["gain_db"], controls["rt60_s"])
            self._convolver = PartitionedConvolver(response[0])
            self._response_frames = response.shape[-1]
        else:
            self._strips = self._strips._replace(mixing=self._strips.mixing[..., :2])

    def process(self, x: Audio) -> Block:
        """The next block: x [rows, time]; every part as long as `x`."""
        return self.to_mix(self.to_buses(x))

    def to_buses(self, x: Audio) -> Buses:
        """The next block [rows, time] through the strips."""
        sums, self._strip_state = self._strips.to_buses(x[None], self._strip_state)
        return Buses(sums[0], self._processed_stems(x) if self._stems else None)

    def to_mix(self, buses: Buses) -> Block:
        """The next block of the buses through reverb and master."""
        dry, returned = buses.sums[:2], self._reverb(buses.sums)
        mixed, self._master_state = self._master.to_buses((dry + returned)[None], self._master_state)
        return Block(mixed[0], returned, buses.stems)

    def fading(self, frames: int) -> Iterator[Audio]:
        """What the reverb goes on with after the last block, alone, through a master at rest; the stream ends with it.

        Args:
            frames: of the blocks that it comes in, [2, frames] each.
        """
        self._master_state = None  # what rings of the dry mix is none of the reverb
        for _ in range(0, self._response_frames, frames):
            silence = np.zeros((4, frames), np.float32)
            yield self.to_mix(Buses(silence, None)).mix

    def _reverb(self, sums: Audio) -> Audio:
        if self._convolver is None:
            return np.zeros_like(sums)
        send = sums[2:]
        return self._amount * self._convolver.process(send) + (1 - self._amount) * send

    def _processed_stems(self, x: Audio) -> Audio:
        stems, self._row_state = self._strips.to_stems(x[None], self._row_state)
        return stems[0]
