"""The compressor of every track: what brings its peaks to the goal of a style."""

from __future__ import annotations

import numpy as np
import torch

from diffmst.dsp.dynamics import static_curve_db
from diffmst.layout import Section
from diffmst.random_mix.controls import towards_default, within_ranges
from diffmst.random_mix.habits import of_roles
from diffmst.random_mix.song_sound import SongSound
from diffmst.random_mix.style import MixStyle
from diffmst.random_mix.tone import eq_change_db

UNTOUCHED_DB = 0.75
"""A compressor that would do less is left out."""

_MOST_REDUCTION_DB = 10.0
_TAMED = 0.5  # of the peaks beyond those that are usual
_CURVE = ("threshold_db", "ratio", "knee_db", "makeup_db")


def compressed(section: Section, values: np.ndarray, style: MixStyle, sound: SongSound, amount: float) -> np.ndarray:
    """Settings with the loud peaks of every equalized track turned down as the style has it, [tracks, controls]."""
    unusual_db = sound.crest_db - of_roles("crest_db")[sound.roles]
    reduction_db = np.clip(style.reduction_db[sound.roles] + _TAMED * unusual_db, 0, _MOST_REDUCTION_DB)
    times = {name: getattr(style, name)[sound.roles] for name in ("attack_ms", "release_ms")}
    detected_db = sound.loud_peak_db + eq_change_db(section, values, sound, 1.0) - unseen_db(sound.crest_db, **times)
    ratio = style.ratio[sound.roles]
    goals = {"threshold_db": threshold_db(detected_db, reduction_db, ratio), "ratio": ratio, **times}
    worked = (reduction_db >= UNTOUCHED_DB) & sound.audible
    for name, control in section.controls(values := values.copy(), "compressor").items():
        control[worked] = goals.get(name, control)[worked]
    return towards_default(section, within_ranges(section, values), "compressor", amount)


def threshold_db(
    peak_db: np.ndarray | float, reduction_db: np.ndarray | float, ratio: np.ndarray | float
) -> np.ndarray | float:
    """Threshold at which a peak is turned down by so much: above T it comes out lower by (peak - T) (1 - 1 / ratio).

    >>> threshold_db(-10.0, 5.0, 2.0)
    -20.0
    """
    return peak_db - reduction_db / (1 - 1 / ratio)


def unseen_db(crest_db: np.ndarray, attack_ms: np.ndarray, release_ms: np.ndarray) -> np.ndarray:
    """By how much the level that a compressor follows lies under the peaks, [tracks].

    It looks at every sample, most of which are lower than the peak, and takes its time: the more, the slower the
    attack, the faster the release and the rarer the peaks. Fitted to what the compressor does to the loudness of 115
    stems at three settings each, which it tells within 1.2 dB (standard deviation).
    """
    unseen: np.ndarray = 4.2 + 1.4 * np.log(attack_ms / 10) - 1.1 * np.log(release_ms / 150) + 0.43 * (crest_db - 10)
    return np.maximum(unseen, 0)


def compressor_change_db(section: Section, values: np.ndarray, sound: SongSound) -> np.ndarray:
    """By how much the compressors change the loudness of the equalized tracks, estimated from their peaks, [tracks]."""
    controls = section.controls(values, "compressor")
    unseen = unseen_db(sound.crest_db, controls["attack_ms"], controls["release_ms"])
    level_db = sound.peak_db + (eq_change_db(section, values, sound, 1.0) - unseen)[:, None]
    curve = {name: torch.from_numpy(controls[name][:, None].copy()) for name in _CURVE}
    reduced_db = static_curve_db(torch.from_numpy(level_db), **curve).numpy()
    before, after = (10 ** (level / 10) for level in (level_db, reduced_db))
    change_db: np.ndarray = 10 * np.log10(after.sum(1) / before.sum(1))
    return change_db
