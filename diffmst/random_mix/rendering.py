"""Random mixes made audible, each rendered once: the levels of the master are set on the way."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.console import master, sum_tracks
from diffmst.dsp.loudness import pooled_loudness
from diffmst.dsp.units import amplitude_to_db, db_to_amplitude
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.prior import MASTER_LUFS


class RandomMix(NamedTuple):
    """A mix and how it was made.

    Attributes:
        settings: physical, batch of one, float64.
        audio: of the excerpts without their lead, [windows, 2, time].
    """

    settings: Settings[Tensor]
    audio: Tensor


@torch.no_grad()
def mix_at_loudness(
    excerpts: Excerpts, settings: Settings, layout: Layout, loudness_lufs: float, *, windows: int, fx: bool = True
) -> RandomMix:
    """The mix whose tracks reach the master bus at `MASTER_LUFS` and leave it at a loudness.

    Input gain and fader of the master are set so, within their ranges.

    Args:
        excerpts: staged.
        settings: physical, batch of one.
        layout: the console's controls.
        loudness_lufs: of the mix.
        windows: so many, the first, have the two loudnesses; the others are mixed alike.
        fx: whether the FX bus is connected.
    """
    rate, heard = excerpts.sample_rate, slice(None, windows)
    bus = sum_tracks(excerpts.audio, rate, settings, excerpts.channels, layout=layout, fx=fx)
    missing_db = MASTER_LUFS - pooled_loudness(bus[heard, :, excerpts.lead_frames :], rate)
    settings, _ = _moved(settings.tensors(), layout, "input.gain_db", missing_db)
    mixed = master(bus, rate, settings, layout=layout)[..., excerpts.lead_frames :]
    missing_db = loudness_lufs - pooled_loudness(mixed[heard], rate)
    settings, moved_db = _moved(settings, layout, "fader.gain_db", missing_db)
    return RandomMix(settings, mixed * db_to_amplitude(moved_db))


@torch.no_grad()
def mix_at_full_scale(
    excerpts: Excerpts, settings: Settings, layout: Layout, *, windows: int, fx: bool = True
) -> RandomMix:
    """The mix with its peak at 0 dBFS by the fader of the master, within its range; see `mix_at_loudness`."""
    settings = settings.tensors()
    bus = sum_tracks(excerpts.audio, excerpts.sample_rate, settings, excerpts.channels, layout=layout, fx=fx)
    mixed = master(bus, excerpts.sample_rate, settings, layout=layout)[..., excerpts.lead_frames :]
    settings, moved_db = _moved(settings, layout, "fader.gain_db", -amplitude_to_db(mixed[:windows].abs().amax()))
    return RandomMix(settings, mixed * db_to_amplitude(moved_db))


def _moved(settings: Settings[Tensor], layout: Layout, control: str, change: Tensor) -> tuple[Settings[Tensor], Tensor]:
    """Settings with one control of the master changed, within its range, and by how much it was; not for silence."""
    column, param = layout.master.column(control), layout.master.params[control]
    values = settings.master.clone()
    old = values[0, column].clone()
    values[0, column] = (old + torch.where(change.isfinite(), change, 0)).clamp(param.low, param.high)
    return settings._replace(master=values), values[0, column] - old
