"""Roles that whoever mixes tells, as `gtr*=guitar`: of a file, or of all that a pattern fits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from diffmst.errors import UserError
from diffmst.roles.naming import role_of
from diffmst.roles.role import BY_NAME, ROLES, UNKNOWN, Role

_UNKNOWN_WORD = "unknown"
_SUGGESTIONS = 3
_NAMES_SHOWN = 8


def parse_roles(texts: Sequence[str]) -> dict[str, str]:
    """Patterns of files and the roles of these, from texts as `03_gtr.wav=bass`.

    >>> parse_roles(["03_gtr.wav=bass", "vox*=lead"])
    {'03_gtr.wav': 'bass', 'vox*': 'lead'}

    Raises:
        UserError: a text is not of this form, or there is no such role.
    """
    roles = {}
    for text in texts:
        pattern, equals, role = text.rpartition("=")
        if not (equals and pattern and role):
            raise UserError(f"--role {text}: give a file and its role, such as --role 03_gtr.wav=bass")
        roles[pattern] = told_role(role).name
    return roles


def told_role(text: str) -> Role:
    """The role of a name; `unknown` stands for `UNKNOWN`.

    Raises:
        UserError: there is no such role; it says which there are, and which may be meant.
    """
    name = text.strip().casefold()
    if name in ("", _UNKNOWN_WORD):
        return UNKNOWN
    if name in BY_NAME:
        return BY_NAME[name]
    meant = get_close_matches(name, BY_NAME, 1) or ([role_of(name).name] if role_of(name).name else [])
    guess = f", did you mean {meant[0]}?" if meant else ";"
    names = ", ".join(role.name for role in ROLES)
    raise UserError(f"there is no role {text!r}{guess} there are {names} and {_UNKNOWN_WORD}")


def told_roles(told: Mapping[str, str], stems: Sequence[tuple[str, Path]]) -> dict[int, Role]:
    """The roles that are told of some of the stems, by their places; what is told later counts.

    Args:
        told: role by file: its path, its name with or without the ending, the name that is shown, or a pattern of one.
        stems: the name that is shown, and the path of each.

    Raises:
        UserError: what is told fits no stem, or there is no such role.
    """
    roles: dict[int, Role] = {}
    for pattern, name in told.items():
        role, places = told_role(name), _fitting(pattern, stems)
        if not places:
            raise UserError(f"--role {pattern}={name}: {_no_such_stem(pattern, stems)}")
        roles |= dict.fromkeys(places, role)
    return roles


def _fitting(pattern: str, stems: Sequence[tuple[str, Path]]) -> list[int]:
    """Places of the stems called so; if none is, of those that the pattern fits, whatever the case of letters."""
    exact = [place for place, stem in enumerate(stems) if pattern in _called(*stem)]
    folded = pattern.casefold()
    return exact or [
        place
        for place, stem in enumerate(stems)
        if any(fnmatchcase(name.casefold(), folded) for name in _called(*stem))
    ]


def _called(name: str, path: Path) -> tuple[str, ...]:
    """All that a stem may be called by."""
    return name, path.name, path.stem, str(path), path.as_posix(), os.path.normpath(path.absolute())


def _no_such_stem(pattern: str, stems: Sequence[tuple[str, Path]]) -> str:
    names = [path.name for _, path in stems]
    folded = {name.casefold(): name for name in names}
    near = [folded[name] for name in get_close_matches(Path(pattern).name.casefold(), folded, _SUGGESTIONS, 0.6)]
    if near:
        return f"no stem is called so; did you mean {' or '.join(near)}?"
    more = ", ..." if len(names) > _NAMES_SHOWN else ""
    return f"no stem is called so; there are {', '.join(names[:_NAMES_SHOWN])}{more}"
