"""A master that an engineer would sign: it buries nothing, and does not pump.

A distance between long-time spectra has no price for either. To sound like a song that lives by its 808, the equalizer
of another would take away all but its bass, and what is left of that would drive the compressor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.band_console import equalizer_gains, master_reduction_db, mix_bands
from diffmst.dsp.band_powers import LEFT, RIGHT, k_weights
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Section, Settings
from diffmst.models.hearing_bands import excerpt_powers
from diffmst.prior import Stem, level_control
from diffmst.sanity import BURIED_LU, is_lead, raised
from diffmst.ties import Ties

QUIETEST_LEAD_LU = -10.0
"""The equalizer of the master takes no lead further under the mix than this."""

MOST_LOWERED_LU = 3.0
"""Unless it is there already, or near: by this it may lower any track."""

MOST_RAISED_DB = 6.0
"""Any other track that it would bury is raised by so much; only where that is not enough is it taken back."""

MOST_REDUCTION_DB = 7.0
"""The compressor of the master takes off no more for 95 % of the time; random mixes that are sane have 2 to 9 dB."""

BURIED_COST = 0.003
"""Of a square LU that a track is taken too far, on the scale of the distance, while settings are sought."""

_SAFETY_LU = 0.5
_COUNTED = 0.95
_HEARD = 1e-2  # of the power of its loudest window: there a track sounds
_LEAST_POWER = 1e-12
_HALVINGS = 10
_THRESHOLD = "compressor.threshold_db"


class Restraint:
    """What the master may not do to a song, measured in band powers.

    Args:
        excerpts: of the song.
        stems: what is known of its tracks.
        layout: the console's controls.
        ties: of the controls; tracks of one level are raised together.
        locked: settings that stay as they are, bool.
    """

    def __init__(
        self,
        excerpts: Excerpts,
        stems: Sequence[Stem],
        layout: Layout,
        ties: Ties | None = None,
        locked: Settings[Tensor] | None = None,
    ) -> None:
        self._stems, self._layout, self._ties, self._locked = stems, layout, ties, locked
        self._mono = [count == 1 for count in excerpts.channels]
        self._sample_rate = excerpts.sample_rate
        self._gains = [name for name in layout.master.params if fnmatch(name, "eq.*.gain_db")]
        self._last: _Song | None = None
        with torch.no_grad():
            self._powers = excerpt_powers(excerpts)

    @torch.no_grad()
    def restrained(self, settings: Settings) -> Settings:
        """The settings with the master's equalizer and compressor taken back as far as needed, and what helps raised.

        All gains of the equalizer are scaled until no lead is taken under `QUIETEST_LEAD_LU`, and no other track so far
        under `BURIED_LU` that raising it by `MOST_RAISED_DB` does not bring it back; then those are raised. The
        threshold of the compressor is raised until it takes off no more than `MOST_REDUCTION_DB`.
        """
        tracks = self._song(settings).tracks
        master = tracks.without_burying(settings.master, self._free(self._gains))
        missing_db = tracks.missing_db(master)
        if self._locked is not None:
            missing_db *= ~self._locked.tracks[0, :, self._layout.track.column(level_control(self._layout.track))]
        lifted = raised(settings, missing_db, self._layout, self._ties)._replace(master=master)
        return lifted._replace(master=self._without_pumping(self._song(lifted).bus, master))

    def while_sought(self, settings: Settings[Tensor]) -> tuple[Settings[Tensor], dict[str, Tensor]]:
        """Settings whose master does not pump, and what it costs that it buries tracks, as the term `buried`.

        So descent finds the best of all masters that are left as they are. Gradients are those of the settings as if
        nothing had been taken back.

        Args:
            settings: physical, batch of one.
        """
        with torch.no_grad():
            here = settings.master.detach()
            raised_by = self._without_pumping(self._song(settings).bus, here) - here
        return settings._replace(master=settings.master + raised_by), {"buried": self.buried(settings)}

    def buried(self, settings: Settings[Tensor]) -> Tensor:
        """What it costs that the equalizer of the master buries tracks; its gradient is one of that equalizer alone."""
        with torch.no_grad():
            tracks = self._song(settings).tracks
        return BURIED_COST * tracks.buried_lu2(settings.master)

    def _song(self, settings: Settings) -> _Song:
        """The tracks and their sum; while only the master changes, they are not mixed again."""
        settings = Settings(*(part.detach() for part in settings))
        if self._last is None or not self._last.holds(settings):
            mixed = mix_bands(self._powers, self._mono, settings, self._sample_rate, self._layout)
            heard = _where_they_sound(mixed.tracks)
            tracks = _Tracks(heard, self._stems, self._sample_rate, self._layout.master)
            self._last = _Song(settings.tracks, settings.fx, tracks, mixed.bus)
        return self._last

    def _free(self, controls: Sequence[str]) -> list[int]:
        """Columns of the controls of the master that are not locked."""
        columns = [self._layout.master.column(name) for name in controls]
        return [each for each in columns if self._locked is None or not self._locked.master[0, each]]

    def _without_pumping(self, bus: Tensor, master: Tensor) -> Tensor:
        columns, highest_db = self._free([_THRESHOLD]), self._layout.master.params[_THRESHOLD].high

        def lowered(share: float) -> Tensor:
            values = master.clone()
            values[..., columns] = highest_db + share * (values[..., columns] - highest_db)
            return values

        def is_calm(share: float) -> bool:
            reduction_db = -master_reduction_db(bus, lowered(share), self._sample_rate, self._layout)
            return float(reduction_db.flatten().quantile(_COUNTED)) <= MOST_REDUCTION_DB

        return lowered(_furthest(is_calm)) if columns else master


class _Song(NamedTuple):
    """What settings of tracks and FX bus make of a song.

    Attributes:
        track_settings, fx_settings: those.
        tracks: what is heard of the tracks.
        bus: their sum, see `BandMix`.
    """

    track_settings: Tensor
    fx_settings: Tensor
    tracks: _Tracks
    bus: Tensor

    def holds(self, settings: Settings) -> bool:
        """Whether it is what these settings make of it."""
        return torch.equal(self.track_settings, settings.tracks) and torch.equal(self.fx_settings, settings.fx)


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
        section: the controls of the master.
    """

    def __init__(self, powers: Tensor, stems: Sequence[Stem], sample_rate: int, section: Section) -> None:
        self._powers, self._sample_rate, self._section = powers, sample_rate, section
        leads = torch.tensor([is_lead(stem) for stem in stems])
        self._flat_lu = self._relative_lu(powers)
        lowest_lu = torch.where(leads, QUIETEST_LEAD_LU, BURIED_LU - MOST_RAISED_DB)
        lowest_lu = torch.minimum(lowest_lu, self._flat_lu - MOST_LOWERED_LU)
        self._lowest_lu = lowest_lu.where(powers.sum(-1) > _LEAST_POWER, -torch.inf)

    def without_burying(self, master: Tensor, columns: Sequence[int]) -> Tensor:
        """The master's settings with as much of some gains of its equalizer as buries nothing."""

        def scaled(share: float) -> Tensor:
            values = master.clone()
            values[..., columns] *= share
            return values

        return scaled(_furthest(lambda share: bool((self._levels_lu(scaled(share)) >= self._lowest_lu).all())))

    def buried_lu2(self, master: Tensor) -> Tensor:
        """How far the master buries tracks, squared and summed; begins a little above what it may not do."""
        return (self._lowest_lu + _SAFETY_LU - self._levels_lu(master)).clamp_min(0).square().sum()

    def missing_db(self, master: Tensor) -> Tensor:
        """What tracks that lie under `BURIED_LU` behind a master, and not before it, are to be raised by; [tracks]."""
        missing_db = (BURIED_LU - self._levels_lu(master)).clamp(0, MOST_RAISED_DB)
        return torch.where(self._flat_lu > BURIED_LU, missing_db, 0.0)

    def _levels_lu(self, master: Tensor) -> Tensor:
        """Loudness of every track against all together, [tracks]."""
        return self._relative_lu(self._powers * equalizer_gains(self._section, master[0], self._sample_rate))

    def _relative_lu(self, powers: Tensor) -> Tensor:
        heard = powers.sum(-1)
        return 10 * torch.log10(heard.clamp_min(_LEAST_POWER) / heard.sum().clamp_min(_LEAST_POWER))


def _furthest(allowed: Callable[[float], bool]) -> float:
    """The largest share up to 1 that is allowed, as 0 is."""
    if allowed(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low
