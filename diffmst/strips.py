"""What settings make of channel strips: the coefficients that the kernels run on, for tensors and arrays alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

import numpy as np

from diffmst.arrays import Array, Kind, double, library, like
from diffmst.dsp import dynamics, filters, recurrence, stereo
from diffmst.dsp.recurrence import StripState
from diffmst.dsp.units import db_to_amplitude
from diffmst.layout import Section

if TYPE_CHECKING:
    from torch import Tensor

Channels = tuple[int, ...]
"""How many channels, 1 or 2, each track has. A song's audio is [batch, rows, time]: all channels, track by track."""


class Strips(NamedTuple, Generic[Kind]):
    """What the kernels need to know of a set of channel strips, float64.

    Attributes:
        coefficients: equalizer with the input gain folded in, [batch, rows, bands, 5].
        dynamics: compressor, [batch, rows, 6].
        mixing: gain of every row on every output, [batch, rows, outputs].
        channels: rows of each track.
    """

    coefficients: Kind
    dynamics: Kind
    mixing: Kind
    channels: Channels

    def to_buses(self, x: Kind, state: StripState[Kind] | None = None) -> tuple[Kind, StripState[Kind]]:
        """Runs the strips and sums them: x [batch, rows, time] to [batch, outputs, time], and the state after it."""
        kernels: Any = recurrence  # see `Kind`
        return kernels.strip(x, self.coefficients, self.dynamics, self.mixing, self.channels, state)

    def to_rows(self, x: Kind, state: StripState[Kind] | None = None) -> tuple[Kind, StripState[Kind]]:
        """Runs equalizer and compressor only: [batch, rows, time] both, and the state after it."""
        kernels: Any = recurrence
        filters_state, gain_db = state or (None, None)
        x, filters_state = kernels.equalize(x, self.coefficients, filters_state)
        x, gain_db = kernels.compress(x, self.dynamics, self.channels, gain_db)
        return x, StripState(filters_state, gain_db)

    def to_stems(
        self: Strips[np.ndarray], x: np.ndarray, state: StripState[np.ndarray] | None = None
    ) -> tuple[np.ndarray, StripState[np.ndarray]]:
        """Runs the strips, and leaves each track alone: [batch, rows, time] to [batch, tracks, 2, time] and the state.

        What the outputs sum up to is the same as that of `to_buses`, but for the sends.
        """
        rows, state = self.to_rows(x, state)
        stems = np.zeros((len(rows), len(self.channels), 2, x.shape[-1]), rows.dtype)
        sides = self.mixing[..., :2].astype(rows.dtype)
        for row, track in enumerate(row_tracks(self.channels)):
            stems[:, track] += rows[:, row, None] * sides[:, row, :, None]
        return stems, state


def row_tracks(channels: Channels) -> list[int]:
    """The track that each row belongs to.

    >>> row_tracks((1, 2))
    [0, 1, 1]
    """
    return [track for track, count in enumerate(channels) for _ in range(count)]


def track_strips(
    section: Section,
    values: Array,
    channels: Channels,
    sample_rate: int,
    muted: Sequence[bool] | Tensor | None = None,
) -> Strips[Array]:
    """The strips of all tracks; their outputs are dry left, dry right, send left, send right.

    Args:
        section: the track section of a layout.
        values: physical settings, [batch, tracks, controls].
        channels: rows of each track.
        sample_rate: of the audio, Hz.
        muted: tracks that send nothing anywhere, [tracks].

    Raises:
        ValueError: the number of tracks in `values` and `channels` differ.
    """
    if values.shape[-2] != len(channels):
        raise ValueError(f"settings are for {values.shape[-2]} tracks, the audio has {len(channels)}")
    tracks = row_tracks(channels)
    rows = values[..., tracks, :]
    of_mono, of_stereo = (like(sides, rows) for sides in _sides(channels))
    xp, level = library(rows), _amplitude(section, rows, "fader")
    if muted is not None:
        level = xp.where(xp.asarray(muted, device=level.device)[tracks], 0.0, level)
    pan, send_db = section.controls(rows, "panner")["pan"], section.controls(rows, "send").get("gain_db")
    dry = level[..., None] * (of_mono * stereo.pan_gains(pan) + of_stereo * stereo.balance_gains(pan))
    wet = xp.zeros_like(dry) if send_db is None else stereo.send_amplitude(send_db)[..., None] * dry
    return Strips(*_equalizer_and_compressor(section, rows, sample_rate), xp.concat([dry, wet], -1), channels)


def master_strips(section: Section, values: Array, sample_rate: int) -> Strips[Array]:
    """The master bus as one stereo strip whose outputs are left and right; values [batch, controls]."""
    left_and_right = values[..., None, :][..., [0, 0], :]
    mixing = _amplitude(section, left_and_right, "fader")[..., None] * master_width(section, values)
    return Strips(*_equalizer_and_compressor(section, left_and_right, sample_rate), mixing, channels=(2,))


def master_width(section: Section, values: Array) -> Array:
    """Gains from left and right to left and right by the width of the mix; values [..., controls] to [..., 2, 2]."""
    width = section.controls(values, "image").get("width")
    xp = library(values)
    as_it_is = xp.ones_like(values[..., 0], dtype=xp.float64)
    return stereo.width_gains(as_it_is if width is None else double(width))


def _sides(channels: Channels) -> tuple[np.ndarray, np.ndarray]:
    """Where the rows of mono tracks, and those of stereo tracks, are heard: 1 or 0 in left and right, [rows, 2]."""
    of_mono = [side for count in channels for side in ([[1, 1]] if count == 1 else [[0, 0]] * 2)]
    of_stereo = [side for count in channels for side in ([[0, 0]] if count == 1 else [[1, 0], [0, 1]])]
    return np.array(of_mono), np.array(of_stereo)


def _equalizer_and_compressor(section: Section, values: Array, sample_rate: int) -> tuple[Array, Array]:
    """[..., bands, 5] and [..., 6], the input gain in the first band's numerator, where it costs nothing."""
    xp, coefficients = library(values), filters.equalizer_coefficients(sample_rate, **section.controls(values, "eq"))
    gain = _amplitude(section, values, "input")[..., None, None]
    first, others = coefficients[..., :1, :], coefficients[..., 1:, :]
    scaled = xp.concat([first[..., :3] * gain, first[..., 3:]], -1)
    controls = section.controls(values, "compressor")
    return xp.concat([scaled, others], -2), dynamics.compressor_dynamics(sample_rate, **controls)


def _amplitude(section: Section, values: Array, effect: str) -> Array:
    """The factor of a gain effect, 1 where the section has no such effect."""
    gain_db = section.controls(values, effect).get("gain_db")
    xp = library(values)
    return xp.ones_like(values[..., 0], dtype=xp.float64) if gain_db is None else db_to_amplitude(double(gain_db))
