"""What the names of stems tell of their roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from diffmst.roles.lexicon import Entry, Words, lexicon, words_of
from diffmst.roles.role import FAMILIES, UNKNOWN, Role

DISSENT = 0.4
"""Share of the confidence that another role takes which is as sure of its word."""

FOLDER_SHARE = 0.8
"""A folder says less of a file than its own name."""

_FEWEST_ALIKE = 3
"""Names that begin or end alike before one takes that for the name of the song."""


class Named(NamedTuple):
    """What a name tells.

    Attributes:
        role: `UNKNOWN` where it tells none.
        confidence: how likely that is right, 0 to 1; 0 where the name tells nothing, and more than 0 for `UNKNOWN`
            where it tells that this is no part of a mix, as `Click` or `Master` do.
    """

    role: Role
    confidence: float


def named(name: str) -> Named:
    """What the name of a stem tells, its folders too where the file's own name leaves it open.

    >>> for name in ("03_Kick.In", "LdVox dbl", "Lead Gtr", "Drums/01", "Guitars/Lead", "Click"):
    ...     role, confidence = named(name)
    ...     print(role.name, round(confidence, 2))
    kick 0.97
    backing 0.94
    guitar 0.96
    drums 0.74
    guitar 0.77
     0.9
    """
    *folders, own = map(words_of, name.split("/"))
    return _told(own, folders)


def named_together(names: Sequence[str]) -> list[Named]:
    """What the names of all stems of a song tell: words that all begin or end with are those of the song.

    >>> [told.role.name for told in named_together(["Bass Boy_Kick", "Bass Boy_Vox", "Bass Boy_Gtr", "Bass Boy_01"])]
    ['kick', 'lead', 'guitar', '']
    """
    paths = [[words_of(part) for part in name.split("/")] for name in names]
    whole = [path[-1] for path in paths]
    short = _without_shared(whole)
    song_is_named = 2 * sum(_tells(words) for words in short) >= len(names)
    return [_told(words, path[:-1]) for words, path in zip(short if song_is_named else whole, paths, strict=True)]


def role_of(name: str) -> Role:
    """The role that a stem's name tells; `UNKNOWN` when it tells none.

    >>> [role_of(name).name for name in ("03_Kick.In", "LdVox dbl", "Gtr_L", "bass drum", "Track 7")]
    ['kick', 'backing', 'guitar', 'kick', '']
    """
    return named(name).role


def _told(own: Words, folders: Sequence[Words]) -> Named:
    """What the words of a file tell, or else those of its folders, the nearest first, together with them."""
    found = lexicon().found(own)
    words, share = own, 1.0
    for folder in reversed(folders):
        if any(not entry.hint for entry in found):
            break
        words, share = (*folder, *words), share * FOLDER_SHARE
        together = lexicon().found(words)
        found = together if not found or any(not entry.hint for entry in together) else found
    role, confidence = _decided(found)
    return Named(role, share * confidence)


def _decided(found: Sequence[Entry]) -> Named:
    """The role that comes first in the lexicon, less sure for every other role that speaks against it."""
    heard = [entry for entry in found if not entry.hint] or list(found)
    if not heard:
        return Named(UNKNOWN, 0.0)
    best = min(heard, key=lambda entry: entry.rank)
    confidence = best.sure
    for role, sure in {entry.role: entry.sure for entry in heard}.items():
        if not _agree(best.role, role):
            confidence *= 1 - DISSENT * sure
    return Named(best.role, confidence)


def _agree(role: Role, other: Role) -> bool:
    """Whether two roles are one, or the other is only a more general word for it."""
    return role == other or (other.name in ("drums", "lead") and FAMILIES.get(role.name) == FAMILIES.get(other.name))


def _tells(words: Words) -> bool:
    return any(not entry.hint for entry in lexicon().found(words))


def _without_shared(names: Sequence[Words]) -> list[Words]:
    """The names without their numbers in front and the words that all of them begin or end with."""
    plain = [_without_number(name) for name in names]
    if len(names) < _FEWEST_ALIKE:
        return plain
    first, last = _shared(plain), _shared([name[::-1] for name in plain])
    return [name[first : len(name) - last] for name in plain]


def _without_number(name: Words) -> Words:
    return name[1:] if len(name) > 1 and name[0].isdigit() else name


def _shared(names: Sequence[Words]) -> int:
    """How many words all names begin with."""
    count = 0
    for words in zip(*names, strict=False):
        if len(set(words)) > 1:
            break
        count += 1
    return count
