"""What becomes of every effect of the console in a format: declared per format, printed for people, and tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from diffmst.layout import LAYOUTS

Fidelity = Literal["exact", "approximate", "printed", "absent"]
"""The session computes the same; computes something near; plays audio that has it; has nothing of it."""


class Translation(NamedTuple):
    """What becomes of one effect in one format.

    Attributes:
        fidelity: how near it comes.
        by: what does it there, such as `ACE Compressor`.
        difference: what is not the same, in a sentence without a full stop; empty where it is exact.
        comes_back: whether `diffmst import` reads what the musician has done to it.
    """

    fidelity: Fidelity
    by: str
    difference: str = ""
    comes_back: bool = True


def console_effects() -> tuple[str, ...]:
    """The names of all effects that a console of any layout has: those of tracks, of the reverb, and of the master.

    >>> console_effects()
    ('input', 'eq', 'compressor', 'panner', 'fader', 'send', 'reverb', 'image')
    """
    sections = (section for layout in LAYOUTS.values() for _, section in layout.sections())
    return tuple(dict.fromkeys(effect.name for section in sections for effect in section.effects))


def check_translations(format_name: str, translations: Mapping[str, Translation]) -> None:
    """Makes sure that a format says of every effect what becomes of it, and what differs.

    Raises:
        ValueError: an effect has no translation, there is no such effect, or one that is not exact says nothing on it.
    """
    effects = console_effects()
    if missing := [effect for effect in effects if effect not in translations]:
        raise ValueError(f"format {format_name} must translate every effect of the console, lacks {', '.join(missing)}")
    if unknown := sorted(translations.keys() - set(effects)):
        raise ValueError(f"format {format_name} translates {', '.join(unknown)}, which the console does not have")
    for effect, translation in translations.items():
        if (translation.fidelity == "exact") == bool(translation.difference):
            raise ValueError(
                f"format {format_name} must say what differs in {effect} where it is not exact, only there"
            )
