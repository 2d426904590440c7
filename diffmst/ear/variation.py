"""Stems as others would have played, recorded and treated them: changes of band powers that leave the role as it is.

What the ear learns from are made songs and a few real ones. What it must not learn is how these were made. So each stem
comes in ever new keys, equalizers, compressors, rooms, with noise and with what leaks in from the others; all in the
domain of powers in bands, where a change costs a product and no rendering.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, pad

from diffmst.dsp.band_powers import BANDS, HOP_S, band_centres_hz
from diffmst.ear.sound import StemSounds

_SEMITONES = 1.5
_EQUALIZER_DB, _EQUALIZER_NODES = 5.0, 7
_TILT_DB_PER_OCTAVE = 1.0
_HIGH_CUT_HZ, _HIGH_CUTS = (2_500.0, 16_000.0), 0.35
_LOW_CUT_HZ, _LOW_CUTS = (30.0, 250.0), 0.3
_HIGH_CUT_DB_PER_OCTAVE, _LOW_CUT_DB_PER_OCTAVE = (12.0, 60.0), 18.0
_STEEPER = (-0.45, 0.15)  # decibels by which a level comes out higher per decibel under the loudest: compressed mostly
_COMPRESSED_FRAMES, _COMPRESSED_DB = 9, 40.0
_REVERB_DB, _REVERBS, _RT60_S = (-24.0, 2.0), 0.5, (0.25, 2.5)
_LEAK_DB, _LEAKS = (-40.0, -14.0), 0.3
_NOISE_DB, _NOISES, _NOISE_TILT_DB_PER_OCTAVE = (-75.0, -35.0), 0.5, 3.0
_NONE_DB = -200.0
_MONO, _SIDE_SPREAD = 0.25, 0.1
_TINY = 1e-12


class Variation(NamedTuple):
    """How the stems of a song are changed, each its own way; all [tracks] but where it is said.

    Attributes:
        semitones: by which it is transposed, with its formants.
        gains_db: of equalizer and filters, [tracks, bands].
        steeper: decibels by which levels go down more per decibel under the loudest; below 0 it is compressed.
        reverb_db: power of the reverb against that of the stem.
        rt60_s: time in which the reverb decays by 60 dB.
        leak_db: power of what leaks in.
        leaks_from: the stem that leaks in.
        noise_db: power of noise in all.
        noise_gains_db: its spectrum, [tracks, bands].
        mono: whether one channel is left.
        side: change of how wide the bands are.
    """

    semitones: Tensor
    gains_db: Tensor
    steeper: Tensor
    reverb_db: Tensor
    rt60_s: Tensor
    leak_db: Tensor
    leaks_from: Tensor
    noise_db: Tensor
    noise_gains_db: Tensor
    mono: Tensor
    side: Tensor


def draw_variation(tracks: int, generator: torch.Generator) -> Variation:
    """A change for each of so many stems."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(tracks, *shape, generator=generator)

    def uniform(between: tuple[float, float]) -> Tensor:
        return between[0] + (between[1] - between[0]) * torch.rand(tracks, generator=generator)

    def sometimes(share: float, value: Tensor, otherwise: float) -> Tensor:
        return torch.where(torch.rand(tracks, generator=generator) < share, value, otherwise)

    equalizer_db = _between_nodes(_EQUALIZER_DB * normal(_EQUALIZER_NODES))
    tilt_db = _TILT_DB_PER_OCTAVE * normal(1) * _octaves()
    high_cut = sometimes(_HIGH_CUTS, uniform(_octaves_of(_HIGH_CUT_HZ)), math.inf)[:, None]
    low_cut = sometimes(_LOW_CUTS, uniform(_octaves_of(_LOW_CUT_HZ)), -math.inf)[:, None]
    cut_db = uniform(_HIGH_CUT_DB_PER_OCTAVE)[:, None] * (_octaves() - high_cut).clamp_min(0)
    cut_db = cut_db + _LOW_CUT_DB_PER_OCTAVE * (low_cut - _octaves()).clamp_min(0)
    return Variation(
        semitones=_SEMITONES * normal(),
        gains_db=equalizer_db + tilt_db - cut_db,
        steeper=uniform(_STEEPER),
        reverb_db=sometimes(_REVERBS, uniform(_REVERB_DB), _NONE_DB),
        rt60_s=uniform((math.log(_RT60_S[0]), math.log(_RT60_S[1]))).exp(),
        leak_db=sometimes(_LEAKS, uniform(_LEAK_DB), _NONE_DB),
        leaks_from=torch.randperm(tracks, generator=generator),
        noise_db=sometimes(_NOISES, uniform(_NOISE_DB), _NONE_DB),
        noise_gains_db=_NOISE_TILT_DB_PER_OCTAVE * normal(1) * _octaves(),
        mono=torch.rand(tracks, generator=generator) < _MONO,
        side=_SIDE_SPREAD * normal(),
    )


def vary(sounds: StemSounds, variation: Variation, generator: torch.Generator) -> StemSounds:
    """The same stems, changed: transposed, equalized, compressed, reverberated, with leakage and with noise.

    Args:
        sounds: of one song.
        variation: of each of its stems.
        generator: of the noise.
    """
    powers = torch.einsum("nwfb,ncb->nwfc", sounds.powers, transposition(variation.semitones))
    powers = powers * _power(variation.gains_db)[:, None, None]
    powers = _reverberated(_compressed(powers, variation.steeper), variation.reverb_db, variation.rt60_s)
    mean = powers.sum(-1).mean((1, 2))[:, None, None, None] + _TINY
    leak = powers[variation.leaks_from] / mean[variation.leaks_from] * _power(variation.leak_db)[:, None, None, None]
    powers = powers + mean * leak
    noisy = variation.noise_db > _NONE_DB
    powers[noisy] += mean[noisy] * _noise(powers[noisy], variation, generator)
    return StemSounds(powers, _narrowed(sounds.sides, variation))


def transposition(semitones: Tensor) -> Tensor:
    """Matrices that move powers in bands along the scale of frequency; what comes from beyond an end is that end's.

    Shape: semitones [tracks]; returns [tracks, bands, bands], to bands from bands.
    """
    octaves = _octaves().double().numpy()
    sources = np.interp(octaves - semitones[:, None].double().numpy() / 12, octaves, np.arange(BANDS))
    distance = (torch.from_numpy(sources)[..., None] - torch.arange(BANDS)).abs()
    return (1 - distance).clamp_min(0).float()


def _compressed(powers: Tensor, steeper: Tensor) -> Tensor:
    """Levels against the loudest, smoothed over some 0.2 s, made steeper or flatter."""
    level_db = 10 * torch.log10(powers.sum(-1) + _TINY)
    smooth_db = avg_pool1d(pad(level_db, (_COMPRESSED_FRAMES // 2,) * 2, mode="replicate"), _COMPRESSED_FRAMES, 1)
    under_db = (smooth_db - level_db.amax((1, 2), keepdim=True)).clamp(-_COMPRESSED_DB, 0)
    return powers * _power(steeper[:, None, None] * under_db)[..., None]


def _reverberated(powers: Tensor, reverb_db: Tensor, rt60_s: Tensor) -> Tensor:
    """With an exponential tail in every band; stems without reverb are not computed."""
    wet = reverb_db > _NONE_DB
    if not wet.any():
        return powers
    dry = powers[wet]
    frames = dry.shape[2]
    time_s = HOP_S * torch.arange(1, frames + 1)
    tail = 10 ** (-6 * time_s / rt60_s[wet, None])
    tail = tail / tail.sum(-1, keepdim=True) * _power(reverb_db[wet])[:, None]
    response = pad(tail[:, : frames - 1], (1, 0))
    answer = torch.fft.irfft(
        torch.fft.rfft(dry, 2 * frames, 2) * torch.fft.rfft(response, 2 * frames)[:, None, :, None], 2 * frames, 2
    )
    powers = powers.clone()
    powers[wet] = dry + answer[:, :, :frames].clamp_min(0)
    return powers


def _noise(powers: Tensor, variation: Variation, generator: torch.Generator) -> Tensor:
    """Steady noise of the stems that have some, of the shape of their powers.

    The power of Gaussian noise in a narrow band is distributed exponentially.
    """
    noisy = variation.noise_db > _NONE_DB
    spectrum = _power(variation.noise_gains_db[noisy])
    spectrum = spectrum / spectrum.sum(-1, keepdim=True) * _power(variation.noise_db[noisy])[:, None]
    return spectrum[:, None, None] * torch.empty_like(powers).exponential_(generator=generator)


def _narrowed(sides: Tensor, variation: Variation) -> Tensor:
    """Wider or narrower where there is a side, or one channel."""
    bands, imbalance = sides[..., :BANDS], sides[..., BANDS:]
    changed = (bands + variation.side[:, None, None]).clamp(0, 1)
    wide = torch.cat([torch.where(bands > 0, changed, bands), imbalance], -1)
    return torch.where(variation.mono[:, None, None], 0.0, wide)


def _between_nodes(nodes: Tensor) -> Tensor:
    """Smooth curves through nodes spread evenly over the bands: raised cosines in between. [..., nodes] to bands."""
    count = nodes.shape[-1]
    place = torch.linspace(0, count - 1, BANDS)
    left = place.floor().clamp_max(count - 2).long()
    share = (1 - torch.cos(torch.pi * (place - left))) / 2
    return nodes[..., left] * (1 - share) + nodes[..., left + 1] * share


def _octaves() -> Tensor:
    """Octaves of the bands above 1 kHz, [bands]."""
    return torch.log2(band_centres_hz() / 1000).float()


def _octaves_of(between_hz: tuple[float, float]) -> tuple[float, float]:
    return math.log2(between_hz[0] / 1000), math.log2(between_hz[1] / 1000)


def _power(level_db: Tensor) -> Tensor:
    return 10 ** (level_db / 10)
