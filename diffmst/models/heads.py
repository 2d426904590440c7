"""From states to settings: a mean and a width for every control, around what is sane before anything is heard."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffmst.layout import Layout, Section
from diffmst.models.pair_features import PairFeatures
from diffmst.models.scene import ROLE_NAMES, Hearing
from diffmst.prior import MASTER_LUFS, NOMINAL_LUFS, Stem, level_control, sane_prior
from diffmst.roles import BY_NAME

# A control at the end of its range, as the ratio of a compressor that is off, starts this far inside it: at the very
# end a sigmoid has no gradient.
_END = 0.02

# Widths stay within this factor of the sane ones.
_WIDTH_FACTOR = 6.0

# No track is predicted further than this from the mean level of all: with 128 tracks the faders stay in their range.
_LEVEL_RANGE_DB = 18.0

# How sure of level and pan an untrained network is against what the comparison of stem and reference says.
_LEVEL_DOUBT_DB, _PAN_DOUBT = 4.0, 0.3

_CORRECTION_DB = 10.0  # by an output of 1
_MASTER_WIDTH_DB = 2.0
_NEPERS_PER_DB = math.log(10) / 10


class Belief(NamedTuple):
    """Positions and widths of controls in the unit interval, [..., controls] each."""

    mean: Tensor
    width: Tensor


class Beliefs(NamedTuple):
    """Of every section of a console."""

    tracks: Belief
    fx: Belief
    master: Belief


def sane_beliefs(layout: Layout, hearing: Hearing) -> Beliefs:
    """What is believed before anything is heard, of one mono track of unknown role and of the buses, [controls] each.

    Whatever `sane_prior` leaves alone has width 0 and is not the model's to set, as the input gain of the tracks, which
    staging uses up. The gains of the master are: together as loud as one was staged, the tracks are brought to
    `MASTER_LUFS`, and the mix to the loudness of the reference.
    """
    prior = sane_prior(layout, [Stem(NOMINAL_LUFS, channels=1, low_share=0.0)])
    parts = zip(prior.mean, prior.width, strict=True)
    tracks, fx, master = (Belief(mean.flatten().clone(), width.flatten().clone()) for mean, width in parts)
    gains_db = {
        "input.gain_db": MASTER_LUFS - hearing.track_lufs,
        "fader.gain_db": hearing.reference_lufs - MASTER_LUFS,
    }
    for column, (name, param) in enumerate(layout.master.params.items()):
        if name in gains_db:
            master.mean[column] = param.to_unit(master.mean.new_tensor(gains_db[name]))
            master.width[column] = _MASTER_WIDTH_DB / (param.high - param.low)
    return Beliefs(tracks, fx, master)


class Head(nn.Module):
    """Means and widths of the controls of a section; untrained, what is sane.

    Args:
        width: of the states.
        sane: what is believed before anything is heard.
    """

    sane_mean: Tensor
    sane_width: Tensor

    def __init__(self, width: int, sane: Belief) -> None:
        super().__init__()
        self.linear = _quiet(nn.Linear(width, 2 * len(sane.mean)))
        self.register_buffer("sane_mean", sane.mean.float(), persistent=False)
        self.register_buffer("sane_width", sane.width.float(), persistent=False)

    def forward(self, state: Tensor, shift: Tensor | float = 0.0) -> Belief:
        """Settings [..., controls] for states [..., width]; `shift` [..., controls] moves the logits of the means."""
        moved, widened = self.linear(state).chunk(2, -1)
        start = torch.logit(self.sane_mean.clamp(_END, 1 - _END))
        mean = torch.where(self.sane_width > 0, torch.sigmoid(start + moved + shift), self.sane_mean)
        limit = math.log(_WIDTH_FACTOR)
        return Belief(mean, self.sane_width * torch.exp(limit * torch.tanh(widened / limit)))


class TrackHead(nn.Module):
    """Settings of tracks; untrained, their level and pan are what the comparison with the reference says.

    That counts the more, the surer it is against what role and state say. The faders of a song add up to 0 dB.

    Args:
        width: of the states.
        section: of the tracks.
        sane: what is believed of a track before anything is heard.
    """

    is_level: Tensor
    is_pan: Tensor

    def __init__(self, width: int, section: Section, sane: Belief) -> None:
        super().__init__()
        self.head = Head(width, sane)
        self.corrections = _quiet(nn.Linear(width, 3))
        usual_db = [float(BY_NAME[name].level_lu) for name in ROLE_NAMES]
        self.role_level_db = nn.Parameter(torch.tensor(usual_db))
        self._fader = section.params[level_control(section)]
        for buffer, control in (("is_level", level_control(section)), ("is_pan", "panner.pan")):
            self.register_buffer(buffer, torch.tensor([name == control for name in section.params]), persistent=False)

    def forward(self, state: Tensor, roles: Tensor, fit: PairFeatures, has_track: Tensor) -> Belief:
        """Settings [batch, tracks, controls].

        Shape: state [batch, tracks, width]; roles [batch, tracks, roles]; has_track, bool [batch, tracks].
        """
        level, level_doubt, pan_doubt = self.corrections(state).unbind(-1)
        pan_trust = _trust(_PAN_DOUBT * torch.exp(pan_doubt), fit.pan_width)
        pan_shift = pan_trust * torch.logit((0.98 * fit.pan + 1) / 2)
        belief = self.head(state, pan_shift[..., None] * self.is_pan)
        expected_db = roles @ self.role_level_db + _CORRECTION_DB * level
        level_trust = _trust(_LEVEL_DOUBT_DB * torch.exp(level_doubt), fit.level_width_db)
        fader_db = gauged_db(expected_db + level_trust * (fit.level_db - expected_db), has_track)
        fader = self._fader.to_unit(fader_db.clamp(self._fader.low, self._fader.high))
        return belief._replace(mean=torch.where(self.is_level, fader[..., None], belief.mean))


def gauged_db(level_db: Tensor, has_track: Tensor) -> Tensor:
    """Levels of tracks, softly bounded around their mean, as faders whose powers have the sum 1; [batch, tracks]."""
    mean_db = (level_db * has_track).sum(-1, keepdim=True) / has_track.sum(-1, keepdim=True)
    bounded_db = _LEVEL_RANGE_DB * torch.tanh((level_db - mean_db) / _LEVEL_RANGE_DB)
    nepers = bounded_db * _NEPERS_PER_DB
    total = nepers.masked_fill(~has_track, -torch.inf).logsumexp(-1, keepdim=True)
    return (nepers - total) / _NEPERS_PER_DB


def _trust(doubt: Tensor, width: Tensor) -> Tensor:
    """Weight of a Gaussian of this width in its product with one of the width `doubt`."""
    return doubt.square() / (doubt.square() + width.square())


def _quiet(linear: nn.Linear) -> nn.Linear:
    """Next to nothing comes out of it before it is trained."""
    nn.init.normal_(linear.weight, std=1e-3)
    nn.init.zeros_(linear.bias)
    return linear
