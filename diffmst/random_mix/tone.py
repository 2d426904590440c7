"""The equalizer of every track: what brings its tone to the goal of a style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diffmst.dsp.filters import equalizer_coefficients, frequency_response_db
from diffmst.layout import Section
from diffmst.random_mix.controls import towards_default, within_ranges
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.habits import REGION_EDGES_HZ, of_roles
from diffmst.random_mix.song_sound import SongSound, band_centres_hz
from diffmst.random_mix.style import MixStyle

FAINT_DB = -34.0
"""What lies so far under the loudness of a stem is not brought up: there is nothing but noise."""

UNTOUCHED_DB = 1.0
"""Corrections smaller than this are left out, as an engineer leaves them out."""

_FURTHEST_DB = 12.0  # from the goal: what is further is meant to be so
_STRONGEST_DB = 8.0
_TRACK_DB = 0.8  # by which tracks of a role differ
_SAMPLE_RATE = 48_000  # at which responses are computed: they hardly depend on it
_TINY = 1e-20


def equalized(
    section: Section, values: np.ndarray, style: MixStyle, sound: SongSound, dice: Dice, amount: float
) -> np.ndarray:
    """Settings with the tone of every track brought towards its goal, [tracks, controls]."""
    tone_db, regions = tone_of_db(sound), _regions(section)
    missing_db = np.clip(style.tone_db[sound.roles] - tone_db, -_FURTHEST_DB, _FURTHEST_DB)
    correction = style.correction * of_roles("likeness")[sound.roles, None]
    gain_db = correction * missing_db + style.taste_db[sound.roles] + dice.normal(0, _TRACK_DB, missing_db.shape)
    gain_db = np.clip(gain_db, -_STRONGEST_DB, _STRONGEST_DB)
    gain_db[(np.abs(gain_db) < UNTOUCHED_DB) | ((gain_db > 0) & (tone_db < FAINT_DB))] = 0
    bands = section.controls(values := values.copy(), "eq")
    share = [regions.count(region) for region in regions]
    bands["gain_db"][:] = gain_db[:, regions] / share
    bands["freq_hz"][:] *= np.where(bands["gain_db"] == 0, 1, style.eq_shift[sound.roles][:, regions])
    return towards_default(section, within_ranges(section, values), "eq", amount)


def tone_of_db(sound: SongSound) -> np.ndarray:
    """Power of every track in the regions, relative to its loudness, [tracks, regions]."""
    region = np.searchsorted(REGION_EDGES_HZ, band_centres_hz())
    gather = np.arange(len(REGION_EDGES_HZ) + 1) == region[:, None]
    level_db = 10 * np.log10(sound.band_power @ gather + _TINY)
    return level_db - np.where(sound.audible, sound.loudness_lufs, 0)[:, None]


def eq_change_db(section: Section, values: np.ndarray, sound: SongSound, weights: np.ndarray | float) -> np.ndarray:
    """By how much the equalizers change the weighted power of the tracks, [tracks]; weights [bands]."""
    coefficients = equalizer_coefficients(_SAMPLE_RATE, **section.controls(values, "eq"))
    response_db = frequency_response_db(coefficients, _SAMPLE_RATE, band_centres_hz())
    power = sound.band_power * weights
    changed = (power * 10 ** (response_db / 10)).sum(1)
    change_db: np.ndarray = 10 * np.log10((changed + _TINY) / (power.sum(1) + _TINY))
    return change_db


def _regions(section: Section) -> Sequence[int]:
    """The region in which each band of the equalizer lies when untouched; several bands may share one."""
    freq_hz = section.controls(section.defaults(), "eq")["freq_hz"]
    return np.searchsorted(REGION_EDGES_HZ, freq_hz).tolist()
