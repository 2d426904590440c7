"""Settings of the console for one song: drawn from a style, or at random."""

from __future__ import annotations

import numpy as np

from diffmst.layout import Layout, Section, Settings
from diffmst.prior import LOW_TRACK, MASTER_LUFS, level_control
from diffmst.random_mix.amounts import FULL, Amounts
from diffmst.random_mix.balance import levelled, power_sum_db
from diffmst.random_mix.controls import towards_default, within_ranges
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.dynamics import compressed, threshold_db
from diffmst.random_mix.place import panned
from diffmst.random_mix.song_sound import SongSound
from diffmst.random_mix.style import MasterGoals, MixStyle
from diffmst.random_mix.tone import equalized

BUS_CREST_DB = 6.0
"""Loud peaks of a balanced mix over its loudness, as the compressor of the master sees them."""

_DRY_DB = -34.0  # a send below this is switched off: nobody hears it
_WETTEST_DB = -3.0
_LOW_DRYER_DB = 8.0  # reverb of what carries the low end is mud
_TRACK_WET_DB = 1.0


def settings_in_style(
    style: MixStyle, sound: SongSound, layout: Layout, dice: Dice, amounts: Amounts = FULL
) -> Settings[np.ndarray]:
    """What an engineer who mixes in this style does to these stems.

    Args:
        style: that any number of songs may share.
        sound: of the staged stems.
        layout: the console's controls.
        dice: for what differs from track to track.
        amounts: how much of each kind of processing there is.

    Returns:
        Physical settings, batch of one. The input gain of the master is not set: it follows from the sum.
    """
    section = layout.track
    values = np.tile(section.defaults(), (len(sound.stems), 1))
    values = equalized(section, values, style, sound, dice, amounts.eq)
    values = compressed(section, values, style, sound, amounts.compression)
    section.controls(values, "panner")["pan"][:] = amounts.pan * panned(style, sound, dice)
    section.controls(values, "send")["gain_db"][:] = _sends_db(section, style, sound, dice)
    values = towards_default(section, values, "send", amounts.space)
    values = levelled(section, values, style, sound, dice, amounts.level)
    fx, master = _reverb(layout.fx, style, amounts.space), _master(layout.master, style.master, amounts.master)
    return Settings(values[None], fx, master)


def random_settings(tracks: int, layout: Layout, dice: Dice, amounts: Amounts = FULL) -> Settings[np.ndarray]:
    """Every control anywhere in its range, evenly over its positions: no engineer at all, as in published training.

    Where tracks have a fader, staging has used up their input gain, and the powers of the faders sum up to that of one
    at 0 dB, as far as they reach.

    Returns:
        Physical settings, batch of one.
    """
    track, fx, master = (
        section.from_unit(dice.uniform(0, 1, (rows, len(section))))
        for (_, section), rows in zip(layout.sections(), (tracks, 1, 1), strict=True)
    )
    for effect, amount in _TRACK_AMOUNTS.items():
        track = towards_default(layout.track, track, effect, getattr(amounts, amount))
    if level_control(layout.track) == "fader.gain_db":
        track = towards_default(layout.track, track, "input", 0.0)
        fader_db = layout.track.controls(track, "fader")["gain_db"]
        fader_db[:] -= power_sum_db(fader_db)
        track = within_ranges(layout.track, track)
    fx = towards_default(layout.fx, fx, "reverb", amounts.space)
    for name in [effect.name for effect in layout.master.effects]:
        master = towards_default(layout.master, master, name, amounts.master)
    return Settings(track[None], fx, master)


_TRACK_AMOUNTS = {
    "input": "level",
    "fader": "level",
    "eq": "eq",
    "compressor": "compression",
    "panner": "pan",
    "send": "space",
}


def _sends_db(section: Section, style: MixStyle, sound: SongSound, dice: Dice) -> np.ndarray:
    """Level of every send; a reverb at its default returns as much as goes in."""
    wet_db = style.wet_db[sound.roles] + dice.normal(0, _TRACK_WET_DB, sound.roles.shape)
    wet_db -= _LOW_DRYER_DB * np.array([stem.low_share > LOW_TRACK for stem in sound.stems])
    off_db = section.params["send.gain_db"].low
    return np.where((wet_db < _DRY_DB) | ~sound.audible, off_db, np.minimum(wet_db, _WETTEST_DB))


def _reverb(section: Section, style: MixStyle, amount: float) -> np.ndarray:
    reverb = section.controls(values := section.defaults()[None], "reverb")
    reverb["rt60_s"][:] = style.rt60_s
    reverb["gain_db"][:] += style.return_db
    return towards_default(section, within_ranges(section, values), "reverb", amount)


def _master(section: Section, goals: MasterGoals, amount: float) -> np.ndarray:
    """Tone and glue of the master bus, which the tracks reach at `MASTER_LUFS`."""
    values = section.defaults()[None]
    section.controls(values, "eq")["gain_db"][:] = goals.eq_db
    compressor = section.controls(values, "compressor")
    compressor["threshold_db"][:] = threshold_db(MASTER_LUFS + BUS_CREST_DB, goals.reduction_db, goals.ratio)
    for name in ("ratio", "attack_ms", "release_ms"):
        compressor[name][:] = getattr(goals, name)
    values = within_ranges(section, values)
    for effect in ("eq", "compressor"):
        values = towards_default(section, values, effect, amount)
    return values
