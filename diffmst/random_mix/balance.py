"""The levels of the tracks: what brings the loudness of each, processed, to the goal of a style."""

from __future__ import annotations

import numpy as np

from diffmst.layout import Section
from diffmst.prior import level_control
from diffmst.random_mix.controls import within_ranges
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.dynamics import compressor_change_db
from diffmst.random_mix.song_sound import SongSound, k_weights
from diffmst.random_mix.style import MixStyle
from diffmst.random_mix.tone import eq_change_db

QUIETEST_LU = -20.0
"""No track is drawn further below all together. What processing does to its loudness is an estimate, so some 4 LU are
left to where it would be buried."""

_MOST_RAISED_LU = 8.0  # for being quieter in the excerpts than as a whole
_TRACK_LU = 1.3  # by which tracks of a role differ
_SHARED = 0.5  # of the power of a role: two of it are each 1.5 LU quieter than one alone, and 1.5 LU louder together


def levelled(
    section: Section, values: np.ndarray, style: MixStyle, sound: SongSound, dice: Dice, amount: float
) -> np.ndarray:
    """Settings with the level of every treated track set, [tracks, controls].

    The powers of the faders sum up to that of one at 0 dB. Without a fader the input gain sets the level, and the
    threshold of the compressor goes with it.
    """
    goal_lu = amount * _goals_lu(style, sound, dice)
    changed_db = eq_change_db(section, values, sound, k_weights()) + compressor_change_db(section, values, sound)
    level_db = _raised(goal_lu, sound) - changed_db
    level_db = np.where(sound.audible, level_db - power_sum_db(level_db[sound.audible]), 0)
    effect, _, keyword = level_control(section).partition(".")
    section.controls(values := values.copy(), effect)[keyword][:] = level_db
    if effect == "input":
        compressor = section.controls(values, "compressor")
        compressor["threshold_db"][:] += np.where(compressor["ratio"] > 1, level_db, 0)
    return within_ranges(section, values)


def power_sum_db(level_db: np.ndarray) -> float:
    """Level of unrelated signals together.

    >>> round(power_sum_db(np.zeros(10)), 6)
    10.0
    """
    return float(10 * np.log10((10 ** (level_db / 10)).sum())) if level_db.size else 0.0


def _goals_lu(style: MixStyle, sound: SongSound, dice: Dice) -> np.ndarray:
    count = np.array([np.count_nonzero(sound.roles == role) for role in sound.roles])
    own_lu = dice.normal(0, _TRACK_LU, count.shape)
    return style.level_lu[sound.roles] - _SHARED * 10 * np.log10(count) + own_lu


def _raised(goal_lu: np.ndarray, sound: SongSound) -> np.ndarray:
    """Goals of which none lies too far under all together, nor much further where it is heard than as a whole."""
    staged_lufs = np.array([stem.loudness_lufs for stem in sound.stems])
    here_lu = np.where(sound.audible, sound.loudness_lufs - staged_lufs, 0)
    heard_lu = goal_lu + np.maximum(here_lu, -_MOST_RAISED_LU)
    missing_lu = power_sum_db(heard_lu[sound.audible]) + QUIETEST_LU - heard_lu
    return goal_lu + np.maximum(missing_lu, 0)
