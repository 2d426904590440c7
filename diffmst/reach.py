"""How far refinement may go from what a model predicts."""

from collections.abc import Sequence

import torch

from diffmst.layout import Layout, Settings
from diffmst.prior import Prior, Stem
from diffmst.sanity import stays_centred
from diffmst.ties import Ties


def reaching(predicted: Prior, usual: Prior, stems: Sequence[Stem], layout: Layout, ties: Ties | None = None) -> Prior:
    """What was predicted, with another doubt where a model's own says little of how to refine.

    The master goes at least as far as is usual: a model is sure of the masters that it was trained on, and records are
    mastered further. What carries the low end, and leads, stay where they were placed: if the sides of a reference
    are uneven, it is not for them to make up for it, nor for a track whose pan is tied to theirs.

    Args:
        predicted: by a model, from the reference.
        usual: what is usual for these stems, see `sane_prior`.
        stems: what is known of the tracks.
        layout: the console's controls.
        ties: controls that are one.
    """
    master = torch.where(predicted.width.master > 0, predicted.width.master.max(usual.width.master), 0.0)
    tracks, pan = predicted.width.tracks.clone(), layout.track.column("panner.pan")
    centred = torch.tensor([stays_centred(stem) for stem in stems])
    if ties:
        centred = ((ties.weights[pan] != 0) & centred).any(-1)
    tracks[0, centred, pan] = 0
    return predicted._replace(width=Settings(tracks, predicted.width.fx, master))
