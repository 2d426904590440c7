"""Where the tracks stand between left and right."""

from __future__ import annotations

import numpy as np

from diffmst.prior import LOW_TRACK, Stem
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.song_sound import SongSound
from diffmst.random_mix.style import MixStyle

_LOW_PAN = 0.01
_FURTHEST_TURN = 0.6


def panned(style: MixStyle, sound: SongSound, dice: Dice) -> np.ndarray:
    """The pan of every track, -1 to 1, [tracks].

    Sides of a pair stand opposite; mono tracks of one role are spread evenly, about as far out as the style has it;
    what carries the low end stays in the middle, and what has an image of its own is turned by a part of that distance.
    """
    shape = (len(sound.stems),)
    jitter, first_side = dice.normal(0, 1, shape), dice.sign((len(style.pan),))
    pan = np.zeros(shape)
    for role in set(sound.roles.tolist()):
        width = min(1.0, style.pan[role])
        single = [track for track in np.flatnonzero(sound.roles == role) if _is_free(sound.stems[track])]
        pan[single] = first_side[role] * width * _spread(len(single))
        pan[single] += 0.15 * width * jitter[single]
        for track in np.flatnonzero(sound.roles == role):
            pan[track] = _bound(sound.stems[track], pan[track], width, jitter[track], style)
    return np.clip(pan, -1, 1)


def _is_free(stem: Stem) -> bool:
    return stem.channels == 1 and not stem.side and stem.low_share <= LOW_TRACK


def _bound(stem: Stem, pan: float, width: float, jitter: float, style: MixStyle) -> float:
    """The pan of a track that has no free place; that of the others is kept."""
    if stem.low_share > LOW_TRACK:
        return _LOW_PAN * jitter
    if stem.channels == 2:
        return float(np.clip(style.turned * width * jitter, -_FURTHEST_TURN, _FURTHEST_TURN))
    return stem.side * max(style.parted, width) if stem.side else pan


def _spread(count: int) -> np.ndarray:
    """Places from -1 to 1 for so many tracks, neighbours on opposite sides; a single one stands on one side.

    >>> _spread(1), _spread(4).round(2)
    (array([1.]), array([ 1.  , -1.  ,  0.33, -0.33]))
    """
    if count == 1:
        return np.ones(1)
    places = np.linspace(-1, 1, count)
    outside_in = np.argsort(-np.abs(places), kind="stable")
    return -places[outside_in]
