"""The truth as far as it can be known: of another song, how far out a track stands, but not on which side."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from diffmst.layout import Layout, Settings
from diffmst.models.prediction import Prediction

_MIDDLE = 0.5


@torch.no_grad()
def with_known_sides(truth: Settings[Tensor], prediction: Prediction, layout: Layout) -> Settings[Tensor]:
    """True positions with every pan moved to the side that was predicted, as far as the model is not sure of a side.

    A model that is told to be wrong on half of its sides learns to put everything in the middle; this one learns how
    far out, and where it is sure of a side, that side.

    Args:
        truth: positions in the unit interval.
        prediction: for the same tracks.
        layout: the console's controls.
    """
    if prediction.right is None:
        return truth
    pan, predicted = _pan(truth, layout), _pan(prediction.mean, layout)
    side = torch.where(predicted < _MIDDLE, -1.0, 1.0)
    there = _MIDDLE + side * (pan - _MIDDLE).abs()
    sureness = (2 * prediction.right - 1).abs().to(pan)
    tracks = truth.tracks.clone()
    tracks[..., _column(layout)] = torch.lerp(there, pan, sureness)
    return truth._replace(tracks=tracks)


def surprise_of_sides(truth: Settings[Tensor], right: Tensor, layout: Layout, there: Tensor) -> Tensor:
    """Cross entropy of the sides on which tracks stand, nats, weighted by how far out they do.

    Args:
        truth: positions in the unit interval.
        right: predicted probability of the right side.
        layout: the console's controls.
        there: which tracks count, bool.
    """
    pan = _pan(truth, layout).to(right)
    weight = (2 * pan - 1).abs() * there
    nats = binary_cross_entropy(right, (pan > _MIDDLE).to(right), reduction="none")
    return (weight * nats).sum() / weight.sum().clamp(min=1e-3)


def _pan(positions: Settings[Tensor], layout: Layout) -> Tensor:
    return positions.tracks[..., _column(layout)]


def _column(layout: Layout) -> int:
    return layout.track.column("panner.pan")
