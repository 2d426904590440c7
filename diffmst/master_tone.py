"""The tone of the master, fitted to a reference on spectra alone, before anything is played.

An equalizer multiplies every bin of a spectrum by a factor that its settings tell, and the width of the mix all bins of
the side. So what they make of the Bark spectra of a mix, as the audio features have them, follows from the spectra of
the mix without them: a step of this descent takes a millisecond or two, where one on audio takes hundreds. It is where
the descent on audio begins, and all that a prediction that is not refined gets of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.descent import Search
from diffmst.distance import is_mono
from diffmst.dsp.filters import equalizer_coefficients, frequency_response_db
from diffmst.dsp.loudness import gain_to_loudness, k_weighting_sos, pooled_loudness
from diffmst.dsp.measure import measure
from diffmst.excerpts import Excerpts
from diffmst.features import bark_weights, feature_measures
from diffmst.layout import Layout, Settings
from diffmst.losses import AUDIO_FEATURE_WEIGHTS
from diffmst.prior import Prior
from diffmst.references import Counted, shares

LEVEL_COST = 5e-4
"""Of a square dB by which the equalizer changes how loud the mix is: the compressor behind it was set for that."""

SAME_SONG = 0.01
"""Of the term of the Bark spectrum: less is left by the equalizer where the reference is a mix of the same song (0.001
to 0.006 on ours, generated and recorded), more where it is another (0.009 to 0.09, half of them above 0.03).
`diffmst evaluate` tells it as `af_bark_spectrum` of the system `model`, of mixes whose width is at 100 %."""

Penalty = Callable[[Settings[Tensor]], Tensor]

_STEPS = 150
_COMPARED_AT_LUFS = -16.0
_CELLS = 240  # that bins are gathered in, each a twentieth of an octave or so
_LOWEST_HZ = 15.0
_LOG_OFFSET = 1e-8
_EQUALIZER, _WIDTH = "eq.", "image."


class Reference(Counted, Protocol):
    """Windows of one of several references."""

    @property
    def audio(self) -> Tensor:
        """[windows, 2, time]."""


def with_fitted_tone(
    prior: Prior,
    excerpts: Excerpts,
    references: Sequence[Reference],
    layout: Layout,
    costs: Settings,
    penalty: Penalty | None = None,
) -> Prior:
    """A prior that starts with equalizer and width of the master where the mix has the Bark spectra of the references.

    Those of middle and side count alike, as in the audio features; of a mono reference, the middle alone. The mean of
    the prior stays, and draws.

    The width of the mix is held in refinement too, where pans of another song would be sought with it. What is left by
    the equalizer alone tells whether the references are of the same song: see `SAME_SONG`. Then it is held where it is,
    as it is the pans that they tell. It is left to refinement where tone and width are not taken from the same
    references.

    Args:
        prior: where to start, and how far both may go.
        excerpts: of the song.
        references: their tone is taken together as `shares` says.
        layout: the console's controls.
        costs: of every control, see `Search`.
        penalty: for settings that are not wanted.
    """
    if not _alone(prior.width, layout, _EQUALIZER, _WIDTH).master.any():
        return prior
    fit = _Fit.of(prior, excerpts, references, layout, penalty)
    prior = fit.search(prior, costs, _EQUALIZER)
    if shares(references, "tone") != shares(references, "width"):
        return prior
    if fit.left(prior) < SAME_SONG:
        return with_width_held(prior, layout)
    return _with_width_as_it_starts(fit.search(prior, costs, _EQUALIZER, _WIDTH), layout)


def with_width_held(prior: Prior, layout: Layout) -> Prior:
    """The same prior, which leaves the width of the mix at its mean."""
    width = prior.width.master.masked_fill(_is_width(layout), 0.0)
    return prior._replace(width=prior.width._replace(master=width))


def _with_width_as_it_starts(prior: Prior, layout: Layout) -> Prior:
    """The same prior, which leaves the width of the mix where it starts."""
    mean = torch.where(_is_width(layout), prior.start.master, prior.mean.master)
    return with_width_held(prior._replace(mean=prior.mean._replace(master=mean)), layout)


def _is_width(layout: Layout) -> Tensor:
    return torch.tensor([name.startswith(_WIDTH) for name in layout.master.params])


def _alone(width: Settings[Tensor], layout: Layout, *effects: str) -> Settings[Tensor]:
    """Widths of some effects of the master; all others are 0."""
    wanted = torch.tensor([name.startswith(effects) for name in layout.master.params])
    return Settings(*map(torch.zeros_like, width))._replace(master=width.master * wanted)


class _Fit(NamedTuple):
    """What the master makes of the spectra of a mix, against what is wanted.

    Attributes:
        spectra: of the mix.
        target: of the references.
        before_db: response of the master that the spectra have in them, [2, cells].
        layout: the console's controls.
        penalty: for settings that are not wanted.
    """

    spectra: _Spectra
    target: _Target
    before_db: Tensor
    layout: Layout
    penalty: Penalty | None

    @classmethod
    def of(
        cls,
        prior: Prior,
        excerpts: Excerpts,
        references: Sequence[Reference],
        layout: Layout,
        penalty: Penalty | None,
    ) -> _Fit:
        """From where a prior starts."""
        settings = layout.from_unit(prior.start)
        with torch.no_grad():
            mix, target = excerpts.mixed(settings, layout), _target(references, excerpts.sample_rate)
            if not target.counts[1]:  # mono references alone: mixes are compared with them by their mono sum
                mix = mix.mean(1, keepdim=True).expand_as(mix)
            spectra = _Spectra.of(mix, excerpts.sample_rate)
        return cls(spectra, target, spectra.response_db(settings, layout), layout, penalty)

    def search(self, prior: Prior, costs: Settings, *effects: str) -> Prior:
        """The prior, started where some effects of the master, of those that may move, bring the mix nearest."""
        widths = _alone(prior.width, self.layout, *effects)
        if not widths.master.any():
            return prior
        search = Search(prior._replace(width=widths), self.layout, costs)
        search.run(self.distance, (step / _STEPS for step in range(_STEPS)))
        return prior._replace(start=prior.start._replace(master=search.best.master))

    def left(self, prior: Prior) -> float:
        """The term of the Bark spectrum where a prior starts, with its published weight."""
        with torch.no_grad():
            return float(self.distance(self.layout.from_unit(prior.start))["tone"])

    def distance(self, settings: Settings) -> dict[str, Tensor]:
        """The terms of the fit, of what a master adds to the response that the spectra have in them."""
        change_db = self.spectra.response_db(settings, self.layout) - self.before_db
        louder_db, counts = self.spectra.louder_db(change_db), self.target.counts
        error = (self.spectra.equalized(change_db, louder_db) - self.target.log_bark).square()
        tone = (counts * error).sum() / (counts.sum() * error.shape[-1])
        terms = {"tone": AUDIO_FEATURE_WEIGHTS["bark_spectrum"] * tone, "level": LEVEL_COST * louder_db.square()}
        return terms | {"penalty": self.penalty(settings)} if self.penalty else terms


class _Target(NamedTuple):
    """Log Bark spectra of middle and side that are wanted, [2, bands], and how much each counts, [2, 1]."""

    log_bark: Tensor
    counts: Tensor


def _target(references: Sequence[Reference], sample_rate: int) -> _Target:
    log_bark = counts = torch.zeros(2, 1, dtype=torch.float64)
    for reference, share in zip(references, shares(references, "tone"), strict=True):
        told = share * torch.tensor([[1.0], [0.0 if is_mono(reference.audio) else 1.0]], dtype=torch.float64)
        if share:
            log_bark = log_bark + told * _log_bark(_magnitudes(reference.audio, sample_rate), sample_rate).mean(0)
        counts = counts + told
    return _Target(log_bark / counts.clamp_min(_LOG_OFFSET), counts)


class _Spectra(NamedTuple):
    """What there is to know of a mix to tell what an equalizer makes of it.

    Attributes:
        log_bark: its own spectra of middle and side at one loudness, natural logarithm, [2, bands].
        magnitudes: that every cell of frequencies has in each band, [2, bands, cells].
        loudness: share of each cell of middle and side in the K-weighted power, [2, cells].
        freq_hz: of the cells.
        sample_rate: Hz.
    """

    log_bark: Tensor
    magnitudes: Tensor
    loudness: Tensor
    freq_hz: Tensor
    sample_rate: int

    @classmethod
    def of(cls, mix: Tensor, sample_rate: int) -> _Spectra:
        """Those of a mix [windows, 2, time]."""
        magnitudes = _magnitudes(mix, sample_rate)
        mean = magnitudes.mean(0)
        edges_hz = torch.logspace(math.log10(_LOWEST_HZ), math.log10(sample_rate / 2), _CELLS + 1, dtype=torch.float64)
        freq_hz = torch.linspace(0, sample_rate / 2, mean.shape[-1], dtype=torch.float64)
        cell = (torch.bucketize(freq_hz, edges_hz) - 1).clamp(0, _CELLS - 1)

        def gathered(values: Tensor) -> Tensor:
            return values.new_zeros(*values.shape[:-1], _CELLS).index_add_(-1, cell, values)

        in_bands = mean[:, None] * bark_weights(sample_rate, mean.dtype, mean.device).T
        k_weighting = torch.from_numpy(k_weighting_sos(sample_rate)[:, [0, 1, 2, 4, 5]])
        weights_db = frequency_response_db(k_weighting, sample_rate, freq_hz[1:])
        loudness = gathered(pad(mean.square()[:, 1:] * 10 ** (weights_db / 10), (1, 0)))
        return cls(
            log_bark=_log_bark(magnitudes, sample_rate).mean(0),
            magnitudes=gathered(in_bands),
            loudness=loudness / loudness.sum().clamp_min(_LOG_OFFSET),
            freq_hz=(edges_hz[:-1] * edges_hz[1:]).sqrt(),
            sample_rate=sample_rate,
        )

    def response_db(self, settings: Settings[Tensor], layout: Layout) -> Tensor:
        """That of the master on middle and side, [2, cells], its compressor aside."""
        master = settings.master[0]
        coefficients = equalizer_coefficients(self.sample_rate, **layout.master.controls(master, "eq"))
        tone_db = frequency_response_db(coefficients, self.sample_rate, self.freq_hz)
        width = layout.master.controls(master, "image").get("width", torch.ones_like(tone_db[0]))
        return torch.stack([tone_db, tone_db + 20 * torch.log10(width + _LOG_OFFSET)])

    def louder_db(self, change_db: Tensor) -> Tensor:
        """What a change of this response adds to the loudness."""
        return 10 * torch.log10((self.loudness * 10 ** (change_db / 10)).sum() + _LOG_OFFSET)

    def equalized(self, change_db: Tensor, louder_db: Tensor) -> Tensor:
        """The log Bark spectra behind it, at the same loudness as before, [2, bands]."""
        before, after = self.magnitudes, self.magnitudes * 10 ** (change_db / 20)[:, None]
        gain = torch.log(after.sum(-1) + _LOG_OFFSET) - torch.log(before.sum(-1) + _LOG_OFFSET)
        return self.log_bark + gain - louder_db * (math.log(10) / 20)


def _magnitudes(x: Tensor, sample_rate: int) -> Tensor:
    """Mean magnitude spectra of the sum and the difference of both sides, at one loudness; [windows, 2, bins]."""
    _, of_spectra = feature_measures(sample_rate)
    ((magnitudes,),) = measure(x, of_spectra)
    return magnitudes.double() * gain_to_loudness(pooled_loudness(x, sample_rate), _COMPARED_AT_LUFS)


def _log_bark(magnitudes: Tensor, sample_rate: int) -> Tensor:
    """[windows, 2, bins] to [windows, 2, bands]."""
    return torch.log(magnitudes @ bark_weights(sample_rate, magnitudes.dtype, magnitudes.device) + _LOG_OFFSET)
