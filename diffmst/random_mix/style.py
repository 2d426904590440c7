"""A style of mixing, drawn once: how loud, bright, dynamic, wide and wet each role and the master are.

A style is a set of goals for what is heard, not of knobs. Two songs mixed in one style have the same knobs only if
their stems sound the same; otherwise a dull snare is brightened in one song and left alone in the other, and both come
out alike. So the goals are absolute: loudness of a role relative to the lead once it is processed, tone relative to a
target of the role, peaks relative to their loudness, distance from the middle, reverb relative to the dry sound. Only
this can be learned from the mix of another song: how bright its snare is can be heard there, by how many dB it was
brightened cannot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.reverb import BAND_NAMES
from diffmst.random_mix import habits
from diffmst.random_mix.dice import Dice

ROLES = len(habits.HABITS)
REGIONS = len(habits.REGION_EDGES_HZ) + 1

# Standard deviations. Loudness is that of the family and that of the role in it: together 3 LU, as genres differ.
_FAMILY_LU, _ROLE_LU = 2.2, 2.0
_BRIGHTNESS_DB = 1.6  # per region
_TONE_DB = 3.0
_WET_DB, _ROLE_WET_DB = 6.0, 2.5
_RETURN_TILT_DB = 0.8  # per octave
_TASTE_DB = 1.6
_MOST_TURNED = 0.8
_PARTED = (0.4, 1.2)  # two files of one sound are meant to be heard as two, some of them as far apart as may be
# Factors within which two of three lie.
_SQUASH, _TIME, _ROLE_RATIO, _WIDTH, _ROLE_WIDTH = 1.8, 1.7, 1.3, 1.7, 1.35
_RT60 = 1.7

# Finished mixes are darker than stems, and what masters do to them.
_USUAL_BRIGHTNESS_DB = -0.8
_MASTER_EQ_DB = np.array([0.5, 0, 0, 0, 0, -1.5])
_MASTER_EQ_SPREAD_DB = np.array([2.5, 1.2, 1.0, 1.0, 1.2, 2.5])
_MOST_MASTER_REDUCTION_DB = 12.0

_LEAD_WET_DB = -17.5
_RT60_S = 1.3
# Halls lose their top: decay relative to the middle of the band, for the 12 octaves from 16 Hz to 32 kHz.
_RT60_SHAPE = np.array([0.7, 0.8, 1.0, 1.1, 1.15, 1.1, 1.0, 0.95, 0.85, 0.7, 0.6, 0.55])
_MIDDLE_OCTAVE = 6  # 1 kHz


class MasterGoals(NamedTuple):
    """What becomes of the sum.

    Attributes:
        eq_db: gain of the six bands, [regions].
        reduction_db: by which loud peaks are turned down.
        ratio: of the compressor.
        attack_ms: of the compressor.
        release_ms: of the compressor.
    """

    eq_db: np.ndarray
    reduction_db: float
    ratio: float
    attack_ms: float
    release_ms: float


class MixStyle(NamedTuple):
    """Goals for each role, by the order of `models.scene.ROLE_NAMES`, and for the buses.

    Attributes:
        level_lu: loudness of a processed track relative to the others, [roles].
        tone_db: power of the processed track in six regions, relative to its loudness, [roles, regions].
        correction: share of the way to that tone that is gone, 0 to 1.
        taste_db: what is boosted and cut beside that, whatever the stem sounds like, [roles, regions].
        reduction_db: by which loud peaks of a stem are turned down that peaks as is usual, [roles].
        ratio: of the compressor, [roles].
        attack_ms: of the compressor, [roles].
        release_ms: of the compressor, [roles].
        pan: distance from the middle, [roles].
        turned: share of that distance by which what has an image of its own is turned.
        wet_db: reverb relative to the dry sound, [roles].
        eq_shift: factor on the frequencies of the equalizer, [roles, regions].
        rt60_s: decay of the reverb, [octaves].
        return_db: gain of the reverb, relative to its default, [octaves].
        master: of the sum.
        parted: distance of the two files of one recording, at least.
    """

    level_lu: np.ndarray
    tone_db: np.ndarray
    correction: float
    taste_db: np.ndarray
    reduction_db: np.ndarray
    ratio: np.ndarray
    attack_ms: np.ndarray
    release_ms: np.ndarray
    pan: np.ndarray
    turned: float
    wet_db: np.ndarray
    eq_shift: np.ndarray
    rt60_s: np.ndarray
    return_db: np.ndarray
    master: MasterGoals
    parted: float


def draw_style(dice: Dice) -> MixStyle:
    """A style between folk and techno."""
    roles, regions = (ROLES,), (ROLES, REGIONS)
    family_lu = dice.normal(0, _FAMILY_LU, (len(habits.FAMILIES),))[habits.families()]
    slope_db = float(dice.normal(_USUAL_BRIGHTNESS_DB, _BRIGHTNESS_DB, ())) * (np.arange(REGIONS) - (REGIONS - 1) / 2)
    return MixStyle(
        level_lu=habits.usual_level_lu() + family_lu + dice.normal(0, _ROLE_LU, roles),
        tone_db=habits.of_roles("tone_db") + slope_db + dice.normal(0, _TONE_DB, regions),
        correction=float(dice.uniform(0.0, 0.8, ())),
        taste_db=dice.normal(0, dice.uniform(0, _TASTE_DB, ()), (ROLES, REGIONS)),
        reduction_db=habits.of_roles("reduction_db") * dice.log_normal(dice.log_normal(1, _SQUASH, ()), 1.3, roles),
        ratio=1 + (habits.of_roles("ratio") - 1) * dice.log_normal(1, _ROLE_RATIO, roles),
        attack_ms=habits.of_roles("attack_ms") * dice.log_normal(1, _TIME, roles),
        release_ms=habits.of_roles("release_ms") * dice.log_normal(1, _TIME, roles),
        pan=habits.of_roles("pan") * dice.log_normal(dice.log_normal(1, _WIDTH, ()), _ROLE_WIDTH, roles),
        turned=float(dice.uniform(0, _MOST_TURNED, ())),
        wet_db=_LEAD_WET_DB
        + dice.normal(0, _WET_DB, ())
        + habits.of_roles("wet_db")
        + dice.normal(0, _ROLE_WET_DB, roles),
        eq_shift=dice.log_normal(1, 1.2, regions),
        rt60_s=float(dice.log_normal(_RT60_S, _RT60, ())) * _RT60_SHAPE,
        return_db=dice.normal(0, _RETURN_TILT_DB, ()) * (np.arange(len(BAND_NAMES)) - _MIDDLE_OCTAVE),
        master=_draw_master(dice),
        parted=min(1.0, float(dice.uniform(*_PARTED, ()))),
    )


def _draw_master(dice: Dice) -> MasterGoals:
    """From a touch of glue to a mix that is held down."""
    return MasterGoals(
        eq_db=dice.normal(_MASTER_EQ_DB, _MASTER_EQ_SPREAD_DB, (REGIONS,)),
        reduction_db=min(float(dice.log_normal(3.5, 2.0, ())), _MOST_MASTER_REDUCTION_DB),
        ratio=float(1 + dice.log_normal(1.5, 1.8, ())),
        attack_ms=float(dice.log_normal(5, 3, ())),
        release_ms=float(dice.log_normal(180, 1.8, ())),
    )
