"""The role of each track of a song, how it is known, and how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from diffmst.roles.naming import Named, named_together
from diffmst.roles.role import BY_NAME, FAMILIES, ROLES, UNKNOWN, Role

Source = Literal["name", "ear", "user", "sidecar", ""]
"""What tells a role: the file's name, its sound, whoever mixes, or the `song.json` beside it; empty for nothing."""

WITHIN_FAMILY = 0.5
"""Share of the doubt about a name that goes to the other roles of its family: a snare is rather a hat than a flute."""

LEAST = 0.35
"""Less probable than this, a role is not named."""


@dataclass(frozen=True)
class TrackRole:
    """The role of a track.

    Attributes:
        role: the most probable one; `UNKNOWN` where none is likely.
        source: what tells it.
        confidence: how likely it is right, 0 to 1.
        probabilities: of all roles by name that it could be, "" for unknown; they sum to 1.
        written: the role by ear that a document of its mix says, "" for none: where it is not heard again, whoever
            mixes has written it there.
    """

    role: Role = UNKNOWN
    source: Source = ""
    confidence: float = 0.0
    probabilities: Mapping[str, float] = field(default_factory=lambda: {UNKNOWN.name: 1.0})
    written: str = ""


def known_role(role: Role, source: Source) -> TrackRole:
    """A role that somebody has told, which nothing else changes; one that is told to be unknown is left to the ear."""
    return TrackRole(role, source, 1.0 if role.name else 0.0, {role.name: 1.0})


def roles_by_name(names: Sequence[str]) -> list[TrackRole]:
    """The roles of all tracks of a song by their names.

    Args:
        names: folders before them, with slashes.
    """
    return [_of_name(named) for named in named_together(names)]


def roles_heard(roles: Sequence[TrackRole], by_ear: Sequence[Mapping[str, float] | None]) -> list[TrackRole]:
    """The roles by name made surer, or other ones, by what is heard; those that somebody has told stay.

    Args:
        roles: as names, sidecars and users tell them.
        by_ear: for every track the probability of each role, or None where nothing is heard.
    """
    heard = [_heard(role, ear) if ear else role for role, ear in zip(roles, by_ear, strict=True)]
    return [
        found if role.written in ("", found.role.name) else known_role(BY_NAME[role.written], "user")
        for role, found in zip(roles, heard, strict=True)
    ]


def combined(named: Named, by_ear: Mapping[str, float] | None) -> dict[str, float]:
    r"""Probability of each role by name, of what its name tells and what is heard.

    Bayes, with the name as the prior: p(role | name, sound) ~ p(role | name) p(sound | role). What an ear gives that is
    trained on as many stems of each role is p(sound | role) up to a factor. A name of confidence c gives its role c and
    leaves 1 - c to the others, `WITHIN_FAMILY` of it to those of its family. A name that tells nothing leaves all to
    the ear; one of no part of a mix, as `Click`, stands for a sound that all roles are as likely to have.

    Args:
        named: what the name tells.
        by_ear: probability of every role by name; None where nothing is heard.

    Returns:
        The probabilities, which sum to 1; "" stands for unknown, which nothing is when it is heard.

    >>> kick = Named(BY_NAME["kick"], 0.9)
    >>> combined(kick, None)
    {'kick': 0.9, '': 0.09999999999999998}
    >>> heard = combined(kick, {"kick": 0.2, "bass": 0.8})
    >>> [round(heard[role], 2) for role in ("kick", "bass")]
    [0.98, 0.02]
    """
    if by_ear is None:
        return {named.role.name: named.confidence, UNKNOWN.name: 1 - named.confidence} if named.role.name else {"": 1.0}
    prior = _prior(named)
    even = 1 / len(ROLES)
    likelihood = {**{role.name: by_ear.get(role.name, 0.0) for role in ROLES}, UNKNOWN.name: even}
    product = {name: prior[name] * likelihood[name] for name in prior}
    total = sum(product.values())
    return {name: share / total for name, share in product.items()} if total else prior


def _prior(named: Named) -> dict[str, float]:
    """Probability of each role, of the name alone, unknown where the name says that it is none."""
    doubt = 1 - named.confidence
    others = [role.name for role in ROLES if role != named.role]
    kin = [name for name in others if FAMILIES.get(name, "-") == FAMILIES.get(named.role.name)]
    to_kin = WITHIN_FAMILY * doubt / len(kin) if kin else 0.0
    to_each = (doubt - to_kin * len(kin)) / len(others)
    prior = {name: to_each + to_kin * (name in kin) for name in others}
    return {named.role.name: named.confidence, **prior}


def _of_name(named: Named) -> TrackRole:
    if not named.role.name:
        return TrackRole(confidence=named.confidence)
    return TrackRole(named.role, "name", named.confidence, combined(named, None))


def _heard(role: TrackRole, by_ear: Mapping[str, float]) -> TrackRole:
    told = role.source in ("user", "sidecar")
    if told and role.role.name:
        return role
    probabilities = combined(Named(role.role, role.confidence), by_ear)
    name = max(probabilities, key=lambda name: probabilities[name])
    if not name or probabilities[name] < LEAST:
        return TrackRole(UNKNOWN, role.source if told else "", probabilities.get("", 0.0), probabilities)
    source: Source = "name" if role.source == "name" and name == role.role.name else "ear"
    return TrackRole(BY_NAME[name], source, probabilities[name], probabilities)
