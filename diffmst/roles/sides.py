"""The two sides of a pair of files, by their names."""

from __future__ import annotations

from collections.abc import Sequence

from diffmst.roles.lexicon import Words, lexicon, words_of

_LEFT = "l left lft links gauche izq izquierda izquierdo sx sinistra sin esq esquerda lewa lewy lewo"
_RIGHT = "r right rgt rechts droite der derecha derecho dx destra dir direita prawa prawy prawo"
_SIDES = {**dict.fromkeys(_LEFT.split(), -1), **dict.fromkeys(_RIGHT.split(), 1)}


def side_of(name: str) -> int:
    """-1 or 1 for one side of a pair of files, as `Guitar L`, `oh_right_c414` or `gtr.2-R` say; else 0.

    >>> side_of("Guitar L"), side_of("OH-right"), side_of("Lead")
    (-1, 1, 0)
    """
    return _split(name)[1]


def sides_of(names: Sequence[str]) -> list[int]:
    """For each name -1 or 1 if its other side is among the names too, else 0: a lone `Room L` is no pair.

    >>> sides_of(["Gtr L", "Gtr R", "Room L"])
    [-1, 1, 0]
    """
    sides = [0] * len(names)
    for left, right in pairs_of(names):
        sides[left], sides[right] = -1, 1
    return sides


def pairs_of(names: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the left and the right file of every pair, by names that differ in the side only.

    A number in front, that counts the files, does not count; others do, unless the pair cannot be told otherwise.

    >>> pairs_of(["01_OH_R", "02_OH_L", "Gtr 1 L", "Gtr 1 R", "Gtr 2 L", "Gtr 2 R"])
    [(1, 0), (2, 3), (4, 5)]
    """
    bases, sides = zip(*map(_split, names), strict=True) if names else ((), ())
    folders = [name.rpartition("/")[0] for name in names]
    pairs: list[tuple[int, int]] = []
    for base_of in (tuple, _without_numbers):
        alike: dict[tuple[str, Words], list[int]] = {}
        for place, side in enumerate(sides):
            if side and not any(place in pair for pair in pairs):
                alike.setdefault((folders[place], base_of(bases[place])), []).append(place)
        for places in alike.values():
            if sorted(sides[place] for place in places) == [-1, 1]:
                left, right = sorted(places, key=lambda place: sides[place])
                pairs.append((left, right))
    return sorted(pairs)


def split_side(words: Words) -> tuple[Words, int]:
    """The words of a name without the last one that names a side, and that side, if it is not the first word.

    >>> split_side(("ohs", "left", "2")), split_side(("l", "vox"))
    ((('ohs', '2'), -1), (('l', 'vox'), 0))
    """
    for place in range(len(words) - 1, 0, -1):
        if words[place] in _SIDES:
            return (*words[:place], *words[place + 1 :]), _SIDES[words[place]]
    return words, 0


def own_words(name: str) -> Words:
    """The words of the name of a file, those that are written together taken apart, without the number in front."""
    words = lexicon().spelled(words_of(name.rpartition("/")[2]))
    return words[1:] if len(words) > 1 and words[0].isdigit() else words


def _split(name: str) -> tuple[Words, int]:
    return split_side(own_words(name))


def _without_numbers(words: Words) -> Words:
    return tuple(word for word in words if not word.isdigit())
