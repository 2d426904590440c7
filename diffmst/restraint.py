"""A master that an engineer would sign: it buries nothing, and does not pump.

A distance between long-time spectra has no price for either. To sound like a song that lives by its 808, the equalizer
of another would take away all but its bass, and what is left of that would drive the compressor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatch

import torch
from torch import Tensor

from diffmst.band_console import BandMix, equalizer_gains, master_reduction_db, mix_bands
from diffmst.dsp.band_powers import CROSS, LEFT, RIGHT, k_weights
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.models.hearing_bands import track_powers
from diffmst.prior import Stem
from diffmst.sanity import BURIED_LU, is_lead, raised
from diffmst.ties import Ties

QUIETEST_LEAD_LU = -10.0
"""The equalizer of the master takes no lead further under the mix than this."""

MOST_RAISED_DB = 6.0
"""Any other track that it would bury is raised by so much; only where that is not enough is it taken back."""

MOST_REDUCTION_DB = 7.0
"""The compressor of the master takes off no more for 95 % of the time; random mixes that are sane have 2 to 9 dB."""

_COUNTED = 0.95
_HEARD = 1e-2  # of the power of its loudest window: there a track sounds
_LEAST_POWER = 1e-12
_HALVINGS = 20


def restrain_master(
    excerpts: Excerpts, stems: Sequence[Stem], settings: Settings, layout: Layout, ties: Ties | None = None
) -> Settings:
    """The settings with the master's equalizer and compressor taken back as far as needed, both in band powers.

    All gains of the equalizer are scaled until no lead is taken under `QUIETEST_LEAD_LU`, and no other track so far
    under `BURIED_LU` that raising it by `MOST_RAISED_DB` does not bring it back. The threshold of the compressor is
    raised until it takes off no more than `MOST_REDUCTION_DB`. The width of the mix makes up for what both do to the
    energy of the side.

    Args:
        excerpts: of the song.
        stems: what is known of its tracks.
        settings: physical, batch of one.
        layout: the console's controls.
        ties: of the controls; tracks of one level are raised together.
    """
    with torch.no_grad():
        audio = excerpts.audio[..., excerpts.lead_frames :]
        powers = track_powers(audio.transpose(0, 1), excerpts.channels, excerpts.sample_rate).transpose(0, 1)
        mono = [count == 1 for count in excerpts.channels]

        def mixed(settings: Settings) -> BandMix:
            return mix_bands(powers, mono, settings, excerpts.sample_rate, layout)

        before = mixed(settings)
        tracks = _Tracks(_where_they_sound(before.tracks), stems, excerpts.sample_rate, layout)
        master = tracks.without_burying(settings.master)
        lifted = raised(settings, tracks.missing_db(master), layout, ties)._replace(master=master)
        calm = _without_pumping(mixed(lifted).bus, master, excerpts.sample_rate, layout)
        found = lifted._replace(master=calm)
        if all(torch.equal(one, other) for one, other in zip(found, settings, strict=True)):
            return settings
        return found._replace(master=_as_wide(calm, before.mix, mixed(found).mix, layout))


def _where_they_sound(tracks: Tensor) -> Tensor:
    """K-weighted mean powers of tracks [windows, tracks, 3, frames, bands] in every band; [tracks, bands]."""
    powers = (tracks[:, :, LEFT] + tracks[:, :, RIGHT]).mean(-2).double() * k_weights()
    loudness = powers.sum(-1)
    sounding = (loudness > _HEARD * loudness.amax(0))[..., None]
    return (powers * sounding).sum(0) / sounding.sum(0).clamp_min(1)


class _Tracks:
    """What is heard of tracks behind the equalizer of the master.

    Args:
        powers: in front of it, K-weighted, [tracks, bands].
        stems: what is known of them.
        sample_rate: Hz.
        layout: the console's controls.
    """

    def __init__(self, powers: Tensor, stems: Sequence[Stem], sample_rate: int, layout: Layout) -> None:
        self._powers, self._sample_rate, self._section = powers, sample_rate, layout.master
        self._leads = torch.tensor([is_lead(stem) for stem in stems])
        self._gains = [layout.master.column(name) for name in layout.master.params if fnmatch(name, "eq.*.gain_db")]

    def without_burying(self, master: Tensor) -> Tensor:
        """The master's settings with as much of its equalizer as buries nothing that is not without it."""
        lowest_lu = torch.where(self._leads, QUIETEST_LEAD_LU, BURIED_LU - MOST_RAISED_DB)
        counted = self._levels_lu(self._equalized(master, 0.0)) >= lowest_lu

        def all_heard(share: float) -> bool:
            levels_lu = self._levels_lu(self._equalized(master, share))
            return bool((levels_lu >= lowest_lu)[counted].all())

        return self._equalized(master, _furthest(all_heard))

    def missing_db(self, master: Tensor) -> Tensor:
        """What tracks that lie under `BURIED_LU` behind a master, and not before it, are to be raised by; [tracks]."""
        flat, heard = (self._levels_lu(values) for values in (self._equalized(master, 0.0), master))
        missing_db = (BURIED_LU - heard).clamp(0, MOST_RAISED_DB)
        return torch.where(flat > BURIED_LU, missing_db, 0.0)

    def _equalized(self, master: Tensor, share: float) -> Tensor:
        values = master.clone()
        values[..., self._gains] *= share
        return values

    def _levels_lu(self, master: Tensor) -> Tensor:
        """Loudness of every track against all together, [tracks]."""
        heard = (self._powers * equalizer_gains(self._section, master[0], self._sample_rate)).sum(-1)
        return 10 * torch.log10(heard.clamp_min(_LEAST_POWER) / heard.sum().clamp_min(_LEAST_POWER))


def _without_pumping(bus: Tensor, master: Tensor, sample_rate: int, layout: Layout) -> Tensor:
    column = layout.master.column("compressor.threshold_db")
    highest_db = layout.master.params["compressor.threshold_db"].high

    def lowered(share: float) -> Tensor:
        values = master.clone()
        values[..., column] = highest_db + share * (values[..., column] - highest_db)
        return values

    def is_calm(share: float) -> bool:
        reduction_db = -master_reduction_db(bus, lowered(share), sample_rate, layout)
        return float(reduction_db.flatten().quantile(_COUNTED)) <= MOST_REDUCTION_DB

    return lowered(_furthest(is_calm))


def _as_wide(master: Tensor, before: Tensor, after: Tensor, layout: Layout) -> Tensor:
    """The master's settings with the width at which a mix has the side that it had before; powers of both mixes."""
    if "image.width" not in layout.master.params:
        return master
    column, param = layout.master.column("image.width"), layout.master.params["image.width"]
    wider = (_side_share(before) / _side_share(after).clamp_min(_LEAST_POWER)).sqrt()
    values = master.clone()
    values[..., column] = (values[..., column] * wider.clamp_min(_LEAST_POWER)).clamp(param.low, param.high)
    return values


def _side_share(mix: Tensor) -> Tensor:
    """Energy of the side over that of the middle, of powers [windows, 3, frames, bands]."""
    both, cross = (mix[:, LEFT] + mix[:, RIGHT]).double().sum(), 2 * mix[:, CROSS].double().sum()
    return (both - cross).clamp_min(0) / (both + cross).clamp_min(_LEAST_POWER)


def _furthest(allowed: Callable[[float], bool]) -> float:
    """The largest share up to 1 that is allowed, as 0 is."""
    if allowed(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low
