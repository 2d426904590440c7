"""How the reference differs, band by band, from the mix that some settings make of a song."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.band_console import mix_bands
from diffmst.dsp.band_powers import BANDS, LEFT, RIGHT
from diffmst.layout import Layout, Settings
from diffmst.models.impression import Impression
from diffmst.models.window_statistics import GROUPS, PLACES, places

TRACK_COMPARISONS = 4 * BANDS + PLACES
SONG_COMPARISONS = 5 * BANDS

_FLOOR = 1e-9
_SIDE_FLOOR = 1e-3  # a side this far under the whole, 30 dB, is not heard
_SCALE_DB, _RANGE_DB = 10.0, 30.0
_NOMINAL_RATE = 48_000  # of the console; the bands of an equalizer hardly depend on it


class Comparison(NamedTuple):
    """What reference and mix differ by, of about unit size.

    Attributes:
        song: in bands what the reference has over the mix of level, side and balance, and its own side and balance,
            [batch, SONG_COMPARISONS].
        tracks: of each track its share of the mix in bands, that share of what the reference has over it, and how far
            from the middle stands what the reference has where the track is heard most, [batch, tracks,
            TRACK_COMPARISONS].
    """

    song: Tensor
    tracks: Tensor


def compare(heard: Impression, settings: Settings[Tensor], layout: Layout) -> Comparison:
    """Compares the long-time spectra of the reference and of a mix; differentiable in its settings.

    Loudness does not count. The mix is a sketch: compressors and reverb hear the mean of the song. In full precision
    whatever is trained around it, as the console always is.

    Args:
        heard: of a batch of scenes.
        settings: physical.
        layout: the console's controls.
    """
    with torch.autocast(heard.track_spectra.device.type, enabled=False):
        return _compared(heard, settings, layout)


def _compared(heard: Impression, settings: Settings[Tensor], layout: Layout) -> Comparison:
    spectra = (heard.track_spectra * heard.has_track[..., None, None])[:, None, :, :, None]
    mixed = mix_bands(spectra, heard.mono, settings, _NOMINAL_RATE, layout)
    wet, mix = mixed.tracks[:, 0, :, :, 0], mixed.mix[:, 0, :, 0]
    reference_db, reference_image = _level_db(heard.reference_spectrum), _image(heard.reference_spectrum)
    excess_db = reference_db - _level_db(mix)
    excess_db = (excess_db - excess_db.mean(-1, keepdim=True)).clamp(-_RANGE_DB, _RANGE_DB)
    excess = torch.cat([excess_db[..., None, :] / _SCALE_DB, reference_image - _image(mix)], -2)
    power = _both(wet)
    share = (power / (power.sum(1, keepdim=True) + _FLOOR))[..., None, :]
    tracks = torch.cat([share, share * excess[:, None]], -2).flatten(-2)
    tracks = torch.cat([tracks, _places_of(power, share[..., 0, :], heard)], -1)
    return Comparison(torch.cat([excess, reference_image], -2).flatten(-2), tracks)


def _places_of(power: Tensor, share: Tensor, heard: Impression) -> Tensor:
    """Where the reference has what sounds in the bands of each track, as far as these are its own.

    Shape: power and share [batch, tracks, bands]; returns [batch, tracks, PLACES].
    """
    weight = (share * (power + _FLOOR).sqrt()).unflatten(-1, (GROUPS, BANDS // GROUPS)).sum(-1)
    weight = weight / (weight.sum(-1, keepdim=True) + _FLOOR)
    there = heard.has_reference_window[..., None, None]
    found = (places(heard.reference) * there).sum(1) / there.sum(1).clamp(min=1)
    return weight.to(found) @ found


def _both(powers: Tensor) -> Tensor:
    return powers[..., LEFT, :] + powers[..., RIGHT, :]


def _level_db(powers: Tensor) -> Tensor:
    return 10 * torch.log10(_both(powers) + _FLOOR)


def _image(powers: Tensor) -> Tensor:
    """Level of the side under the whole, -1 (30 dB) to 0, and left against right, -1 to 1; [..., 2, bands]."""
    left, right, cross = powers.unbind(-2)
    total = left + right + _FLOOR
    side = (total / 2 - cross).clamp_min(0) / total
    return torch.stack([torch.log10(side + _SIDE_FLOOR) / 3, (left - right) / total], -2)
