"""The parts of a mix, and what mixes usually do with each."""

from typing import NamedTuple


class Role(NamedTuple):
    """A part in a mix and the habits that go with it.

    Attributes:
        name: as it stands in the mix document.
        level_lu: usual loudness, relative to the lead.
        pan_width: how far one track of this role is usually panned, one standard deviation.
    """

    name: str
    level_lu: float
    pan_width: float


# Levels are starting points, which mixes leave by some 3 LU either way: lead, kick, snare and bass in front and in the
# middle; keys, guitars and backing 6 to 8 LU behind; hats and effects 10 and more. Trained models know the roles by
# their place in this table, so new ones go to its end.
ROLES = (
    Role("kick", -2, 0.02),
    Role("snare", -3, 0.05),
    Role("hats", -11, 0.3),
    Role("percussion", -9, 0.3),
    Role("backing", -7, 0.3),
    Role("drums", -2, 0.02),
    Role("bass", -2, 0.02),
    Role("guitar", -6, 0.45),
    Role("keys", -7, 0.25),
    Role("pad", -9, 0.2),
    Role("brass", -7, 0.3),
    Role("lead", 0, 0.02),
    Role("effects", -10, 0.25),
)
UNKNOWN = Role("", -6, 0.25)
BY_NAME = {role.name: role for role in (*ROLES, UNKNOWN)}

FAMILIES = {
    **dict.fromkeys(("kick", "snare", "hats", "percussion", "drums"), "drums"),
    **dict.fromkeys(("lead", "backing"), "voice"),
}
"""Of roles that a general word stands for as well: a `Drum OH` is drums too, a `BV Vox` a voice."""
