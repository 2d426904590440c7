"""Random mixes of stems as they are: what was drawn for staged stems, with the staging done by the console."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Settings
from diffmst.listening import Heard
from diffmst.passages import ANYWHERE, song_passages
from diffmst.prior import MASTER_LUFS, NOMINAL_LUFS, Stem
from diffmst.random_mix.draw import Kind, MixDraw
from diffmst.random_mix.rendering import RandomMix, mix_at_full_scale, mix_at_loudness
from diffmst.random_mix.song_sound import hear_song
from diffmst.sanity import keep_audible
from diffmst.strips import row_tracks
from diffmst.task import SONG_WINDOWS

PUBLISHED_TRACK_LUFS = -48.0
"""Loudness at which stems met the console in the published training, and so what its uniform settings work on."""

_STAGED_LUFS: dict[Kind, float] = {"sane": NOMINAL_LUFS, "uniform": PUBLISHED_TRACK_LUFS}


def draw_settings(heard: Heard, draw: MixDraw, layout: Layout) -> Settings[Tensor]:
    """What was drawn for the stems of a song, on the passages that refinement would listen to.

    Args:
        heard: the song; the reference is not listened to.
        draw: how the settings are drawn.
        layout: the console's controls.

    Returns:
        Physical settings for the stems as they are, batch of one, float64; see `mix_of`.
    """
    return mix_of(song_passages(heard, ANYWHERE, SONG_WINDOWS).excerpts, heard.stems, draw, layout).settings


def mix_of(excerpts: Excerpts, stems: Sequence[Stem], draw: MixDraw, layout: Layout) -> RandomMix:
    """What was drawn for stems that nobody has staged, and how it sounds.

    Drawn settings are for stems of one loudness; the input gain of every track brings it there, as far as it reaches.
    A sane mix buries no track, meets the master bus at `MASTER_LUFS` and leaves it at the same; a uniform one leaves it
    with its peak at full scale, as published.

    Args:
        excerpts: of the stems, as they are.
        stems: what is known of them; a silent one is left alone.
        draw: how the settings are drawn.
        layout: the console's controls.

    Returns:
        Physical settings for the stems as they are, and the mix of the excerpts.
    """
    gains_db = _staging_gains_db(stems, _STAGED_LUFS[draw.kind])
    amplitudes = torch.from_numpy(10 ** (gains_db[row_tracks(excerpts.channels)] / 20)).float()
    staged = excerpts._replace(audio=excerpts.audio * amplitudes[:, None])
    told = [stem._replace(loudness_lufs=_STAGED_LUFS[draw.kind]) for stem in stems]
    settings = draw.settings(hear_song(staged, told), layout)
    input_db = layout.track.controls(settings.tracks, "input")["gain_db"]
    param = layout.track.params["input.gain_db"]
    input_db[:] = np.clip(input_db + gains_db, param.low, param.high)
    windows, fx = len(excerpts.audio), draw.amounts.space > 0
    if draw.kind == "uniform":
        return mix_at_full_scale(excerpts, settings, layout, windows=windows, fx=fx)
    # The levels were drawn for what processing was thought to do to them; here it can be heard what it does.
    settings = keep_audible(excerpts, stems, settings.tensors(), layout)
    return mix_at_loudness(excerpts, settings, layout, MASTER_LUFS, windows=windows, fx=fx)


def _staging_gains_db(stems: Sequence[Stem], track_lufs: float) -> np.ndarray:
    """What brings every stem to a loudness, [tracks]; nothing for a silent one."""
    loudness_lufs = np.array([stem.loudness_lufs for stem in stems])
    return np.where(np.isfinite(loudness_lufs), track_lufs - loudness_lufs, 0.0)
