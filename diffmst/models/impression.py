"""What is heard of scenes before anything is learnt: figures of every window, spectra, and the fit of every stem.

It takes most of the time of a prediction and has no weights, so a training set can be kept as impressions: a scene of
8 tracks takes 15 kB.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.models.hearing_bands import BandBatch
from diffmst.models.pair_features import PairFeatures, pair_features
from diffmst.models.window_statistics import STATISTICS, summary, window_statistics


class Impression(NamedTuple):
    """What is heard of a batch of scenes; what fills up has no meaning.

    Attributes:
        tracks: outlines of the tracks as heard in the middle, means over their windows, [batch, tracks, SUMMARY].
        reference: of the windows of the reference, [batch, windows, STATISTICS].
        track_spectra: mean powers of the tracks as they are, [batch, tracks, 3, bands].
        reference_spectrum: mean powers, [batch, 3, bands].
        pair: how each stem seems to stand in the reference.
        roles: probabilities of `ROLE_NAMES`, [batch, tracks, roles].
        sides: see `Scene`, [batch, tracks].
        mono: which tracks have one channel, bool [batch, tracks].
        has_track: which tracks are no filling, bool [batch, tracks].
        has_reference_window: which of the reference, bool [batch, windows].
    """

    tracks: Tensor
    reference: Tensor
    track_spectra: Tensor
    reference_spectrum: Tensor
    pair: PairFeatures
    roles: Tensor
    sides: Tensor
    mono: Tensor
    has_track: Tensor
    has_reference_window: Tensor


@torch.no_grad()
def impression(batch: BandBatch) -> Impression:
    """What is heard of a batch of scenes; not differentiated, and in full precision whatever is trained around it.

    Args:
        batch: band powers.
    """
    share = torch.where(batch.mono, 0.5, 1.0).to(batch.tracks)  # of one channel, each side plays half of the power
    in_the_middle = batch.tracks * share[..., None, None, None, None]
    has_track_frame = batch.has_frame[:, None] & batch.has_track[..., None, None]
    with torch.autocast(batch.tracks.device.type, enabled=False):
        return Impression(
            tracks=_outlines(in_the_middle, has_track_frame),
            reference=_statistics(batch.reference, batch.has_reference_frame),
            track_spectra=_spectra(batch.tracks, has_track_frame),
            reference_spectrum=_spectra(batch.reference, batch.has_reference_frame),
            pair=pair_features(batch),
            roles=batch.roles,
            sides=batch.sides,
            mono=batch.mono,
            has_track=batch.has_track,
            has_reference_window=batch.has_reference_frame.any(-1),
        )


def _outlines(powers: Tensor, has_frame: Tensor) -> Tensor:
    """Means over the windows that have frames of what `summary` says of them, [batch, tracks, SUMMARY]."""
    outlines = summary(_statistics(powers, has_frame))
    present = has_frame.any(-1)[..., None]
    return (outlines * present).sum(-2) / present.sum(-2).clamp(min=1)


def _statistics(powers: Tensor, has_frame: Tensor) -> Tensor:
    """Statistics of the windows that have frames, zeros for the others.

    Shape: powers [*windows, 3, frames, bands]; has_frame [*windows, frames]; returns [*windows, STATISTICS].
    """
    present = has_frame.any(-1)
    statistics = powers.new_zeros(*present.shape, STATISTICS)
    statistics[present] = window_statistics(powers[present], has_frame[present])
    return statistics


def _spectra(powers: Tensor, has_frame: Tensor) -> Tensor:
    """Means over the frames of all windows; [..., windows, 3, frames, bands] to [..., 3, bands]."""
    counts = has_frame.sum((-2, -1))[..., None, None].clamp_min(1)
    return (powers * has_frame[..., None, :, None]).sum((-4, -2)) / counts
