"""How tracks come out of the console, predicted beside true, told from band powers without rendering them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from diffmst.band_console import mix_bands
from diffmst.dsp.band_powers import LEFT, RIGHT, k_weights
from diffmst.layout import Layout, Settings
from diffmst.models.hearing_bands import SceneBands

WET_TERMS = ("level", "pan", "spectrum")

_SILENCE = 1e-12  # power
_PAN_FLOOR = 1e-3  # of a track's power: 30 dB under it, the other side is as good as silent
_BAND_FLOOR = 1e-4  # of the loudest band: 40 dB under it, a track hardly sounds


def wet_terms(
    bands: SceneBands, predicted: Settings[Tensor], truth: Settings[Tensor], layout: Layout, sample_rate: int
) -> dict[str, Tensor]:
    """Errors of the tracks that sound, meaned: e - 1/2 where an error e is over 1 (LU or dB), else e^2 / 2.

    `level` is a track's loudness relative to all tracks, LU; `pan` its right over its left, dB; `spectrum` its bands
    apart from its level, dB, where it sounds in the true mix.

    Args:
        bands: of the scene.
        predicted: settings, physical, batch of one.
        truth: likewise.
        layout: the console's controls.
        sample_rate: of the console, Hz.
    """
    mixed = _mean_powers(bands, predicted, layout, sample_rate)
    with torch.no_grad():
        wanted = _mean_powers(bands, truth, layout, sample_rate)
    return wet_errors(mixed, wanted)


def wet_errors(mixed: Tensor, wanted: Tensor) -> dict[str, Tensor]:
    """Errors of the tracks that sound, see `wet_terms`; of several songs the mean.

    Args:
        mixed: mean powers of left and right as predicted.
        wanted: true ones.

    Shape: both [..., tracks, 2, bands].
    """
    loudness, wanted_loudness = (_energies(powers) for powers in (mixed, wanted))
    sounding = wanted_loudness > _SILENCE
    level = _huber(_share_db(loudness, sounding) - _share_db(wanted_loudness, sounding))
    pan = _huber(_pan_db(mixed) - _pan_db(wanted))
    tone = _tone_error(mixed, wanted, _to_db(loudness) - _to_db(wanted_loudness))
    return {name: _mean(error, sounding) for name, error in zip(WET_TERMS, (level, pan, tone), strict=True)}


def _huber(error: Tensor) -> Tensor:
    return huber_loss(error, torch.zeros_like(error), reduction="none")


def _mean(errors: Tensor, sounding: Tensor) -> Tensor:
    """Over the tracks of a song that sound, then over the songs; [..., tracks]."""
    count = sounding.sum(-1).clamp(min=1)
    return (torch.where(sounding, errors, 0.0).sum(-1) / count).mean()


def _mean_powers(bands: SceneBands, settings: Settings[Tensor], layout: Layout, sample_rate: int) -> Tensor:
    """Of every track behind its fader, left and right, meaned over all frames, [tracks, 2, bands]."""
    powers = bands.tracks.transpose(0, 1)
    mixed = mix_bands(powers, bands.mono, settings, sample_rate, layout).tracks
    return mixed[:, :, [LEFT, RIGHT]].mean((0, 3))


def _energies(powers: Tensor) -> Tensor:
    """K-weighted, [..., tracks]."""
    return powers.sum(-2) @ k_weights().to(powers)


def _share_db(energies: Tensor, sounding: Tensor) -> Tensor:
    return _to_db(energies) - _to_db(torch.where(sounding, energies, 0.0).sum(-1, keepdim=True))


def _pan_db(powers: Tensor) -> Tensor:
    left, right = powers.sum(-1).unbind(-1)
    floor = _PAN_FLOOR * (left + right)
    return _to_db(right + floor) - _to_db(left + floor)


def _tone_error(mixed: Tensor, wanted: Tensor, louder_db: Tensor) -> Tensor:
    """Of bands of left and right together, [..., tracks]."""
    mixed, wanted = mixed.sum(-2), wanted.sum(-2)
    floor = _BAND_FLOOR * wanted.amax(-1, keepdim=True)
    heard = (wanted > floor).to(wanted)
    # The floor of the predicted track is as much louder as the track: a difference of level is none of tone.
    raised = floor * 10 ** (louder_db[..., None] / 10)
    errors = _huber(_to_db(mixed + raised) - louder_db[..., None] - _to_db(wanted + floor))
    return (errors * heard).sum(-1) / heard.sum(-1).clamp(min=1)


def _to_db(power: Tensor) -> Tensor:
    return 10 * (power + _SILENCE * 1e-6).log10()
