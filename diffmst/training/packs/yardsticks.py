"""How far predictions for a pack are from the truth, in what is heard: levels, places and tone."""

from __future__ import annotations

import torch
from torch import Tensor

from diffmst.band_console import mix_bands
from diffmst.dsp.band_powers import LEFT, RIGHT, k_weights
from diffmst.layout import Layout, Settings
from diffmst.models.prediction import Prediction
from diffmst.training.packs.band_song import SAMPLE_RATE
from diffmst.training.packs.packed_terms import PackedBatch

_MOST_DB = 20.0  # of one side over the other
_SILENCE = 1e-12


@torch.no_grad()
def yardsticks(batch: PackedBatch, prediction: Prediction, layout: Layout) -> dict[str, Tensor]:
    """Mean errors of the tracks of every scene, [batch] each.

    `level_lu` is that of a track's loudness against the mean of all; `pan_db` of left over right, `width_db` of the
    same without its sign; `eq_db` of the gains of its equalizer. What starts with `equal_` is that of tracks equally
    loud in the middle, flat.
    """
    neutral = layout.to_unit(layout.defaults(batch.truth.tracks.shape[1]))
    neutral = Settings(*(part.to(there).expand_as(there) for part, there in zip(neutral, batch.truth, strict=True)))
    wanted = _heard(batch, batch.truth, layout)
    figures: dict[str, Tensor] = {}
    for prefix, positions in (("", prediction.mean), ("equal_", neutral)):
        found = _heard(batch, positions, layout)
        there = batch.heard.has_track
        figures |= {f"{prefix}{name}": _mean((found[name] - wanted[name]).abs(), there) for name in found}
        width = (found["pan_db"].abs() - wanted["pan_db"].abs()).abs()
        figures[f"{prefix}width_db"] = _mean(width, there)
    return figures


def _heard(batch: PackedBatch, positions: Settings[Tensor], layout: Layout) -> dict[str, Tensor]:
    """Loudness, balance and equalizers of all tracks, [batch, tracks] or [batch, tracks, bands]."""
    heard, settings = batch.heard, layout.from_unit(positions)
    spectra = (heard.track_spectra * heard.has_track[..., None, None])[:, None, :, :, None]
    wet = mix_bands(spectra, heard.mono, settings, SAMPLE_RATE, layout).tracks[:, 0, :, :, 0] @ k_weights().to(spectra)
    left, right = _to_db(wet[..., LEFT]), _to_db(wet[..., RIGHT])
    level = _to_db(wet[..., LEFT] + wet[..., RIGHT])
    mean = _mean(level, heard.has_track)[:, None]
    gains_db = layout.track.controls(settings.tracks, "eq")["gain_db"]
    return {"level_lu": level - mean, "pan_db": (left - right).clamp(-_MOST_DB, _MOST_DB), "eq_db": gains_db}


def _mean(values: Tensor, there: Tensor) -> Tensor:
    """Over the tracks that are there, and bands; [batch, tracks, ...] to [batch]."""
    values = values.flatten(2).mean(-1) if values.ndim > 2 else values
    return torch.where(there, values, 0.0).sum(-1) / there.sum(-1)


def _to_db(power: Tensor) -> Tensor:
    return 10 * torch.log10(power + _SILENCE)
