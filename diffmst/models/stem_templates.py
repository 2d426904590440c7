"""What a stem sounds like in a few spectra: the templates by which it is recognised in a mix."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from diffmst.dsp.band_powers import BANDS, CROSS, k_weights
from diffmst.models.hearing_bands import BandBatch

TEMPLATES = 8
_ROUNDS = 6
_POWER = 0.15  # to which powers are raised before they are compared: about as loud as they are to the ear
_ACTIVE = 1e-3  # of the mean energy of a track: frames 30 dB under it are not it
_HEARD = 10**-4.1  # K-weighted mean square, about -42 LUFS: a staged track under it is hardly in these windows
_TINY = 1e-12


class StemTemplates(NamedTuple):
    """Stems in a few spectra each.

    Attributes:
        shapes: spectra of sum 1, [batch, tracks, TEMPLATES, bands]; zero where there are fewer.
        image: power of left, right and cross over the sum of left and right, [batch, tracks, 3, bands].
        spectrum: mean power of left and right together, [batch, tracks, bands].
        energies: K-weighted, of every frame, [batch, tracks, frames].
        heard: tracks that sound in the windows, bool [batch, tracks].
    """

    shapes: Tensor
    image: Tensor
    spectrum: Tensor
    energies: Tensor
    heard: Tensor


def stem_templates(powers: Tensor, batch: BandBatch) -> StemTemplates:
    """Templates of all tracks.

    Args:
        powers: of the tracks as heard in the middle, windows one after the other, [batch, tracks, 3, frames, bands].
        batch: that they are from.
    """
    has_frame = batch.has_frame.flatten(1)[:, None]
    count = has_frame.sum(-1, keepdim=True).clamp(min=1)
    both = powers[:, :, :CROSS].sum(2)
    mean = powers.sum(-2) / count[..., None]
    spectrum = mean[:, :, :CROSS].sum(2)
    energies = both @ k_weights().to(both)
    heard = (energies.sum(-1) / count[..., 0] > _HEARD) & batch.has_track
    floor = (1e-9 * spectrum.sum(-1, keepdim=True) / BANDS + _TINY)[..., None, :]
    image = (mean + floor / 2) / (spectrum[:, :, None] + floor)
    shapes = _clustered(both.flatten(0, 1), _active(both, count).flatten(0, 1)).unflatten(0, heard.shape)
    return StemTemplates(shapes, image, spectrum, energies, heard)


def _active(both: Tensor, count: Tensor) -> Tensor:
    """Frames in which a track sounds, bool [batch, tracks, frames]."""
    level = both.sum(-1)
    return level > _ACTIVE * level.sum(-1, keepdim=True) / count + _TINY


def _clustered(powers: Tensor, active: Tensor) -> Tensor:
    """Mean spectra of clusters of active frames, loud and soft ones apart, of sum 1.

    The first centres are the frames at even steps of the level, so the result is always the same.

    Shape: powers [items, frames, bands]; active [items, frames]; returns [items, TEMPLATES, bands].
    """
    compressed = powers.clamp(min=0).pow(_POWER)
    by_level = powers.sum(-1).masked_fill(~active, -1).argsort(-1, descending=True)
    steps = (torch.arange(TEMPLATES, device=powers.device) + 0.5) / TEMPLATES
    first = by_level.gather(1, (steps * active.sum(-1, keepdim=True)).long().clamp(max=powers.shape[1] - 1))
    centres = compressed.gather(1, first[..., None].expand(-1, -1, powers.shape[-1]))
    for _ in range(_ROUNDS):
        distance = centres.square().sum(-1)[:, None] - 2 * compressed @ centres.transpose(1, 2)
        members = one_hot(distance.argmin(-1), TEMPLATES).to(powers) * active[..., None]
        size = members.sum(1)[..., None]
        centres = torch.where(size > 0, members.transpose(1, 2) @ compressed / size.clamp(min=1), centres)
    sums = members.transpose(1, 2) @ powers
    return sums / sums.sum(-1, keepdim=True).clamp(min=_TINY)
