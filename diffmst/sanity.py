"""Whether a mix is one that an engineer would sign: figures that say more than a distance to a reference can."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.dsp.hop_energies import k_weight
from diffmst.dsp.kernels.cpu_levels import levels_of
from diffmst.dsp.loudness import energy_to_lufs, pooled_loudness
from diffmst.dsp.stereo import balance_gains, pan_gains
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Section, Settings
from diffmst.prior import LOW_TRACK, Stem, level_control
from diffmst.strips import Channels, master_width, track_strips
from diffmst.ties import Ties

BURIED_LU = -24.5
"""A track that sounds and lies further than this under the mix is buried."""

COUNTED_BURIED_LU = -25.0
"""What is counted as buried: half a LU further, as what `keep_audible` raised lies on the edge."""

LEAST_NOTICED_DB = 0.75
"""What is heard in the middle may be so much louder on one side."""

FURTHEST_OFF_CENTRE_DB = 30.0
"""A track that is further on one side counts as this far."""

MOST_MONO_LOSS_LU = 60.0
"""A mix of which even less is left in mono counts as losing this much."""

_LEAST_ENERGY = 1e-12
_HALVINGS = 40  # of the range of a pan, to where double precision ends


@dataclass(frozen=True)
class Sanity:
    """Figures of a mix, each with the direction in which it is worse; NaN where no track is of the kind.

    Attributes:
        low_off_centre_db: largest level difference between left and right of a track that carries the low end.
        low_off_centre_mean_db: mean over all such tracks.
        lead_off_centre_db: the same, largest, of tracks that their names call leads.
        lead_off_centre_mean_db: mean over all such tracks.
        quietest_lu: loudness of the quietest track that sounds, relative to all tracks together, before the master;
            lower is buried.
        buried_share: share of the tracks that sound that lie under `COUNTED_BURIED_LU`.
        largest_eq_db: strongest boost or cut of any band on a track.
        largest_fader_db: furthest that a track's fader is from 0 dB; NaN without faders.
        mono_loss_lu: what the mix loses when its sides are added.
    """

    low_off_centre_db: float
    low_off_centre_mean_db: float
    lead_off_centre_db: float
    lead_off_centre_mean_db: float
    quietest_lu: float
    buried_share: float
    largest_eq_db: float
    largest_fader_db: float
    mono_loss_lu: float


class _Sounds(NamedTuple):
    """Tracks where they sound: without reverb, before the master but for the width of the mix.

    Attributes:
        powers: K-weighted mean products of their sides before fader and pan, [tracks, 2, 2]; of a mono track all are
            equal.
        energies: K-weighted mean squares of left and right as they are heard, [tracks, 2], float64.
        width: gains from left and right to left and right, [2, 2].
    """

    powers: Tensor
    energies: Tensor
    width: Tensor


def measure_sanity(excerpts: Excerpts, stems: Sequence[Stem], settings: Settings, layout: Layout) -> Sanity:
    """The figures of a mix, from excerpts.

    Args:
        excerpts: of the song.
        stems: what is known of its tracks.
        settings: physical, batch of one.
        layout: the console's controls.
    """
    with torch.no_grad():
        mixed = excerpts.mixed(settings, layout)
        energy = _sounds(excerpts, settings, layout).energies
    sides_db = 10 * torch.log10(energy.clamp_min(_LEAST_ENERGY))
    return sanity_of(
        stems,
        settings,
        layout,
        levels_lu=_relative_lu(energy).where(energy.sum(-1) > _LEAST_ENERGY, -math.inf),
        sides_db=sides_db[:, 0] - sides_db[:, 1],
        mono_loss_lu=mono_loss_lu(mixed, excerpts.sample_rate),
    )


def sanity_of(
    stems: Sequence[Stem],
    settings: Settings,
    layout: Layout,
    *,
    levels_lu: Tensor,
    sides_db: Tensor,
    mono_loss_lu: float,
) -> Sanity:
    """The figures of a mix whose tracks have been measured.

    Args:
        stems: what is known of its tracks.
        settings: physical, batch of one.
        layout: the console's controls.
        levels_lu: loudness of every processed track relative to all together, -inf for silence, [tracks].
        sides_db: its level in left over that in right, [tracks].
        mono_loss_lu: of the mix.
    """
    audible = levels_lu.isfinite() & torch.tensor([stem.audible for stem in stems])
    low = audible & torch.tensor([stem.low_share > LOW_TRACK for stem in stems])
    lead = audible & torch.tensor([is_lead(stem) for stem in stems])
    off_centre_db = sides_db.abs().clamp(max=FURTHEST_OFF_CENTRE_DB)
    eq, fader = (layout.track.controls(settings.tracks[0], effect) for effect in ("eq", "fader"))
    return Sanity(
        low_off_centre_db=_largest(off_centre_db[low]),
        low_off_centre_mean_db=float(off_centre_db[low].mean()),
        lead_off_centre_db=_largest(off_centre_db[lead]),
        lead_off_centre_mean_db=float(off_centre_db[lead].mean()),
        quietest_lu=-_largest(-levels_lu[audible]),
        buried_share=float((levels_lu[audible] < COUNTED_BURIED_LU).double().mean()),
        largest_eq_db=_largest(eq["gain_db"][audible].abs()),
        largest_fader_db=_largest(fader["gain_db"][audible].abs()) if fader else math.nan,
        mono_loss_lu=mono_loss_lu,
    )


def mono_loss_lu(mixed: Tensor, sample_rate: int) -> float:
    """Loudness of a mix less that of both sides playing their mean, at most `MOST_MONO_LOSS_LU`; NaN for silence.

    Shape: mixed [windows, 2, time]; windows are of one mix.
    """
    mono = mixed.mean(1, keepdim=True).expand_as(mixed)
    loss_lu = pooled_loudness(mixed, sample_rate) - pooled_loudness(mono, sample_rate)
    return float(loss_lu.clamp(max=MOST_MONO_LOSS_LU))


def keep_audible(
    excerpts: Excerpts, stems: Sequence[Stem], settings: Settings, layout: Layout, ties: Ties | None = None
) -> Settings:
    """The settings with the level of every track raised that lies more than `BURIED_LU` under the mix.

    The prior bounds the faders; equalizers can bury a track all the same when its song has nothing of the reference.

    Args:
        excerpts: of the song.
        stems: what is known of its tracks.
        settings: physical, batch of one.
        layout: the console's controls.
        ties: of the controls; tracks of one level are raised together.
    """
    with torch.no_grad():
        return _audible(_sounds(excerpts, settings, layout).energies, stems, settings, layout, ties)


def keep_sane(
    excerpts: Excerpts, stems: Sequence[Stem], settings: Settings, layout: Layout, ties: Ties | None = None
) -> Settings:
    """The settings as `keep_audible` leaves them, and with what belongs in the middle no further off than it may be.

    A stereo file of a bass or a lead may lean to one side itself. An engineer balances it back by its pan, as far as
    one would notice: `LEAST_NOTICED_DB`. A track whose pan is tied to another's stays.
    """
    with torch.no_grad():
        sounds = _sounds(excerpts, settings, layout)
    audible = _audible(sounds.energies, stems, settings, layout, ties)
    return audible._replace(tracks=_centred(sounds, stems, audible.tracks, excerpts.channels, layout.track, ties))


def _audible(energy: Tensor, stems: Sequence[Stem], settings: Settings, layout: Layout, ties: Ties | None) -> Settings:
    missing_db = ((BURIED_LU - _relative_lu(energy)).clamp_min(0) * _sounding(energy, stems)).nan_to_num()
    return raised(settings, missing_db, layout, ties)


def raised(settings: Settings, gains_db: Tensor, layout: Layout, ties: Ties | None) -> Settings:
    """The settings with the levels of tracks raised; those of one level together, as far as one of them is.

    Args:
        settings: physical, batch of one.
        gains_db: of every track, 0 or more, [tracks].
        layout: the console's controls.
        ties: of the controls.
    """
    control = level_control(layout.track)
    if ties:
        together = ties.weights[layout.track.column(control)] != 0
        gains_db = (together * gains_db).amax(-1)
    return settings._replace(tracks=layout.track.moved(settings.tracks, control, gains_db))


def _centred(
    sounds: _Sounds, stems: Sequence[Stem], tracks: Tensor, channels: Channels, section: Section, ties: Ties | None
) -> Tensor:
    column, tracks = section.column("panner.pan"), tracks.clone()
    tied = ties.tied[:, column] if ties else torch.zeros(len(stems), dtype=torch.bool)
    sounding = _sounding(sounds.energies, stems)
    for track, (stem, count) in enumerate(zip(stems, channels, strict=True)):
        if not stays_centred(stem) or tied[track] or not sounding[track]:
            continue
        off_centre_db = _sides_db(sounds.energies[track])
        if abs(off_centre_db) > LEAST_NOTICED_DB:
            wanted_db = math.copysign(LEAST_NOTICED_DB, off_centre_db)
            tracks[0, track, column] = _pan_where(sounds.powers[track], sounds.width, count, wanted_db)
    return tracks


def _pan_where(powers: Tensor, width: Tensor, count: int, wanted_db: float) -> float:
    """The pan at which a track is so much louder on the left: the further to the right, the less."""
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        pan = (low + high) / 2
        gains = (pan_gains if count == 1 else balance_gains)(torch.tensor(pan, dtype=powers.dtype))
        if _sides_db(_energies(powers, gains, width)) > wanted_db:
            low = pan
        else:
            high = pan
    return (low + high) / 2


def _sides_db(energy: Tensor) -> float:
    left, right = (10 * torch.log10(energy.clamp_min(_LEAST_ENERGY))).tolist()
    return float(left - right)


def stays_centred(stem: Stem) -> bool:
    """Whether a track belongs in the middle: it carries the low end, or its name calls it a lead."""
    return stem.low_share > LOW_TRACK or is_lead(stem)


def is_lead(stem: Stem) -> bool:
    """Whether its name calls a track a lead."""
    return stem.role.name == "lead"


def track_levels_lufs(excerpts: Excerpts, settings: Settings, layout: Layout) -> Tensor:
    """Loudness of every processed track without reverb where it sounds, [tracks]; -inf for silence.

    Before the master, but for the width that this gives to all.

    Args:
        excerpts: of the song.
        settings: physical, batch of one.
        layout: the console's controls.
    """
    with torch.no_grad():
        return energy_to_lufs(_sounds(excerpts, settings, layout).energies.sum(-1))


def _relative_lu(energy: Tensor) -> Tensor:
    """Loudness of every track against all together; [tracks, 2] -> [tracks]."""
    return energy_to_lufs(energy.sum(-1)) - energy_to_lufs(energy.sum((-2, -1)))


def _sounding(energy: Tensor, stems: Sequence[Stem]) -> Tensor:
    """Which tracks sound in the excerpts and are not muted, [tracks]."""
    return (energy.sum(-1) > _LEAST_ENERGY) & torch.tensor([stem.audible for stem in stems])


def _sounds(excerpts: Excerpts, settings: Settings, layout: Layout) -> _Sounds:
    channels, width = excerpts.channels, master_width(layout.master, settings.master)[0]
    strips = track_strips(layout.track, settings.tracks, channels, excerpts.sample_rate)
    placed = strips.mixing[0, :, :2].split(channels)
    gains = torch.stack(
        [rows[0] if count == 1 else rows.diagonal() for rows, count in zip(placed, channels, strict=True)]
    )
    per_window = []
    for window in excerpts.audio:
        rows, _ = strips.to_rows(window[None])
        weighted = k_weight(rows, excerpts.sample_rate)[0, :, excerpts.lead_frames :]
        per_window.append(torch.stack([_products(track) for track in weighted.split(channels)]))
    powers = torch.stack(per_window)
    loudness = _energies(powers, gains, width).sum(-1)
    sounding = loudness > 1e-2 * loudness.amax(0)  # within 20 dB of its loudest window
    mean = (powers * sounding[..., None, None]).sum(0) / sounding.sum(0).clamp_min(1)[:, None, None]
    return _Sounds(mean, _energies(mean, gains, width), width)


def _products(track: Tensor) -> Tensor:
    """Mean products of the sides of a track, [1 or 2, time] to [2, 2], float64; one channel plays on both."""
    levels = levels_of(track[0].numpy(), track[-1].numpy())
    (left, right), both = levels.squares, levels.product
    return torch.tensor([[left, both], [both, right]], dtype=torch.float64) / track.shape[1]


def _energies(powers: Tensor, gains: Tensor, width: Tensor) -> Tensor:
    """Mean squares of left and right: products of sides [..., 2, 2], gains [..., 2] and width [2, 2] to [..., 2]."""
    panned = gains[..., :, None] * powers * gains[..., None, :]
    return (width.T @ panned @ width).diagonal(dim1=-2, dim2=-1)


def _largest(values: Tensor) -> float:
    return float(values.max()) if values.numel() else math.nan
