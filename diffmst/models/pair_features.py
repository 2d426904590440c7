"""What each stem looks like in the reference: level, place and doubt, by comparison alone, without learned weights.

The reference is taken apart into the stems (`unmixing`). That favours some stems over others: what sounds all the time
takes more than its share, what is hidden less. So a mix of the stems as found is taken apart in the same way, and what
comes out wrong there is taken off: the estimate that would have led to what was found (indirect inference).

Reference: C. Gourieroux, A. Monfort, E. Renault, "Indirect inference", Journal of Applied Econometrics 8, 1993.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.dsp.band_powers import BANDS, CROSS
from diffmst.models.hearing_bands import BandBatch
from diffmst.models.stem_templates import StemTemplates, stem_templates
from diffmst.models.unmixing import Unmixed, unmix

TONE_GROUPS = 8
FEATURE_NAMES = (
    *("level", "level_width", "level_found", "level_bias", "pan", "pan_width", "balance", "heard"),
    *("purity", "certainty", "share", "excess", "excess_side", "misfit", "own_misfit", "activity", "crest"),
    *(f"tone_{group}" for group in range(TONE_GROUPS)),
)
"""What the columns of the features stand for. In this order: `level_db` and its width; the level before the correction,
and what was corrected; `pan` and its width; right over left; whether the stem sounds in its windows; the share of the
stem where it is, the same as far as it dominates, and its share of the whole; what the reference has over the model
where it dominates, and there in the side; how far the model is from the reference, and from a mix that can be modelled;
share of loud frames, and peaks over their level, of the stem in the reference over its own; tone of the stem in the
reference over its own, from low to high."""

_RANGE_DB = 14.0  # around the mean, in which levels are believed
_FRAME_STEP = 2  # every so many frames are looked at
_CORRECTION = 0.5  # share of the error found on the simulated mix that is taken off
_PLAYED = 0.5  # share of a stem's level in its windows, over that in the whole song, that it has in the reference too
_BALANCE_FLOOR = 0.05  # amplitude
_LOUD = 0.05  # of the mean energy: quieter frames do not count, as in gated loudness
_PEAKS = 0.1  # share of frames
_TINY = 1e-20

# Logarithms of one standard deviation: a constant, and what purity or certainty and misfit over that of a mix that can
# be modelled add. Fitted to the errors on stems of real and of generated songs, heard in mixes of the same section, of
# another, and of another song.
_LEVEL_WIDTH, _PAN_WIDTH = (1.22, -0.67, 0.63), (-1.45, -1.86, 0.64)
_LARGEST_MISFIT_DB = 1.5
_UNHEARD_LEVEL_WIDTH_DB, _UNHEARD_PAN_WIDTH = 12.0, 1.0


class PairFeatures(NamedTuple):
    """How each stem seems to stand in the reference; what stands for no track has no meaning.

    Attributes:
        level_db: gain of the staged track, left and right together, as heard in the middle; less the mean over the
            tracks that are heard, [batch, tracks].
        level_width_db: how far off that may be, one standard deviation, [batch, tracks].
        pan: as `panner.pan`, -1 to 1, [batch, tracks].
        pan_width: how far off that may be, one standard deviation, [batch, tracks].
        features: all that was found, of about unit size, [batch, tracks, len(FEATURE_NAMES)].
    """

    level_db: Tensor
    level_width_db: Tensor
    pan: Tensor
    pan_width: Tensor
    features: Tensor


@torch.no_grad()
def pair_features(batch: BandBatch) -> PairFeatures:
    """Compares every stem with the reference; not differentiated.

    Levels and places are found in mixes of another section of the same song; of another song nothing can be found,
    which the widths tell in part.

    Tracks may come in any order, and so may windows up to the choice of frames that are looked at.

    Args:
        batch: of scenes.
    """
    powers = _in_the_middle(batch)
    stems = stem_templates(powers, batch)
    own = _Heard(stems.energies, batch.has_frame.flatten(1))
    reference = batch.reference.transpose(1, 2).flatten(2, 3)[:, :, ::_FRAME_STEP]
    has_frame = batch.has_reference_frame.flatten(1)[:, ::_FRAME_STEP]
    found = unmix(reference, has_frame, stems)
    there = _Heard(found.energies, has_frame)
    level_db = _relative_db(there.level_db - own.level_db, stems.heard)
    again, simulated_db = _simulated(powers, own, found, level_db, stems)
    bias_db = _relative_db(simulated_db - own.level_db, stems.heard) - level_db
    balance_db = (1 + _CORRECTION) * _balance_db(found) - _CORRECTION * _balance_db(again)
    return _described(batch.mono, stems.heard, _Evidence(found, again, own, there, level_db, bias_db, balance_db))


class _Heard:
    """Energies [batch, tracks, frames] of stems in frames of which some are filling."""

    def __init__(self, energies: Tensor, has_frame: Tensor) -> None:
        self.energies, self.has_frame = energies, has_frame[:, None]
        self.loud = self.has_frame.expand_as(energies)
        for _ in range(2):
            self.loud = self.has_frame & (energies > _LOUD * self._mean_of(self.loud)[..., None])

    @property
    def level_db(self) -> Tensor:
        """Level of the loud frames, those not far under the mean of such, [batch, tracks]."""
        return _to_db(self._mean_of(self.loud))

    @property
    def activity(self) -> Tensor:
        """Share of frames that are loud, [batch, tracks]."""
        return self.loud.sum(-1) / self.has_frame.sum(-1).clamp(min=1)

    @property
    def crest_db(self) -> Tensor:
        """Level of the loudest frames over that of the loud ones, [batch, tracks]."""
        count = self.has_frame.sum(-1)
        rank = torch.arange(self.energies.shape[-1], device=count.device)
        ordered = self.energies.masked_fill(~self.has_frame, 0).sort(-1, descending=True).values
        peaks = rank < (_PEAKS * count).ceil()[..., None]
        return _to_db((ordered * peaks).sum(-1) / peaks.sum(-1).clamp(min=1)) - self.level_db

    def _mean_of(self, counts: Tensor) -> Tensor:
        return (self.energies * counts).sum(-1) / counts.sum(-1).clamp(min=1)


class _Evidence(NamedTuple):
    """What was found in the reference, and in the simulated mix; in own windows, and there; [batch, tracks]."""

    found: Unmixed
    again: Unmixed
    own: _Heard
    there: _Heard
    found_db: Tensor
    bias_db: Tensor
    balance_db: Tensor


def _simulated(
    powers: Tensor, own: _Heard, found: Unmixed, level_db: Tensor, stems: StemTemplates
) -> tuple[Unmixed, Tensor]:
    """A mix of the stems as found, taken apart again, and the levels that come out, or went in if no frame is there."""
    frames = slice(_FRAME_STEP // 2 if powers.shape[-2] > _FRAME_STEP else 0, None, _FRAME_STEP)
    has_frame = own.has_frame[:, 0, frames]
    mixed = torch.einsum("btcfn,btcn->bcfn", powers[..., frames, :], _gains(found, level_db))
    again = unmix(mixed, has_frame, stems)
    simulated_db = _Heard(again.energies, has_frame).level_db
    return again, torch.where(has_frame.any(-1, keepdim=True), simulated_db, own.level_db + level_db)


def _in_the_middle(batch: BandBatch) -> Tensor:
    """Tracks as heard in the middle, where each side plays half of one channel; [batch, tracks, 3, frames, bands]."""
    share = torch.where(batch.mono, 0.5, 1.0).to(batch.tracks)
    return (batch.tracks * share[..., None, None, None, None]).transpose(2, 3).flatten(3, 4)


def _staged_db(mono: Tensor) -> Tensor:
    """Level that tracks staged to one loudness have as heard in the middle, up to a constant."""
    return torch.where(mono, -10 * math.log10(2), 0.0)


def _gains(found: Unmixed, level_db: Tensor) -> Tensor:
    """Power gains of left, right and cross in every band, [batch, tracks, 3, bands]."""
    left, right = found.sides.unbind(-1)
    sides = torch.stack([left.square(), right.square(), left * right], -1)
    return (sides * 10 ** (level_db / 10)[..., None])[..., None] * found.tone[:, :, None]


def _relative_db(level_db: Tensor, heard: Tensor) -> Tensor:
    """Levels around the mean of the tracks that are heard, within reason; 0 for the others."""
    mean_db = level_db.masked_fill(~heard, 0).sum(-1, keepdim=True) / heard.sum(-1, keepdim=True).clamp(min=1)
    return (level_db - mean_db).clamp(-_RANGE_DB, _RANGE_DB).masked_fill(~heard, 0)


def _balance_db(found: Unmixed) -> Tensor:
    """Gain of the right over that of the left."""
    left, right = (found.sides + _BALANCE_FLOOR).unbind(-1)
    return 20 * torch.log10(right / left)


def _pan(balance_db: Tensor, mono: Tensor) -> Tensor:
    """The position of a panner that balances so, the inverse of `stereo.pan_gains` and `stereo.balance_gains`."""
    of_mono = torch.atan(10 ** (balance_db / 20)) * (4 / math.pi) - 1
    of_stereo = torch.acos(10 ** (-balance_db.abs() / 20) / math.sqrt(2)) * (4 / math.pi) - 1
    return torch.where(mono, of_mono, of_stereo * balance_db.sign())


def _described(mono: Tensor, heard: Tensor, evidence: _Evidence) -> PairFeatures:
    found, own, there = evidence.found, evidence.own, evidence.there
    played_db = _relative_db(own.level_db - _staged_db(mono), heard)
    level_db = _relative_db(evidence.found_db - _CORRECTION * evidence.bias_db + _PLAYED * played_db, heard)
    level_width_db = torch.where(heard, _width(_LEVEL_WIDTH, found.purity, evidence), _UNHEARD_LEVEL_WIDTH_DB)
    pan = _pan(evidence.balance_db.masked_fill(~heard, 0), mono)
    pan_width = torch.where(heard, _width(_PAN_WIDTH, found.certainty, evidence), _UNHEARD_PAN_WIDTH)
    tone_db = _to_db(found.tone).unflatten(-1, (TONE_GROUPS, BANDS // TONE_GROUPS)).mean(-1)
    described = {
        "level": level_db / 6,
        "level_width": level_width_db / 6,
        "level_found": evidence.found_db / 6,
        "level_bias": evidence.bias_db / 3,
        "pan": pan,
        "pan_width": pan_width,
        "balance": evidence.balance_db / 6,
        "heard": torch.ones_like(level_db),
        "purity": found.purity,
        "certainty": found.certainty,
        "share": _to_db(found.share * heard.sum(-1, keepdim=True) + 1e-3) / 6,
        "excess": found.excess_db[..., :CROSS].mean(-1) / 3,
        "excess_side": found.excess_db[..., CROSS] / 3,
        "misfit": found.misfit_db[:, None].expand_as(level_db) / 3,
        "own_misfit": evidence.again.misfit_db[:, None].expand_as(level_db) / 3,
        "activity": there.activity - own.activity,
        "crest": (there.crest_db - own.crest_db) / 3,
        **{f"tone_{group}": part / 3 for group, part in enumerate(tone_db.unbind(-1))},
    }
    features = torch.stack([described[name] for name in FEATURE_NAMES], -1).clamp(-4, 4)
    return PairFeatures(level_db, level_width_db, pan, pan_width, features * heard[..., None])


def _width(coefficients: tuple[float, float, float], clarity: Tensor, evidence: _Evidence) -> Tensor:
    constant, by_clarity, by_misfit = coefficients
    misfit_db = (evidence.found.misfit_db - evidence.again.misfit_db).clamp(0, _LARGEST_MISFIT_DB)
    return torch.exp(constant + by_clarity * clarity + by_misfit * misfit_db[:, None])


def _to_db(power: Tensor) -> Tensor:
    return 10 * torch.log10(power + _TINY)
