"""The terms of the loss for scenes of a pack: what settings and long-time spectra tell, for many scenes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import huber_loss
from torch.nn.utils.rnn import pad_sequence

from diffmst.band_console import BandMix, master_bands, mix_bands
from diffmst.dsp.band_powers import LEFT, RIGHT
from diffmst.layout import Layout, Settings
from diffmst.models.impression import Impression
from diffmst.models.pair_features import PairFeatures
from diffmst.models.prediction import Prediction
from diffmst.models.scene import ROLE_NAMES
from diffmst.training.heard_controls import heard_shares
from diffmst.training.known_side import surprise_of_sides, with_known_sides
from diffmst.training.packs.band_song import SAMPLE_RATE
from diffmst.training.packs.packed import PackedScene
from diffmst.training.terms import Terms, surprise
from diffmst.training.wet_tracks import WET_TERMS, wet_errors

_UNKNOWN = ROLE_NAMES.index("")
_TONE_FLOOR = 1e-5  # of the loudest band: 50 dB under it nothing is heard
_TINY = 1e-12


class PackedBatch(NamedTuple):
    """Scenes side by side, filled up to the most tracks.

    Attributes:
        heard: of all, with the roles that are told.
        truth: positions in the unit interval, float32.
        methods: that made the scenes.
    """

    heard: Impression
    truth: Settings[Tensor]
    methods: tuple[str, ...]


def packed_batch(scenes: Sequence[PackedScene], told: Sequence[Tensor], layout: Layout) -> PackedBatch:
    """Scenes as one batch.

    Args:
        scenes: of one pack.
        told: probabilities of `ROLE_NAMES` for the tracks of each, [tracks, roles].
        layout: of their settings.
    """

    def padded(parts: Sequence[Tensor], value: float = 0) -> Tensor:
        return pad_sequence(list(parts), batch_first=True, padding_value=value)

    heard = [scene.heard for scene in scenes]
    has_track = padded([one.has_track for one in heard], False)
    roles = padded(told)
    roles[..., _UNKNOWN] = torch.where(has_track, roles[..., _UNKNOWN], 1.0)
    pairs = zip(*(one.pair for one in heard), strict=True)
    truth = layout.to_unit(
        Settings(
            padded([scene.settings.tracks for scene in scenes]),
            torch.stack([scene.settings.fx for scene in scenes]),
            torch.stack([scene.settings.master for scene in scenes]),
        )
    )
    return PackedBatch(
        heard=Impression(
            tracks=padded([one.tracks for one in heard]),
            reference=torch.stack([one.reference for one in heard]),
            track_spectra=padded([one.track_spectra for one in heard]),
            reference_spectrum=torch.stack([one.reference_spectrum for one in heard]),
            pair=PairFeatures(*(padded(parts) for parts in pairs)),
            roles=roles,
            sides=padded([one.sides for one in heard]),
            mono=padded([one.mono for one in heard], False),
            has_track=has_track,
            has_reference_window=torch.stack([one.has_reference_window for one in heard]),
        ),
        truth=Settings(*(part.nan_to_num(0.5, 0.5, 0.5) for part in truth)),
        methods=tuple(scene.method for scene in scenes),
    )


class _Case:
    """A batch beside what was predicted for it."""

    def __init__(self, batch: PackedBatch, prediction: Prediction, layout: Layout) -> None:
        self.batch, self.prediction, self.layout = batch, prediction, layout
        self.truth = with_known_sides(batch.truth, prediction, layout)
        self.settings = layout.from_unit(prediction.mean)

    @cached_property
    def mixed(self) -> BandMix:
        """What the prediction makes of the long-time spectra."""
        return self.mix_of(self.settings)

    def mix_of(self, settings: Settings[Tensor]) -> BandMix:
        """What settings make of them."""
        heard = self.batch.heard
        spectra = (heard.track_spectra * heard.has_track[..., None, None])[:, None, :, :, None]
        return mix_bands(spectra, heard.mono, settings, SAMPLE_RATE, self.layout)


def _settings(case: _Case, weights: Mapping[str, float]) -> Terms:
    heard = heard_shares(case.layout.from_unit(case.truth), case.layout, case.batch.heard.has_track)
    names = ("track", "fx", "master")
    parts = dict(zip(names, zip(case.truth, *case.prediction[:2], heard, strict=True), strict=True))
    return {name: weight * surprise(*parts[name]) for name, weight in weights.items()}


def _wet(case: _Case, weights: Mapping[str, float]) -> Terms:
    with torch.no_grad():
        wanted = case.mix_of(case.layout.from_unit(case.truth))
    mine, true = (mix.tracks[:, 0, :, : RIGHT + 1, 0] for mix in (case.mixed, wanted))
    errors = wet_errors(mine, true)
    return {name: weight * errors[name] for name, weight in weights.items()}


def _sides(case: _Case, weights: Mapping[str, float]) -> Terms:
    right, there = case.prediction.right, case.batch.heard.has_track
    assert right is not None
    return {"right": weights["right"] * surprise_of_sides(case.batch.truth, right, case.layout, there)}


def _song(case: _Case, weights: Mapping[str, float]) -> Terms:
    """By what the spectrum of the mix differs from that of the reference, in tens of dB; only the master is moved."""
    mix = master_bands(case.mixed.bus.detach(), case.settings.master, SAMPLE_RATE, case.layout)[:, 0, :, 0]
    mix, reference = (part[:, LEFT] + part[:, RIGHT] for part in (mix, case.batch.heard.reference_spectrum))
    floor = _TONE_FLOOR * reference.amax(-1, keepdim=True) + _TINY
    excess_db = 10 * torch.log10((mix + floor) / (reference + floor))
    excess_db = excess_db - excess_db.mean(-1, keepdim=True)
    return {"tone": weights["tone"] * huber_loss(excess_db / 10, torch.zeros_like(excess_db), delta=0.5)}


_Group = Callable[[_Case, Mapping[str, float]], Terms]
_GROUPS: dict[str, tuple[tuple[str, ...], _Group]] = {
    "settings": (("track", "fx", "master"), _settings),
    "wet": (WET_TERMS, _wet),
    "sides": (("right",), _sides),
    "song": (("tone",), _song),
}
PACKED_TERMS = tuple(f"{group}.{name}" for group, (names, _) in _GROUPS.items() for name in names)


class PackedLosses:
    """The weighted terms of the loss for a batch; their sum is its loss.

    Terms of settings and sides are means over all that is heard in the batch, so that a scene of many tracks counts
    more; the others are means over its scenes.

    Args:
        weights: of the terms, by their names in `PACKED_TERMS`.

    Attributes:
        names: of the terms that are computed.

    Raises:
        ValueError: there is no such term, or none has a weight.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        if unknown := sorted(weights.keys() - set(PACKED_TERMS)):
            raise ValueError(f"losses must be among {', '.join(PACKED_TERMS)}, got {', '.join(unknown)}")
        self.names = tuple(term for term in PACKED_TERMS if weights.get(term))
        if not self.names:
            raise ValueError("losses must weigh at least one term, got none above 0")
        self._weights = weights

    def __call__(self, batch: PackedBatch, prediction: Prediction, layout: Layout) -> Terms:
        """All terms."""
        case, terms = _Case(batch, prediction, layout), Terms()
        for group, (names, compute) in _GROUPS.items():
            wanted = {name: self._weights[f"{group}.{name}"] for name in names if f"{group}.{name}" in self.names}
            if wanted:
                terms |= {f"{group}.{name}": term for name, term in compute(case, wanted).items()}
        return terms
