"""Whether a mix is one that an engineer would sign: figures that say more than a distance to a reference can."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffmst.dsp.hop_energies import k_weight
from diffmst.dsp.loudness import energy_to_lufs, pooled_loudness
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.prior import LOW_TRACK, Stem, level_control
from diffmst.strips import row_tracks, track_strips

BURIED_LU = -24.5
"""A track that sounds and lies further than this under the mix is buried."""

_LEAST_ENERGY = 1e-12


@dataclass(frozen=True)
class Sanity:
    """Figures of a mix, each with the direction in which it is worse.

    Attributes:
        low_off_centre_db: largest level difference between left and right of a track that carries the low end.
        quietest_lu: loudness of the quietest track that sounds, relative to all tracks together, before the master;
            lower is buried.
        largest_eq_db: strongest boost or cut of any band on a track.
        largest_fader_db: furthest that a track's fader is from 0 dB.
        mono_loss_lu: what the mix loses when its sides are added.
    """

    low_off_centre_db: float
    quietest_lu: float
    largest_eq_db: float
    largest_fader_db: float
    mono_loss_lu: float


def measure_sanity(excerpts: Excerpts, stems: Sequence[Stem], settings: Settings, layout: Layout) -> Sanity:
    """The figures of a mix.

    Args:
        excerpts: of the song.
        stems: what is known of its tracks.
        settings: physical, batch of one.
        layout: the console's controls.
    """
    with torch.no_grad():
        mixed = excerpts.mixed(settings, layout)
        energy = _track_energies(excerpts, settings, layout)
    loudness_lu = _relative_lu(energy)
    low = torch.tensor([stem.low_share > LOW_TRACK for stem in stems])
    audible = _sounding(energy, stems)
    sides_db = 10 * torch.log10(energy.clamp_min(_LEAST_ENERGY))
    off_centre_db = (sides_db[:, 0] - sides_db[:, 1]).abs()
    controls = layout.track.controls
    return Sanity(
        low_off_centre_db=_largest(off_centre_db[low & audible]),
        quietest_lu=-_largest(-loudness_lu[audible]),
        largest_eq_db=_largest(controls(settings.tracks[0], "eq")["gain_db"][audible].abs()),
        largest_fader_db=_largest(controls(settings.tracks[0], "fader").get("gain_db", torch.zeros(0)).abs()),
        mono_loss_lu=_mono_loss_lu(mixed, excerpts.sample_rate),
    )


def keep_audible(excerpts: Excerpts, stems: Sequence[Stem], settings: Settings, layout: Layout) -> Settings:
    """The settings with the level of every track raised that lies more than `BURIED_LU` under the mix.

    The prior bounds the faders; equalizers can bury a track all the same when its song has nothing of the reference.
    """
    with torch.no_grad():
        energy = _track_energies(excerpts, settings, layout)
    missing_db = (BURIED_LU - _relative_lu(energy)).clamp_min(0) * _sounding(energy, stems)
    column, param = list(layout.track.params).index(name := level_control(layout.track)), layout.track.params[name]
    tracks = settings.tracks.clone()
    raised = tracks[0, :, column] + missing_db.nan_to_num()
    tracks[0, :, column] = torch.where(missing_db > 0, raised.clamp(param.low, param.high), tracks[0, :, column])
    return settings._replace(tracks=tracks)


def _relative_lu(energy: Tensor) -> Tensor:
    """Loudness of every track against all together; [tracks, 2] -> [tracks]."""
    return energy_to_lufs(energy.sum(-1)) - energy_to_lufs(energy.sum((-2, -1)))


def _sounding(energy: Tensor, stems: Sequence[Stem]) -> Tensor:
    """Which tracks sound in the excerpts and are not muted, [tracks]."""
    return (energy.sum(-1) > _LEAST_ENERGY) & torch.tensor([stem.audible for stem in stems])


def _track_energies(excerpts: Excerpts, settings: Settings, layout: Layout) -> Tensor:
    """K-weighted mean square of every processed track, without reverb, in left and right, where it sounds.

    Shape: returns [tracks, 2], float64.
    """
    strips = track_strips(layout.track, settings.tracks, excerpts.channels, excerpts.sample_rate)
    sides = strips.mixing[0, :, :2].square()
    tracks = torch.tensor(row_tracks(excerpts.channels))
    per_window = []
    for window in excerpts.audio:
        rows, _ = strips.to_rows(window[None])
        weighted = k_weight(rows, excerpts.sample_rate)[0, :, excerpts.lead_frames :].double()
        energy = weighted.square().mean(-1, keepdim=True) * sides
        per_window.append(energy.new_zeros(len(excerpts.channels), 2).index_add_(0, tracks, energy))
    energies = torch.stack(per_window)
    sounding = energies.sum(-1) > 1e-2 * energies.sum(-1).amax(0)  # within 20 dB of its loudest window
    return (energies * sounding[..., None]).sum(0) / sounding.sum(0).clamp_min(1)[:, None]


def _mono_loss_lu(mixed: Tensor, sample_rate: int) -> float:
    """Loudness of the mix less that of both sides playing their mean."""
    mono = mixed.mean(1, keepdim=True).expand_as(mixed)
    return float(pooled_loudness(mixed, sample_rate) - pooled_loudness(mono, sample_rate))


def _largest(values: Tensor) -> float:
    return float(values.max()) if values.numel() else 0.0
