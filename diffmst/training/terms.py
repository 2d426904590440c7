"""The terms of the training loss: what a predicted mix, its settings and its tracks are held to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.layout import Layout, Settings
from diffmst.losses import (
    AUDIO_FEATURE_WEIGHTS,
    STYLE_WEIGHTS,
    AudioFeatureLoss,
    MultiResolutionSTFTLoss,
    StyleLoss,
)
from diffmst.models.hearing_bands import SceneBands, scene_bands
from diffmst.models.prediction import Prediction
from diffmst.training.example import Example
from diffmst.training.heard_controls import heard_shares
from diffmst.training.known_side import surprise_of_sides, with_known_sides
from diffmst.training.stopwatch import Stopwatch
from diffmst.training.wet_tracks import WET_TERMS, wet_terms

Terms = dict[str, Tensor]

_QUIETEST_PEAK = 1e-8


class Case:
    """One example beside what was predicted for it; the mix is made when a term asks for it.

    Args:
        example: what is known.
        prediction: of its scene, a batch of one.
        layout: the console's controls.
        peak_normalised: mixes are compared at a peak of 1, as Diff-MST was trained with method 1.
        bands: of the scene, where they are known already.
        stopwatch: told when the console runs.
    """

    def __init__(
        self,
        example: Example,
        prediction: Prediction,
        layout: Layout,
        *,
        peak_normalised: bool = False,
        bands: SceneBands | None = None,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.example = example
        self.prediction = prediction
        self.layout = layout
        self._peak_normalised = peak_normalised
        self._bands = bands
        self._stopwatch = stopwatch or Stopwatch()

    @property
    def sample_rate(self) -> int:
        """Of the mixes, Hz."""
        return self.example.scene.excerpts.sample_rate

    @cached_property
    def settings(self) -> Settings[Tensor]:
        """What was predicted, physical."""
        return self.layout.from_unit(self.prediction.mean)

    @cached_property
    def truth(self) -> Settings[Tensor]:
        """What should have been predicted, as far as it can be known: positions."""
        assert self.example.settings is not None
        return with_known_sides(self.layout.to_unit(self.example.settings), self.prediction, self.layout)

    @cached_property
    def mix(self) -> Tensor:
        """The predicted mix, [windows, 2, time]."""
        with self._stopwatch.during("console"):
            return self._compared(self.example.scene.excerpts.mixed(self.settings, self.layout))

    @cached_property
    def wanted(self) -> Tensor:
        """What it should sound like: the true mix, or else the reference; [windows, 2, time]."""
        target = self.example.target
        return self._compared(self.example.scene.reference if target is None else target)

    @cached_property
    def bands(self) -> SceneBands:
        """The scene in band powers."""
        if self._bands is not None:
            return self._bands
        with torch.no_grad():
            return scene_bands(self.example.scene)

    @cached_property
    def audible(self) -> Tensor:
        """Tracks that sound in the excerpts, bool [tracks]."""
        excerpts = self.example.scene.excerpts
        rows = excerpts.audio[..., excerpts.lead_frames :].any(-1).any(0)
        return torch.stack([part.any() for part in rows.split(excerpts.channels)])

    def _compared(self, mix: Tensor) -> Tensor:
        return mix / mix.abs().amax().clamp(min=_QUIETEST_PEAK) if self._peak_normalised else mix


def _stft(case: Case, weights: Mapping[str, float]) -> Terms:
    terms = MultiResolutionSTFTLoss()(case.mix, case.wanted.to(case.mix))
    return {name: weight * terms[name] for name, weight in weights.items()}


def _audio_features(case: Case, weights: Mapping[str, float]) -> Terms:
    """Of all windows taken together, as they are of one mix."""
    loss = AudioFeatureLoss(case.sample_rate, weights=weights)
    return loss(loss.features(case.mix).mean(), loss.features(case.wanted).mean())


def _style(case: Case, weights: Mapping[str, float]) -> Terms:
    return StyleLoss(case.sample_rate, weights=weights)(case.mix, case.wanted)


def _settings(case: Case, weights: Mapping[str, float]) -> Terms:
    """Negative log likelihood of the true positions, in nats for a control that is fully heard.

    Of a Laplace distribution with mean m and standard deviation w, sqrt 2 |t - m| / w + log w and a constant that is
    left out; the mean over a section's controls, each weighted by how much of it is heard in the true mix. Most
    controls are left alone in most mixes: the most likely position is the median, which stays there until the model
    knows better, while that of a Gaussian would move everything a little. Controls of width 0 are not the model's.
    """
    truth = case.truth
    heard = heard_shares(case.layout.from_unit(truth), case.layout, case.audible)
    parts = zip(truth, case.prediction.mean, case.prediction.width, heard, strict=True)
    by_section = dict(zip(GROUPS["settings"].names, parts, strict=True))
    return {section: weight * surprise(*by_section[section]) for section, weight in weights.items()}


def surprise(truth: Tensor, mean: Tensor, width: Tensor, heard: Tensor) -> Tensor:
    """Mean of sqrt 2 |t - m| / w + log w over controls that are the model's to set, by how much of each is heard."""
    free = width > 0
    width = torch.where(free, width, 1.0)
    weight = torch.where(free, heard, 0.0)
    nats = math.sqrt(2) * (truth - mean).abs() / width + torch.log(width)
    return (weight * nats).sum() / weight.sum().clamp(min=1e-6)


def _wet(case: Case, weights: Mapping[str, float]) -> Terms:
    truth = case.layout.from_unit(case.truth)
    terms = wet_terms(case.bands, case.settings, truth, case.layout, case.sample_rate)
    return {name: weight * terms[name] for name, weight in weights.items()}


def _sides(case: Case, weights: Mapping[str, float]) -> Terms:
    """Of the sides on which tracks stand; nothing where the model tells none."""
    settings, right = case.example.settings, case.prediction.right
    assert settings is not None
    if right is None:
        return {}
    truth = case.layout.to_unit(settings)
    return {"right": weights["right"] * surprise_of_sides(truth, right, case.layout, case.audible[None])}


class Group(NamedTuple):
    """Terms that are computed together.

    Attributes:
        names: of its terms.
        compute: from a case and the weights of some of the terms to these, weighted.
        needs_truth: whether examples without a true mix lack them.
    """

    names: tuple[str, ...]
    compute: Callable[[Case, Mapping[str, float]], Terms]
    needs_truth: bool = False


GROUPS: dict[str, Group] = {
    "mrstft": Group(("linear", "log"), _stft, needs_truth=True),
    "af": Group(tuple(AUDIO_FEATURE_WEIGHTS), _audio_features),
    "style": Group(tuple(STYLE_WEIGHTS), _style),
    "settings": Group(("track", "fx", "master"), _settings, needs_truth=True),
    "wet": Group(WET_TERMS, _wet, needs_truth=True),
    "sides": Group(("right",), _sides, needs_truth=True),
}
TERM_NAMES = tuple(f"{group}.{name}" for group, (names, *_) in GROUPS.items() for name in names)


class Losses:
    """The weighted terms of the loss for one example; their sum is its loss.

    Args:
        weights: of the terms, by their names in `TERM_NAMES`; a term of weight 0 is not computed.

    Attributes:
        names: of the terms that are computed.

    Raises:
        ValueError: there is no such term, or none has a weight.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        if unknown := sorted(weights.keys() - set(TERM_NAMES)):
            raise ValueError(f"losses must be among {', '.join(TERM_NAMES)}, got {', '.join(unknown)}")
        self.names = tuple(term for term in TERM_NAMES if weights.get(term))
        self._groups: dict[str, dict[str, float]] = {}
        for term in self.names:
            group, _, name = term.partition(".")
            self._groups.setdefault(group, {})[name] = weights[term]
        if not self._groups:
            raise ValueError("losses must weigh at least one term, got none above 0")

    def __call__(self, case: Case) -> Terms:
        """The terms that an example has: those that need a true mix are left out where there is none."""
        terms: Terms = {}
        for name, weights in self._groups.items():
            group = GROUPS[name]
            if not group.needs_truth or case.example.settings is not None:
                terms |= {f"{name}.{term}": value for term, value in group.compute(case, weights).items()}
        return terms
