"""How far refinement may go from what a model predicts."""

from collections.abc import Sequence
from fnmatch import fnmatch

import torch
from torch import Tensor

from diffmst.layout import Layout, Settings
from diffmst.prior import BOUND, Prior, Stem
from diffmst.sanity import stays_centred
from diffmst.ties import Ties

MASTER_EQ_DB = 10.0
"""No band of the master's equalizer is moved further than this, unless it was predicted further: to make up for a sound
that the song has not, an 808 say, a shelf would lift all that lies under it."""

PAIR_WIDTH = 0.1
"""Doubt of how far out the sides of a pair of mono files stand, at least, in the unit interval: a fifth of a side.
Pairs are panned hard as a rule, and half way as another."""

_TIMES = ("compressor.attack_ms", "compressor.release_ms")
"""Of the master's compressor, which the model is unsure of, and the reference does not tell."""


def reaching(predicted: Prior, usual: Prior, stems: Sequence[Stem], layout: Layout, ties: Ties | None = None) -> Prior:
    """What was predicted, with another doubt where a model's own says little of how to refine.

    The master goes at least as far as is usual: a model is sure of the masters that it was trained on, and records are
    mastered further; but its equalizer no further than `MASTER_EQ_DB`, and its times no further than is usual. What
    carries the low end, and leads, stay where they were placed: if the sides of a reference are uneven, it is not for
    them to make up for it, nor for a track whose pan is tied to theirs. The two sides of a pair of mono files may go
    further out, or in, than a model is in doubt of.

    Args:
        predicted: by a model, from the reference.
        usual: what is usual for these stems, see `sane_prior`.
        stems: what is known of the tracks.
        layout: the console's controls.
        ties: controls that are one.
    """
    master = _master_widths(predicted, usual, layout)
    tracks, pan = predicted.width.tracks.clone(), layout.track.column("panner.pan")
    paired = torch.tensor([stem.side != 0 and stem.channels == 1 for stem in stems])
    narrow = paired & (tracks[0, :, pan] > 0) & (tracks[0, :, pan] < PAIR_WIDTH)
    tracks[0, narrow, pan] = PAIR_WIDTH
    centred = torch.tensor([stays_centred(stem) for stem in stems])
    if ties:
        centred = ((ties.weights[pan] != 0) & centred).any(-1)
    tracks[0, centred, pan] = 0
    return predicted._replace(width=Settings(tracks, predicted.width.fx, master))


def _master_widths(predicted: Prior, usual: Prior, layout: Layout) -> Tensor:
    section, mean, width = layout.master, predicted.mean.master, predicted.width.master
    further = torch.where(width > 0, width.max(usual.width.master), 0.0)
    for name in section.params:
        column = section.column(name)
        if name in _TIMES:
            further[..., column] = width[..., column].min(usual.width.master[..., column])
        elif fnmatch(name, "eq.*.gain_db"):
            param = section.params[name]
            room = MASTER_EQ_DB / (param.high - param.low) - (mean[..., column] - 0.5).abs()
            further[..., column] = further[..., column].min(room.clamp(min=0) / BOUND)
    return further
