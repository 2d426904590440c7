"""What is wrong with data: by song, to look after it; and counted, to know of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_NAMED = 3


class Remark(NamedTuple):
    """Something the user should know.

    Attributes:
        dataset: name of the data set.
        song: name of the song.
        what: is the matter, in words that are the same for all songs and files of which it is.
        file: that it is about; empty where it is the song.
    """

    dataset: str
    song: str
    what: str
    file: str = ""


def counted(remarks: Sequence[Remark]) -> tuple[str, ...]:
    """One note for each thing that is the matter, with how often and where.

    >>> counted([Remark("stems", song, "silent, left out", f"{song}/pad.wav") for song in "abcd"])
    ('silent, left out (4): a/pad.wav, b/pad.wav, c/pad.wav, ...',)
    """
    notes = []
    for what, count in Counter(remark.what for remark in remarks).items():
        places = [remark.file or remark.song for remark in remarks if remark.what == what]
        notes.append(f"{what} ({count}): {some(places)}")
    return tuple(notes)


def some(names: Sequence[str]) -> str:
    """The first few of some names.

    >>> some("abc"), some("abcd")
    ('a, b, c', 'a, b, c, ...')
    """
    return f"{', '.join(names[:_NAMED])}{', ...' if len(names) > _NAMED else ''}"
