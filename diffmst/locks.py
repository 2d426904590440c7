"""Locks: which controls of a section stay as they are, named the way people name them."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

import numpy as np

from diffmst.layout import Section


def matching_controls(section: Section, pattern: str) -> list[str]:
    """The controls that a pattern names, in column order.

    A pattern is a dotted name with or without wildcards (`fader.gain_db`, `eq.*.q`, `*`), an effect (`eq`) or a band
    of it (`eq.low_shelf`), or a part of a name that only one effect has, with or without its unit (`pan`, `threshold`).

    >>> from diffmst.layout import DEFAULT
    >>> matching_controls(DEFAULT.track, "fader"), matching_controls(DEFAULT.track, "threshold")
    (['fader.gain_db'], ['compressor.threshold_db'])

    Raises:
        ValueError: it names no control, or a part of the names of several effects.
    """
    names, pattern = list(section.params), pattern.lower()
    for fits in (_named_by, _below):
        if found := [name for name in names if fits(name, pattern)]:
            return found
    found = [name for name in names if _has_part(name, pattern)]
    effects = list(dict.fromkeys(name.partition(".")[0] for name in found))
    if len(effects) > 1:
        raise ValueError(f"{pattern!r} may mean {_listed([f'{effect}.*{pattern}*' for effect in effects], 'or')}")
    if not found:
        known = _listed([effect.name for effect in section.effects], "and")
        raise ValueError(f"{pattern!r} fits no control; there are {known}, and `diffmst effects` lists all they have")
    return found


def locked_columns(section: Section, patterns: Iterable[str]) -> np.ndarray:
    """Which controls of a section are locked by any of the patterns, bool [controls].

    Raises:
        ValueError: as `matching_controls`.
    """
    locked = {name for pattern in patterns for name in matching_controls(section, pattern)}
    return np.array([name in locked for name in section.params])


def patterns_of(section: Section, names: Collection[str]) -> tuple[str, ...]:
    """The shortest patterns that name just these controls: whole effects where they are whole, `*` for everything.

    >>> from diffmst.layout import DEFAULT
    >>> patterns_of(DEFAULT.track, {"fader.gain_db", "send.gain_db", "compressor.ratio"})
    ('compressor.ratio', 'fader.gain_db', 'send.gain_db')
    """
    if set(names) >= section.params.keys():
        return ("*",)
    patterns: list[str] = []
    for effect in section.effects:
        controls = [f"{effect.name}.{param.name}" for param in effect.params]
        locked = [name for name in controls if name in names]
        patterns += [f"{effect.name}.*"] if len(locked) == len(controls) > 1 else locked
    return tuple(patterns)


def _named_by(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern)


def _below(name: str, pattern: str) -> bool:
    return name.startswith(f"{pattern}.")


def _has_part(name: str, pattern: str) -> bool:
    """Whether one of the parts between the dots is the pattern, its unit aside."""
    return bool(pattern) and any(pattern in (part, part.rpartition("_")[0]) for part in name.split("."))


def _listed(texts: list[str], word: str) -> str:
    *first, last = texts
    return f"{', '.join(first)} {word} {last}" if first else last
