"""How much of every stem is in every frame of a finished mix, by non-negative factorisation with known spectra.

The mix, in left, right and side, is to be a sum of the stems' templates,

    V[f, c, b] ~ sum_i tone_i[b] image_i[c, b] sum_k H[f, i, k] shape_i[k, b],

with activations H >= 0, where `image` is how a stem with the amplitude gains l and r appears in left, right and side:
powers l^2 L, r^2 R and (l^2 L + r^2 R) / 2 - l r X. Multiplicative updates lower the Kullback-Leibler divergence, in
which bands are weighted so that low ones, which hold most of the power, do not decide alone.

Reference: D. Lee, H. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000; D. FitzGerald, M. Cranitch,
E. Coyle, "Non-negative tensor factorisation for sound source separation", ISSC 2005.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from diffmst.dsp.band_powers import BANDS, CROSS, LEFT, RIGHT, k_weights
from diffmst.models.stem_templates import TEMPLATES, StemTemplates

VIEWS = 3  # left, right, side
_FLATTENING = 0.7  # power of the mean spectrum by which bands are divided
_ROUNDS = 40  # of updates
_IMAGE_STEP = 4  # rounds from one change of sides and tones to the next
_FLOOR = 1e-3  # of the mean of a view: noise that no stem has to explain
_TINY = 1e-9
_SETTLED = 4  # a quarter of the rounds is over before anything but activations moves
_TONE_BANDS = 5.0  # standard deviation of the smoothing of tones, bands
_TONE_DOUBT = 2.0  # evidence that a tone must outweigh, relative to that of an even band
_TONE_DECAY = 0.05  # by which it falls back at every change
_LARGEST_STEP = 0.7  # of a tone, nepers of power
_PURITY_POWER = 2.0


class Unmixed(NamedTuple):
    """Stems as they seem to be in a mix.

    Attributes:
        energies: K-weighted, in every frame, [batch, tracks, frames].
        sides: amplitude gains of left and right, of mean square 1, [batch, tracks, 2].
        tone: power gain of every band, [batch, tracks, bands].
        purity: share of the stem where it is, weighted by its power, 0 to 1, [batch, tracks].
        certainty: the same, counted only as far as it dominates, [batch, tracks].
        share: of the stem in the power of all, [batch, tracks].
        excess_db: mix over model where the stem dominates, in left, right and side, [batch, tracks, VIEWS].
        misfit_db: mean distance of mix and model, weighted by power, [batch].
    """

    energies: Tensor
    sides: Tensor
    tone: Tensor
    purity: Tensor
    certainty: Tensor
    share: Tensor
    excess_db: Tensor
    misfit_db: Tensor


class _Mix(NamedTuple):
    """A mix to be explained, views and bands side by side: [batch, frames, VIEWS * bands]."""

    powers: Tensor
    floor: Tensor
    weights: Tensor  # of the bands, [batch, 1, 1, bands]
    scale: Tensor  # that the powers were divided by, [batch, 1, 1]


class _Model(NamedTuple):
    """The stems in a mix: activations [batch, frames, tracks * TEMPLATES], and how each stem appears."""

    activations: Tensor
    sides: Tensor
    tone: Tensor


def unmix(powers: Tensor, has_frame: Tensor, stems: StemTemplates) -> Unmixed:
    """The stems in a mix.

    Args:
        powers: of the mix.
        has_frame: frames that are none of the filling.
        stems: that it is made of.

    Shape: powers [batch, 3, frames, bands]; has_frame [batch, frames].
    """
    mix = _prepared(powers, has_frame)
    heard = stems.heard / (stems.heard.sum(-1, keepdim=True) * TEMPLATES).clamp(min=1)
    start = heard.repeat_interleave(TEMPLATES, -1)[:, None] * has_frame[..., None]
    even = torch.ones_like(stems.spectrum)
    model = _Model(start.to(powers.dtype), even[..., :CROSS], even)
    for step in range(_ROUNDS):
        model = _with_activations(model, mix, stems)
        if step >= _ROUNDS // _SETTLED and step % _IMAGE_STEP == 0:
            model = _with_images(model, mix, stems)
    return _read(model, mix, stems)


def _prepared(powers: Tensor, has_frame: Tensor) -> _Mix:
    left, right, cross = powers.unbind(1)
    views = torch.stack([left, right, ((left + right) / 2 - cross).clamp(min=0)], 2) * has_frame[..., None, None]
    count = has_frame.sum(-1).clamp(min=1)[:, None, None, None]
    scale = views[:, :, :CROSS].sum((1, 2, 3), keepdim=True) / count + 1e-20
    views = views / scale
    mean = views.sum(1, keepdim=True) / count
    spectrum = mean[:, :, :CROSS].sum(2, keepdim=True)
    weights = (spectrum + 1e-5).pow(-_FLATTENING)
    weights = weights / (weights * spectrum).sum(-1, keepdim=True).clamp(min=_TINY)
    floor = (_FLOOR * mean + _TINY) * weights
    observed = (views * weights + floor) * has_frame[..., None, None]
    return _Mix(observed.flatten(2), floor.flatten(2), weights, scale[..., 0])


def _images(model: _Model, stems: StemTemplates) -> Tensor:
    """How every stem appears in left, right and side, [batch, tracks, VIEWS, bands]."""
    left, right = (model.sides[..., side, None] for side in (LEFT, RIGHT))
    one, other = left.square() * stems.image[:, :, LEFT], right.square() * stems.image[:, :, RIGHT]
    side = (one + other) / 2 - left * right * stems.image[:, :, CROSS]
    return torch.stack([one, other, side.clamp(min=0)], 2)


def _atoms(model: _Model, mix: _Mix, stems: StemTemplates) -> Tensor:
    """[batch, tracks * TEMPLATES, VIEWS * bands]."""
    appearing = _images(model, stems) * model.tone[:, :, None] * mix.weights
    return (stems.shapes[:, :, :, None] * appearing[:, :, None]).flatten(3).flatten(1, 2)


def _with_activations(model: _Model, mix: _Mix, stems: StemTemplates) -> _Model:
    atoms = _atoms(model, mix, stems)
    ratio = mix.powers / (model.activations @ atoms + mix.floor)
    change = ratio @ atoms.transpose(1, 2) / (atoms.sum(-1)[:, None] + _TINY)
    return model._replace(activations=model.activations * change)


def _with_images(model: _Model, mix: _Mix, stems: StemTemplates) -> _Model:
    """Gains of left and right, and tones, moved to where the mix has each stem, if the model were right otherwise."""
    atoms = _atoms(model, mix, stems)
    ratio = mix.powers / (model.activations @ atoms + mix.floor)
    by_template = (TEMPLATES, VIEWS, BANDS)

    def of_stems(weights: Tensor) -> Tensor:
        return (weights * atoms).unflatten(2, by_template[1:]).unflatten(1, (-1, TEMPLATES)).sum(2)

    found = of_stems(model.activations.transpose(1, 2) @ ratio)
    modelled = of_stems(model.activations.sum(1)[..., None])
    sides = _balanced(model.sides, found.sum(-1)[..., :CROSS], modelled.sum(-1)[..., :CROSS])
    tone = _toned(model.tone, found[:, :, :CROSS].sum(2), modelled[:, :, :CROSS].sum(2), stems.spectrum)
    return model._replace(sides=sides, tone=tone)


def _balanced(sides: Tensor, found: Tensor, modelled: Tensor) -> Tensor:
    moved = sides * ((found + _TINY) / (modelled + _TINY)).sqrt()
    return moved / moved.square().mean(-1, keepdim=True).sqrt()


def _toned(tone: Tensor, found: Tensor, modelled: Tensor, spectrum: Tensor) -> Tensor:
    """Tones drawn to what the mix has in a stem's bands, smoothly, as far as it has power there; no change of level."""
    bands = torch.arange(BANDS, dtype=tone.dtype, device=tone.device)
    near = torch.exp(-0.5 * ((bands[:, None] - bands) / _TONE_BANDS).square())
    evidence = (modelled * BANDS / (modelled.sum(-1, keepdim=True) + _TINY)).clamp(max=2)
    moved = torch.log((found + _TINY) / (modelled + _TINY)).clamp(-_LARGEST_STEP, _LARGEST_STEP)
    step = (evidence * moved) @ near / (evidence @ near + _TONE_DOUBT * near.sum(0))
    nepers = (1 - _TONE_DECAY) * torch.log(tone) + step
    weight = spectrum / (spectrum.sum(-1, keepdim=True) + 1e-20)
    return torch.exp(nepers - (nepers * weight).sum(-1, keepdim=True))


def _read(model: _Model, mix: _Mix, stems: StemTemplates) -> Unmixed:
    """What a model says of the stems; their sides once more, only from where each dominates."""
    activations = model.activations.unflatten(2, (-1, TEMPLATES)).transpose(1, 2)
    atoms = _atoms(model, mix, stems).unflatten(1, (-1, TEMPLATES))
    parts = (activations @ atoms).unflatten(-1, (VIEWS, BANDS))
    modelled = (parts.sum(1) + mix.floor.unflatten(-1, (VIEWS, BANDS)))[:, None]
    ratio = mix.powers.unflatten(-1, (VIEWS, BANDS))[:, None] / modelled
    both, share = _of_both(parts), (_of_both(parts) / _of_both(modelled)).clamp(0, 1)
    power = both.sum((-1, -2)) + _TINY
    dominating = parts * share.pow(_PURITY_POWER)[..., None, :]
    found, expected = (dominating * ratio).sum((2, 4)), dominating.sum((2, 4))
    image = _images(model, stems)[:, :, :CROSS].sum(2) * model.tone
    energies = activations @ (stems.shapes * image[:, :, None] @ k_weights().to(image))[..., None]
    return Unmixed(
        energies=energies[..., 0] * mix.scale,
        sides=_balanced(model.sides, found[..., :CROSS], expected[..., :CROSS]),
        tone=model.tone,
        purity=(both * share).sum((-1, -2)) / power,
        certainty=_of_both(dominating).sum((-1, -2)) / power,
        share=power / power.sum(-1, keepdim=True),
        excess_db=10 * torch.log10((found + _TINY) / (expected + _TINY)),
        misfit_db=_misfit_db(mix, modelled[:, 0]),
    )


def _misfit_db(mix: _Mix, modelled: Tensor) -> Tensor:
    observed, expected = _of_both(mix.powers.unflatten(-1, (VIEWS, BANDS))), _of_both(modelled)
    apart_db = 10 * torch.log10((observed + _TINY) / (expected + _TINY)).abs()
    return (observed * apart_db).sum((1, 2)) / (observed.sum((1, 2)) + _TINY)


def _of_both(views: Tensor) -> Tensor:
    """Left and right together, [..., VIEWS, bands] to [..., bands]."""
    return views[..., :CROSS, :].sum(-2)
