"""From states to settings: a mean and a width for every control, around what is sane before anything is heard."""

from __future__ import annotations

import math
from fnmatch import fnmatch
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from diffmst.layout import Layout, Section
from diffmst.models.impression import Impression
from diffmst.models.pair_features import FEATURE_NAMES, TONE_GROUPS
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
_DISTANCE_LOGITS = 3.0  # likewise
_PAIR_LOGITS = 1.5  # the two sides of a recording are further out
_LEAST_PAN_WIDTH, _MOST_EVIDENCE = 1e-3, 8.0
_EVEN, _LEANING = 0.5, 0.1  # a side is likely from 60 to 40 on
_MASTER_WIDTH_DB = 2.0
_QUIET = 1e-3  # of weights that start with next to nothing
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

    def forward(self, state: Tensor) -> Belief:
        """Settings [..., controls] for states [..., width]."""
        moved, widened = self.linear(state).chunk(2, -1)
        start = torch.logit(self.sane_mean.clamp(_END, 1 - _END))
        mean = torch.where(self.sane_width > 0, torch.sigmoid(start + moved), self.sane_mean)
        limit = math.log(_WIDTH_FACTOR)
        return Belief(mean, self.sane_width * torch.exp(limit * torch.tanh(widened / limit)))


class TrackHead(nn.Module):
    """Settings of tracks; untrained, their level and pan are what the comparison with the reference says.

    That counts the more, the surer it is against what role and state say. The faders of a song add up to 0 dB. How far
    a track stands from the middle can be told from another song too, on which side it stands cannot: where the
    comparison does not tell the side, tracks take sides in turn, so that the mix is as wide and does not lean. The two
    files of one recording stand on the sides that they are of, further out than others.

    Args:
        width: of the states.
        section: of the tracks.
        sane: what is believed of a track before anything is heard.
    """

    is_level: Tensor
    is_pan: Tensor
    is_gain: Tensor

    def __init__(self, width: int, section: Section, sane: Belief) -> None:
        super().__init__()
        self.head = Head(width, sane)
        self.corrections = _quiet(nn.Linear(width, 4))
        usual_db = [float(BY_NAME[name].level_lu) for name in ROLE_NAMES]
        self.role_level_db = nn.Parameter(torch.tensor(usual_db))
        usual_pan = torch.tensor([float(BY_NAME[name].pan_width) for name in ROLE_NAMES])
        self.role_distance = nn.Parameter(torch.logit(usual_pan))
        self.pair_distance = nn.Parameter(torch.tensor(_PAIR_LOGITS))
        self.side = nn.Linear(len(FEATURE_NAMES), 1)
        self.tone = ToneHead(section)
        self._fader = section.params[level_control(section)]
        for buffer, control in (("is_level", level_control(section)), ("is_pan", "panner.pan")):
            self.register_buffer(buffer, torch.tensor([name == control for name in section.params]), persistent=False)
        self.register_buffer("is_gain", torch.tensor(eq_gains(section)), persistent=False)

    def forward(self, state: Tensor, heard: Impression) -> tuple[Belief, Tensor]:
        """Settings, and the probability that a track stands on the right.

        Shape: state [batch, tracks, width]; returns [batch, tracks, controls], and [batch, tracks].
        """
        belief, has_track = self.head(state), heard.has_track
        level, level_doubt, pan_doubt, distance = self.corrections(state).unbind(-1)
        fader_db = self._levels_db(level, level_doubt, heard)
        fader = self._fader.to_unit(fader_db.clamp(self._fader.low, self._fader.high))
        away, right = self._places(distance, pan_doubt, heard)
        pan = sides(away, right, fader_db, has_track) * away
        mean = torch.where(self.is_level, fader[..., None], belief.mean)
        mean = torch.where(self.is_pan, ((1 + pan) / 2)[..., None], mean)
        gains = self.tone(heard.pair.features, has_track).to(mean)  # of half the precision where a trainer wants that
        mean = mean.masked_scatter(self.is_gain.expand_as(mean), gains)
        return belief._replace(mean=mean), right

    def _levels_db(self, level: Tensor, doubt: Tensor, heard: Impression) -> Tensor:
        """Of the faders, [batch, tracks]."""
        expected_db = heard.roles @ self.role_level_db + _CORRECTION_DB * level
        trust = _trust(_LEVEL_DOUBT_DB * torch.exp(doubt), heard.pair.level_width_db)
        return gauged_db(expected_db + trust * (heard.pair.level_db - expected_db), heard.has_track)

    def _places(self, distance: Tensor, doubt: Tensor, heard: Impression) -> tuple[Tensor, Tensor]:
        """How far from the middle, and the probability of the right side, [batch, tracks] both."""
        fit, is_side = heard.pair, heard.sides.abs()
        trust = _trust(_PAN_DOUBT * torch.exp(doubt), fit.pan_width)
        usual = heard.roles @ self.role_distance + self.pair_distance * is_side
        expected = torch.sigmoid(usual + _DISTANCE_LOGITS * distance)
        away = trust * fit.pan.abs() + (1 - trust) * expected
        evidence = softplus(self.side(fit.features.abs())[..., 0]) * fit.pan / fit.pan_width.clamp(min=_LEAST_PAN_WIDTH)
        evidence = torch.where(is_side > 0, _MOST_EVIDENCE * heard.sides, evidence)
        return away, torch.sigmoid(evidence.clamp(-_MOST_EVIDENCE, _MOST_EVIDENCE))


class ToneHead(nn.Module):
    """Gains of the equalizers of tracks: what the reference has of the stem's tone, as far as that is trusted.

    Nothing else: told the role, or all that is heard, a network learns the songs by heart, and is worse than flat on
    others.

    Args:
        section: of the tracks.
    """

    low_db: Tensor
    range_db: Tensor

    def __init__(self, section: Section) -> None:
        super().__init__()
        params = [param for param, wanted in zip(section.params.values(), eq_gains(section), strict=True) if wanted]
        low, high = (torch.tensor([getattr(param, end) for param in params]) for end in ("low", "high"))
        self.register_buffer("low_db", low, persistent=False)
        self.register_buffer("range_db", high - low, persistent=False)
        self.gains = nn.Linear(2 * TONE_GROUPS, len(params), bias=False)
        nn.init.normal_(self.gains.weight, std=_QUIET)
        self.trust = nn.Linear(len(FEATURE_NAMES), 1)

    def forward(self, features: Tensor, has_track: Tensor) -> Tensor:
        """Positions [batch, tracks, gains].

        Shape: features of the pair [batch, tracks, features]; has_track bool [batch, tracks].
        """
        tone = features[..., -TONE_GROUPS:]
        there = has_track[..., None].to(tone)
        of_song = (tone * there).sum(1, keepdim=True) / there.sum(1, keepdim=True)  # the master is heard on all
        told = torch.sigmoid(self.trust(features)) * self.gains(torch.cat([tone, tone - of_song], -1))
        gain_db = _CORRECTION_DB * told
        return ((gain_db - self.low_db) / self.range_db).clamp(_END, 1 - _END)


def eq_gains(section: Section) -> list[bool]:
    """Which controls of a section are gains of its equalizer."""
    return [fnmatch(name, "eq.*.gain_db") for name in section.params]


@torch.no_grad()
def sides(away: Tensor, right: Tensor, level_db: Tensor, has_track: Tensor) -> Tensor:
    """On which side every track stands, -1 or 1; [batch, tracks] all.

    Where one side is likely, on that one. Of the others the loudest and widest choose first, each the side on which
    less stands.

    Args:
        away: how far from the middle.
        right: probability that it is the right side.
        level_db: of the faders.
        has_track: which are no filling.
    """
    told = torch.where(right < _EVEN, -1.0, 1.0)
    weight = away * 10 ** (level_db / 20) * has_track
    sure = (right - _EVEN).abs() > _LEANING
    leaning = (weight * told * sure).sum(-1)
    taken = torch.where(sure, told, 0.0)
    rows = torch.arange(len(weight), device=weight.device)
    for track in weight.masked_fill(sure, -1).argsort(-1, descending=True).unbind(-1):
        free = ~sure[rows, track]
        side = torch.where(leaning > 0, -1.0, 1.0)
        taken[rows, track] = torch.where(free, side, taken[rows, track])
        leaning = leaning + torch.where(free, side * weight[rows, track], 0.0)
    return taken


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
    nn.init.normal_(linear.weight, std=_QUIET)
    nn.init.zeros_(linear.bias)
    return linear
