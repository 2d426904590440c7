"""Names that every DAW and every file system takes, and keys that tell a track again."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from diffmst.outputs import file_name

LONGEST_NAME = 100
"""Characters of a name that is shown; DAWs cut longer ones as each likes."""

MASTER_NAME, BUS_NAME, RETURN_NAME = "Master", "Reverb", "Reverb return"
"""What sessions have besides the tracks: the master, the bus that sends go to, and the track that plays its return."""

RESERVED_NAMES = (MASTER_NAME, BUS_NAME, RETURN_NAME)
"""No track of a mix is called so."""

_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")  # they turn what follows around, and are not seen
_LONGEST_TITLE_BYTES = 80  # it may stand in a path more than once
_ELLIPSIS = "…"


def session_title(title: str) -> str:
    """The title of a song as the name of a session, and of its file on every system.

    >>> session_title("AC/DC: Live?"), session_title("...")
    ('AC_DC_ Live_', 'mix')
    """
    return file_name(plain_name(title), _LONGEST_TITLE_BYTES) or "mix"


def plain_name(name: str) -> str:
    r"""A name without what no program can show or hold: one line of composed characters, not too long.

    >>> plain_name(" Drum\x00s\n(live) ")
    'Drum s (live)'
    """
    name = _DIRECTIONS.sub("", name)
    text = "".join(char if unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn") else " " for char in name)
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).lstrip(". ").rstrip()
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + _ELLIPSIS


def shown_names(names: Iterable[str], taken: Iterable[str] = RESERVED_NAMES) -> list[str]:
    r"""Names as tracks of a session may have them: one line each, and none twice, in other letter case neither.

    Args:
        names: as people or files have them.
        taken: names that others have.

    >>> shown_names(["Kick", "kick", " .a\n b", "", "master"])
    ['Kick', 'kick 2', 'a b', 'Track', 'master 2']
    """
    used = {name.casefold() for name in taken}
    found = []
    for name in names:
        wanted = plain_name(name) or "Track"
        found.append(_unused(wanted, used))
        used.add(found[-1].casefold())
    return found


def audio_names(names: Sequence[str]) -> list[str]:
    """Names of WAV files, numbered, so that they stand in the order of the tracks and none is there twice.

    >>> audio_names(["Kick", "AC/DC", "03 Bass"])
    ['01 Kick.wav', '02 AC_DC.wav', '03 Bass.wav']
    """
    digits = max(2, len(str(len(names))))
    numbers = (f"{number:0{digits}d} " for number in range(1, len(names) + 1))
    return [file_name(number + name.removeprefix(number)) + ".wav" for number, name in zip(numbers, names, strict=True)]


def track_keys(paths: Sequence[str]) -> list[str]:
    """What tells tracks again by: as much of the end of the path of each stem as no other has, percent-encoded.

    A document that moves refers to its stems by other paths, which end alike.

    >>> track_keys(["../stems/Kick.wav", "../a/Vox 1.wav", "../b/Vox 1.wav"])
    ['Kick.wav', 'a/Vox%201.wav', 'b/Vox%201.wav']
    """
    parts = [PurePosixPath(path).parts for path in paths]
    lengths = [1] * len(parts)
    while True:
        ends = ["/".join(one[-length:]) for one, length in zip(parts, lengths, strict=True)]
        counts = Counter(ends)
        longer = [
            length + (counts[end] > 1 and length < len(one))
            for one, end, length in zip(parts, ends, lengths, strict=True)
        ]
        if longer == lengths:
            return _numbered([_encoded(end) for end in ends])
        lengths = longer


def _encoded(path: str) -> str:
    """A path in percent-encoding; its tildes too, as those are left to `_numbered`."""
    return quote(path.encode(errors="surrogateescape"), safe="/").replace("~", "%7E")


def _unused(name: str, used: set[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in used:
        number += 1
        ending = f" {number}"
        candidate = name[: LONGEST_NAME - len(ending)].rstrip() + ending
    return candidate


def _numbered(keys: Sequence[str]) -> list[str]:
    """Keys of which the second and all later of equal ones have a number: one stem may play on several tracks."""
    seen: Counter[str] = Counter()
    numbered = []
    for key in keys:
        seen[key] += 1
        numbered.append(key if seen[key] == 1 else f"{key}~{seen[key]}")
    return numbered
