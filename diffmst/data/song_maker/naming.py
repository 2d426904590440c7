"""File names of stems, by the habits of whoever saved them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diffmst.data.song_maker.takes import Take

SEPARATORS = (" ", "_", "-", ".", "")
TITLES = ("Song", "Demo", "Track", "Mix", "Untitled", "Take", "Session", "Idea")
NAMELESS = 0.03
"""Share of the songs whose stems say nothing but their number."""


@dataclass(frozen=True)
class Convention:
    """How somebody names files.

    Attributes:
        separator: between words.
        case: of letters: `as is`, `upper` or `lower`.
        numbered: number before the name, and how many digits it has; 0 for none.
        prefix: before everything, as the name of the song.
        suffix: after everything, as a take or a rate.
        sides: what the two sides of a pair are called.
        nameless: whether files have numbers only.
    """

    separator: str
    case: str
    numbered: int
    prefix: str
    suffix: str
    sides: tuple[str, str]
    nameless: bool = False


def draw_convention(rng: np.random.Generator) -> Convention:
    """A convention as people have."""
    title = f"{rng.choice(TITLES)}{int(rng.integers(1, 99))}"
    return Convention(
        separator=str(rng.choice(SEPARATORS, p=[0.4, 0.3, 0.12, 0.08, 0.1])),
        case=str(rng.choice(["as is", "upper", "lower"], p=[0.6, 0.15, 0.25])),
        numbered=int(rng.choice([0, 1, 2, 3], p=[0.4, 0.05, 0.5, 0.05])),
        prefix=title if rng.random() < 0.15 else "",
        suffix=str(rng.choice(["", "01", "dry", "bip", "48k", "v2"], p=[0.75, 0.05, 0.05, 0.05, 0.05, 0.05])),
        sides=[("L", "R"), ("Left", "Right"), ("l", "r")][int(rng.integers(3))],
        nameless=bool(rng.random() < NAMELESS),
    )


def name_takes(takes: Sequence[Take], convention: Convention, rng: np.random.Generator) -> list[str]:
    """Names for takes, no two alike: the takes of a group share their word.

    The words of a kind and role are drawn once per song, so that its three tom microphones are called alike.
    """
    words: dict[tuple[str, str], str] = {}
    for take in takes:
        words.setdefault((take.kind, take.role), str(rng.choice(take.names)))
    plain = [[*_words(words[take.kind, take.role], convention), *_side(take, convention)] for take in takes]
    seen: Counter[tuple[str, ...]] = Counter(tuple(name) for name in plain)
    turn: Counter[tuple[str, ...]] = Counter()
    names = []
    for number, name in enumerate(plain, 1):
        key = tuple(name)
        turn[key] += 1
        numbered = [*name, str(turn[key])] if seen[key] > 1 else name
        names.append(_written(numbered, number, convention))
    return names


def _words(name: str, convention: Convention) -> list[str]:
    return [f"Track{convention.separator and ' '}"] if convention.nameless else re.split(r"[ -]", name)


def _side(take: Take, convention: Convention) -> list[str]:
    if take.side in ("L", "R"):
        return [convention.sides["LR".index(take.side)]]
    return [take.side] if take.side else []


def _written(words: Sequence[str], number: int, convention: Convention) -> str:
    separator = convention.separator
    # Without a separator words are told apart by their capitals, so a side or a number stands alone after a blank.
    body = separator.join(words) if separator else "".join(word[:1].upper() + word[1:] for word in words[:])
    if convention.nameless:
        return f"Track {number:02d}"
    parts = [convention.prefix, f"{number:0{convention.numbered}d}" if convention.numbered else "", body,
             convention.suffix]  # fmt: skip
    text = (separator or "_").join(part for part in parts if part)
    return {"upper": text.upper(), "lower": text.lower()}.get(convention.case, text)
