"""Tone and dynamics of a track, changed without making it louder or softer."""

from __future__ import annotations

import torch
from torch import Tensor

from diffmst.band_console import strip_loudness_lufs
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.models.hearing_bands import excerpt_powers
from diffmst.prior import FADER, Prior
from diffmst.ties import Ties


class KeptLoudness:
    """Faders that make up for what equalizers and compressors do to the loudness of their tracks.

    While settings are sought, a threshold that falls or a band that rises would be a fader by another name, and a
    cheaper one: whoever seeks the balance with them gets it wrong, and their own settings too.

    Loudness is that of band powers, not gated. A fader that may not move makes up for nothing, and a console without
    faders has nothing behind its compressors to make up with.

    Args:
        excerpts: of the song.
        prior: whose start has the loudness that is kept.
        layout: the console's controls.
        ties: controls that are one; their tracks make up for what happens to them in the mean.
    """

    def __init__(self, excerpts: Excerpts, prior: Prior, layout: Layout, ties: Ties | None = None) -> None:
        self._section, self._sample_rate = layout.track, excerpts.sample_rate
        self._has_faders = FADER in layout.track.params
        if not self._has_faders:
            return
        self._column = layout.track.column(FADER)
        self._shares = ties.weights[self._column] if ties else torch.eye(len(excerpts.channels), dtype=torch.float64)
        with torch.no_grad():
            self._powers = excerpt_powers(excerpts)
            self._kept_lufs = self._loudness_lufs(layout.from_unit(prior.start))
        self._moves = (prior.width.tracks[0, :, self._column] > 0) & self._kept_lufs.isfinite()

    def __call__(self, settings: Settings[Tensor]) -> Settings[Tensor]:
        """Settings whose tracks are as loud as those of the start but for what their faders were moved by."""
        if not self._has_faders:
            return settings
        louder_lu = self._shares @ torch.where(self._moves, self._loudness_lufs(settings) - self._kept_lufs, 0.0)
        param, tracks = self._section.params[FADER], settings.tracks.clone()
        level_db = tracks[..., self._column] - torch.where(self._moves, louder_lu, 0.0)
        tracks[..., self._column] = level_db.clamp(param.low, param.high)
        return settings._replace(tracks=tracks)

    def _loudness_lufs(self, settings: Settings[Tensor]) -> Tensor:
        return strip_loudness_lufs(self._powers, self._section, settings.tracks, self._sample_rate).to(settings.tracks)
