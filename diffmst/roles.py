"""What a stem is, as far as its name tells, and what mixes usually do with such a stem."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Role(NamedTuple):
    """A part in a mix and the habits that go with it.

    Attributes:
        name: as it stands in the mix document.
        level_lu: usual loudness, relative to the lead.
        pan_width: how far one track of this role is usually panned, one standard deviation.
        words: that name such a stem, in the order of the table: the first role with a fitting word counts.
    """

    name: str
    level_lu: float
    pan_width: float
    words: str


# Levels are starting points, which mixes leave by some 3 LU either way: lead, kick, snare and bass in front and in the
# middle; keys, guitars and backing 6 to 8 LU behind; hats and effects 10 and more. Words are those of session files and
# of multitrack libraries: English, then German, French, Spanish, Italian and Portuguese. More telling ones stand first:
# a bass drum is no bass, and a lead guitar a guitar.
ROLES = (
    Role("kick", -2, 0.02, "kick kik kck kd bd bassdrum bass_drum grosse_caisse bombo grancassa bumbo"),
    Role("snare", -3, 0.05, "snare snr sn sd clap claps rim rimshot sidestick caisse_claire caja rullante caixa"),
    Role("hats", -11, 0.3, "hat hats hh hihat hihats hi_hat hi_hats charley charleston"),
    Role(
        "percussion",
        -9,
        0.3,
        "perc percs percussion tom toms floor_tom rack_tom oh ohs overhead overheads room rooms cymbal "
        "cymbals crash ride shaker tamb tambourine conga congas bongo bongos cowbell triangle cajon timbales "
        "top tops percusion percussioni",
    ),
    Role(
        "backing",
        -7,
        0.3,
        "bv bvs bgv bgvs bgvox bvox backing background harmony harmonies choir gang adlib adlibs dbl coro",
    ),
    Role("drums", -2, 0.02, "drum drums kit beat beats break breaks loop schlagzeug batterie bateria batteria"),
    Role("bass", -2, 0.02, "bass bs bx bassline subbass sub 808 basse bajo basso baixo contrabass kontrabass"),
    Role(
        "guitar",
        -6,
        0.45,
        "guitar guitars gtr gtrs git gt gtl agtr egtr acgtr acoustic banjo uke ukulele mandolin gitarre "
        "guitare guitarra chitarra violao",
    ),
    Role(
        "keys",
        -7,
        0.25,
        "piano pno keys key keyboard keyboards kbd rhodes epiano ep wurli wurlitzer clav organ hammond mallet "
        "mallets vibes marimba bells pluck plucks arp stab stabs synth synths syn minilogue klavier clavier "
        "teclado tastiera orgue orgel",
    ),
    Role(
        "pad",
        -9,
        0.2,
        "pad pads atmo atmos atmosphere texture drone ambience strings string violin violins viola cello vln vla",
    ),
    Role(
        "brass", -7, 0.3, "brass horn horns trumpet tpt trombone tbn sax saxophone flute clarinet oboe cuivres vientos"
    ),
    Role(
        "lead",
        0,
        0.02,
        "vox vocal vocals voc vocs lv ld ldv ldvox leadvox lead leads voice singer singing rap melody solo "
        "main_vox stimme gesang voix chant voz voces voce canto",
    ),
    Role(
        "effects",
        -10,
        0.25,
        "fx sfx efx effect effects riser risers sweep impact noise foley glitch effekte effets efectos",
    ),
)
UNKNOWN = Role("", -6, 0.25, "")
BY_NAME = {role.name: role for role in (*ROLES, UNKNOWN)}

_SIDES = {"l": -1, "left": -1, "lft": -1, "r": 1, "right": 1, "rgt": 1}


def role_of(name: str) -> Role:
    """The role that a stem's name tells; `UNKNOWN` when it tells none.

    >>> [role_of(name).name for name in ("03_Kick.In", "LdVox dbl", "Gtr_L", "bass drum", "Track 7")]
    ['kick', 'backing', 'guitar', 'kick', '']
    """
    words = _words(name)
    pairs = {f"{one}_{other}" for one, other in pairwise(words)}
    found = {*words, *pairs}
    return next((role for role in ROLES if found & set(role.words.split())), UNKNOWN)


def side_of(name: str) -> int:
    """-1 or 1 for one side of a pair of files, as `Guitar L`, `oh_right` or `gtr.2-R` say; else 0.

    >>> side_of("Guitar L"), side_of("OH-right"), side_of("Lead")
    (-1, 1, 0)
    """
    words = _words(name)
    return _SIDES.get(words[-1], 0) if len(words) > 1 else 0


def sides_of(names: Sequence[str]) -> list[int]:
    """For each name -1 or 1 if its other side is among the names too, else 0: a lone `Room L` is no pair.

    >>> sides_of(["Gtr L", "Gtr R", "Room L"])
    [-1, 1, 0]
    """
    named = [(_words(name)[:-1], side_of(name)) for name in names]
    return [side if side and (base, -side) in named else 0 for base, side in named]


def _words(name: str) -> list[str]:
    """Lower-case words of a name without its numbers; `LdVox2` is ld, vox."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[\W\d_]+", spaced.lower().replace("808", " sub ")) if word]
