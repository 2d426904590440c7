"""The tone of the master, fitted to a reference on spectra alone, before anything is played.

An equalizer multiplies every bin of a spectrum by a factor that its settings tell, and the width of the mix all bins of
the side. So what they make of the Bark spectra of a mix, as the audio features have them, follows from the spectra of
the mix without them: a step of this descent takes a millisecond or two, where one on audio takes hundreds. It is where
the descent on audio begins, and all that a prediction that is not refined gets of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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

_STEPS = 150
_COMPARED_AT_LUFS = -16.0
_CELLS = 240  # that bins are gathered in, each a twentieth of an octave or so
_LOWEST_HZ = 15.0
_LOG_OFFSET = 1e-8
_WIDTH = "image.width"


class Reference(Counted, Protocol):
    """Windows of one of several references."""

    @property
    def audio(self) -> Tensor:
        """[windows, 2, time]."""


def with_fitted_tone(
    prior: Prior, excerpts: Excerpts, references: Sequence[Reference], layout: Layout, costs: Settings
) -> Prior:
    """A prior that starts with equalizer and width of the master where the mix has the Bark spectra of the references.

    Those of middle and side count alike, as in the audio features; of a mono reference, the middle alone. The mean of
    the prior stays, and draws. The width stays where it was if tone and width are not taken from the same references.

    Args:
        prior: where to start, and how far both may go.
        excerpts: of the song.
        references: their tone is taken together as `shares` says.
        layout: the console's controls.
        costs: of every control, see `Search`.
    """
    widths = _tone_alone(prior.width, layout, widens=_same_shares(references))
    if not widths.master.any():
        return prior
    settings = layout.from_unit(prior.start)
    with torch.no_grad():
        mix, target = excerpts.mixed(settings, layout), _target(references, excerpts.sample_rate)
        if not target.counts[1]:  # mono references alone: mixes are compared with them by their mono sum
            mix = mix.mean(1, keepdim=True).expand_as(mix)
        spectra = _Spectra.of(mix, excerpts.sample_rate)
    before_db = spectra.response_db(settings, layout)

    def change_db(settings: Settings) -> Tensor:
        return spectra.response_db(settings, layout) - before_db

    def distance(change_db: Tensor) -> dict[str, Tensor]:
        louder_db = spectra.louder_db(change_db)
        error = (spectra.equalized(change_db, louder_db) - target.log_bark).square()
        tone = (target.counts * error).sum() / (target.counts.sum() * error.shape[-1])
        return {"tone": AUDIO_FEATURE_WEIGHTS["bark_spectrum"] * tone, "level": LEVEL_COST * louder_db.square()}

    search = Search(prior._replace(width=widths), layout, costs)
    search.run(change_db, distance, (step / _STEPS for step in range(_STEPS)))
    return prior._replace(start=prior.start._replace(master=search.best.master))


def _same_shares(references: Sequence[Reference]) -> bool:
    """Whether tone and width are taken from the same references."""
    return shares(references, "tone") == shares(references, "width")


def _tone_alone(width: Settings[Tensor], layout: Layout, *, widens: bool) -> Settings[Tensor]:
    """Widths of the equalizer of the master, and of the width of the mix if that is wanted; all others are 0."""
    moved = ("eq.", _WIDTH) if widens else ("eq.",)
    tone = torch.tensor([name.startswith(moved) for name in layout.master.params])
    return Settings(*map(torch.zeros_like, width))._replace(master=width.master * tone)


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
