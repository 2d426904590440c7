"""What engineers usually do with a stem of each role: one row each.

Where the figures come from:

- Balance (levels are in `roles`): Gerdes and Siedenburg, "Lead-vocal level in recordings of popular music 1946-2020",
  JASA Express Letters 3, 2023, find the lead 1 dB above all the rest in charts since 1975, above in country and rap,
  level in rock, below in metal; so leads lie some 3 LU under the mix, and genres some 3 LU apart.
- Panning, compression and where reverb goes: rules of the handbooks, such as De Man and Reiss collect ("A semantic
  approach to autonomous mixing", Journal on the Art of Record Production 8, 2013): low and lead tracks in the middle,
  doubles and hats out of it, compression on voices and bass first, no reverb on what is low.
- Compressor ratios of 2 to 5, attacks of 1 to 50 ms, 2 to 6 dB of reduction: presets and manuals of makers.
- Tone and peaks of stems: medians over 118 stems, five electronic songs with sung voices and six synthetic ones in
  three styles, rounded, and where these are too few (brass, voices) moved towards what such instruments sound like.
"""

from typing import NamedTuple

import numpy as np

from diffmst.models.scene import ROLE_NAMES
from diffmst.roles import BY_NAME

REGION_EDGES_HZ = (120, 300, 900, 2800, 6500)
"""Between the six regions of tone, one for each band of the equalizer."""


LEAD_LU = 4.5
"""By which a lead stands out from what `roles` says: half of the mixes have it louder than all the rest together."""


class Habit(NamedTuple):
    """What usually becomes of the stems of one role.

    Attributes:
        family: roles that a style brings forward or back together.
        tone_db: power in the six regions, relative to the loudness; what equalizers work towards.
        likeness: how alike the stems of the role are, 0 to 1: share of the correction that makes sense.
        crest_db: loud peaks over the mean square; what compressors work towards.
        reduction_db: by which a compressor turns loud peaks down.
        ratio: of the compressor.
        attack_ms: of the compressor.
        release_ms: of the compressor.
        pan: distance from the middle.
        wet_db: reverb, relative to that of a lead.
    """

    family: str
    tone_db: tuple[float, float, float, float, float, float]
    likeness: float
    crest_db: float
    reduction_db: float
    ratio: float
    attack_ms: float
    release_ms: float
    pan: float
    wet_db: float


HABITS = {
    "kick": Habit("drums", (4, -7, -15, -22, -26, -28), 0.9, 8.5, 3.0, 4.0, 15, 90, 0.0, -14),
    "snare": Habit("drums", (-16, -6, -9, -13, -10, -9), 1, 13.5, 3.5, 4.0, 8, 120, 0.04, 0),
    "hats": Habit("drums", (-40, -34, -30, -20, -8, -5), 0.8, 17, 1.0, 2.5, 5, 80, 0.35, -6),
    "percussion": Habit("drums", (-22, -14, -10, -10, -9, -10), 0.3, 13.5, 2.0, 3.0, 12, 120, 0.5, -3),
    "drums": Habit("drums", (-4, -7, -8, -10, -12, -13), 0.7, 12.5, 3.5, 3.0, 20, 150, 0.0, -8),
    "bass": Habit("bass", (3, -6, -12, -20, -32, -42), 0.9, 7, 5.0, 4.0, 20, 200, 0.0, -16),
    "guitar": Habit("harmony", (-20, -8, -5, -5, -11, -24), 0.8, 11.5, 2.5, 2.5, 20, 180, 0.7, -2),
    "keys": Habit("harmony", (-26, -10, -3, -7, -17, -25), 0.5, 10, 2.0, 2.5, 15, 180, 0.5, -1),
    "pad": Habit("harmony", (-30, -8, -3, -8, -20, -30), 0.5, 8, 1.0, 2.0, 30, 300, 0.4, 2),
    "brass": Habit("harmony", (-35, -10, -4, -5, -12, -20), 0.7, 10, 2.5, 2.5, 15, 180, 0.5, 1),
    "lead": Habit("voice", (-40, -14, -4, -4, -12, -17), 1.0, 10, 5.0, 3.5, 6, 120, 0.0, 0),
    "backing": Habit("voice", (-42, -18, -5, -4, -13, -18), 0.9, 10, 4.5, 3.5, 8, 140, 0.6, 2),
    "effects": Habit("effects", (-16, -16, -12, -10, -9, -9), 0.25, 12, 1.0, 2.0, 15, 200, 0.5, 3),
    "": Habit("effects", (-18, -10, -6, -7, -13, -18), 0.3, 11, 2.0, 2.5, 15, 160, 0.25, -2),
}

FAMILIES = tuple(dict.fromkeys(habit.family for habit in HABITS.values()))


def of_roles(control: str) -> np.ndarray:
    """One column of the table, by the order of `ROLE_NAMES`, [roles] or [roles, regions].

    >>> of_roles("pan")[:3]
    array([0.  , 0.04, 0.35])
    """
    return np.array([getattr(HABITS[name], control) for name in ROLE_NAMES])


def families() -> np.ndarray:
    """The family of each role, as its place in `FAMILIES`, [roles]."""
    return np.array([FAMILIES.index(HABITS[name].family) for name in ROLE_NAMES])


def usual_level_lu() -> np.ndarray:
    """Usual loudness of each role, relative to what the table of roles calls the lead's, [roles]."""
    return np.array([BY_NAME[name].level_lu + LEAD_LU * (name == "lead") for name in ROLE_NAMES])
