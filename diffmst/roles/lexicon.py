"""The words that people name stems by, read from `lexicon.toml`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from diffmst.roles.role import BY_NAME, Role

Words = tuple[str, ...]

_SHORT = 2
"""Letters of the shortest word that may stand in a joined one."""
_TELLING = 3
"""Letters of the shortest word that may stand beside another one that tells something."""
# A German grand piano is no flugelhorn, as ü is ue; the others have no accent that could be taken off.
_PLAIN_LETTERS = str.maketrans({"ü": "ue", "ł": "l", "ø": "o", "đ": "d", "ı": "i", "œ": "oe", "æ": "ae"})
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Entry(NamedTuple):
    """What a word or phrase says.

    Attributes:
        role: of a stem of this name.
        sure: how often that is right.
        hint: whether it counts only where nothing else tells.
        rank: place of its block; of several the lowest counts.
    """

    role: Role
    sure: float
    hint: bool
    rank: int


class Lexicon(NamedTuple):
    """All entries.

    Attributes:
        entries: by the words of the phrase.
        lists: words by what they tell beside the role; `joints` are those that are written together with others.
        longest: words in the longest phrase.
    """

    entries: dict[Words, Entry]
    lists: dict[str, frozenset[str]]
    longest: int

    def found(self, words: Sequence[str]) -> list[Entry]:
        """What the words of a name say, in their order; where phrases overlap, the longer one that begins first."""
        entries: list[Entry] = []
        place = 0
        while place < len(words):
            length, entry = self._phrase_at(words, place)
            if entry:
                entries.append(entry)
            else:
                entries += self._joined(words[place])
            place += length
        return entries

    def spelled(self, words: Sequence[str]) -> Words:
        """The words, those that are written together taken apart: `snaretop` is snare, top."""
        return tuple(part for word in words for part in self._apart(word))

    def _apart(self, word: str) -> Words:
        return (word,) if (word,) in self.entries or word in self.lists["joints"] else self._parts(word) or (word,)

    def _phrase_at(self, words: Sequence[str], place: int) -> tuple[int, Entry | None]:
        for length in range(min(self.longest, len(words) - place), 0, -1):
            entry = self.entries.get(tuple(words[place : place + length]))
            if entry:
                return length, entry
        return 1, None

    def _joined(self, word: str) -> list[Entry]:
        """What the parts of a word say that is several written together; nothing if some part is unknown."""
        if _NO_SPACES.search(word):
            return list(self._scanned(word))
        parts = self._parts(word)
        return self.found(parts) if len(parts) > 1 else []

    def _scanned(self, text: str) -> Iterator[Entry]:
        """The known words in a text of a script that knows no spaces, the longest at each place."""
        place = 0
        while place < len(text):
            for end in range(len(text), place, -1):
                entry = self.entries.get((text[place:end],))
                if entry:
                    yield entry
                    place = end
                    break
            else:
                place += 1

    def _parts(self, word: str) -> Words:
        """The fewest known words that a word is made of: at least one that tells a role, of three letters or alone."""
        best: list[Words | None] = [(), *([None] * len(word))]
        for end in range(1, len(word) + 1):
            for start in range(end):
                before, part = best[start], word[start:end]
                if before is None or not self._may_join(part, first=not start, last=end == len(word)):
                    continue
                found, shortest = (*before, part), best[end]
                if shortest is None or len(found) < len(shortest):
                    best[end] = found
        parts = best[-1] or ()
        telling = [part for part in parts if (part,) in self.entries]
        return parts if len(telling) == 1 or any(len(part) >= _TELLING for part in telling) else ()

    def _may_join(self, part: str, *, first: bool, last: bool) -> bool:
        if part in self.lists["joints"]:
            return len(part) > _TELLING or (not first and (last or len(part) >= _SHORT))
        return len(part) >= _SHORT and (part,) in self.entries


@cache
def lexicon() -> Lexicon:
    """The lexicon of the package.

    Raises:
        ValueError: a word stands in two blocks.
    """
    table = tomllib.loads(resources.files("diffmst.roles").joinpath("lexicon.toml").read_text(encoding="utf-8"))
    entries: dict[Words, Entry] = {}
    for rank, block in enumerate(table["block"]):
        entry = Entry(BY_NAME[block["role"]], block["sure"], block.get("hint", False), rank)
        lines = " ".join(text for key, text in block.items() if key not in ("role", "sure", "hint"))
        for phrase in map(words_of, lines.split()):
            if entries.setdefault(phrase, entry) is not entry:
                raise ValueError(f"a word must stand in one block, {'_'.join(phrase)!r} stands in two")
    lists = {name: frozenset(words.split()) for name, words in table["lists"].items()}
    return Lexicon(entries, lists, max(map(len, entries)))


def words_of(name: str) -> Words:
    """Words and numbers of a name, in small letters without accents; capitals within a word begin another.

    >>> words_of("03_LdVox2.Dbl"), words_of("Trémolo_Gtr")
    (('03', 'ld', 'vox', '2', 'dbl'), ('tremolo', 'gtr'))
    """
    spaced = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    return tuple(re.findall(r"\d+|[^\W\d_]+", _without_accents(spaced.casefold())))


def _without_accents(text: str) -> str:
    """Without the marks of Latin and Cyrillic letters; those of kana tell sounds apart and stay."""
    apart = unicodedata.normalize("NFD", text.translate(_PLAIN_LETTERS))
    return unicodedata.normalize("NFC", "".join(c for c in apart if not "\u0300" <= c <= "\u036f"))
