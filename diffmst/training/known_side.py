"""The truth as far as it can be known: of another song, how far out a track stands, but not on which side."""

from __future__ import annotations

import torch
from torch import Tensor

from diffmst.layout import Layout, Settings
from diffmst.models.prediction import Prediction

_MIDDLE = 0.5


@torch.no_grad()
def with_known_sides(truth: Settings[Tensor], prediction: Prediction, layout: Layout) -> Settings[Tensor]:
    """True positions with every pan moved to the side that was predicted, as far as the model is not sure of a side.

    A model that is told to be wrong on half of its sides learns to put everything in the middle; this one learns how
    far out, and where it trusts a side, that side.

    Args:
        truth: positions in the unit interval.
        prediction: for the same tracks.
        layout: the console's controls.
    """
    if prediction.side_trust is None:
        return truth
    column = list(layout.track.params).index("panner.pan")
    pan, predicted = truth.tracks[..., column], prediction.mean.tracks[..., column]
    side = torch.where(predicted < _MIDDLE, -1.0, 1.0)
    there = _MIDDLE + side * (pan - _MIDDLE).abs()
    tracks = truth.tracks.clone()
    tracks[..., column] = torch.lerp(there, pan, prediction.side_trust.to(pan))
    return truth._replace(tracks=tracks)
