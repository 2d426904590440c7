"""A list of songs with a reference for each, and where in them to listen."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from diffmst.data.song import song_title
from diffmst.errors import UserError

_NEEDED, _STARTS = ("stems", "reference"), ("stems_at_s", "reference_at_s")


@dataclass(frozen=True)
class ListedSong:
    """One section of a song, and one of its reference.

    Attributes:
        song: named after the folder of the stems; the same for all sections of it.
        stems: a folder of them.
        reference: a finished song.
        stems_at_s: where the section of the stems begins; chosen if None.
        reference_at_s: where the section of the reference begins; chosen if None.
    """

    song: str
    stems: Path
    reference: Path
    stems_at_s: float | None = None
    reference_at_s: float | None = None


def read_song_list(path: Path) -> list[ListedSong]:
    """Songs from a CSV file with the columns `stems` and `reference`, and `stems_at_s` and `reference_at_s` if wanted.

    Paths in it are relative to it. A song may have several lines, one for each section. The sections of the paper's
    songs, a verse and a chorus each, begin at:

        stems,reference,stems_at_s,reference_at_s
        Ben Flowers - Ecstasy,Washed Out - Feel It All Around.wav,27,22
        Ben Flowers - Ecstasy,Washed Out - Feel It All Around.wav,54,4.5
        Kat Wright - By My Side,The Dip - Paddle To The Stars.wav,26,15
        Kat Wright - By My Side,The Dip - Paddle To The Stars.wav,162,46
        Titanium - Haunted Age,Architects - Doomsday.wav,38,105
        Titanium - Haunted Age,Architects - Doomsday.wav,78,149

    Raises:
        UserError: the file cannot be read, lacks a column, has another, or a line that says too little, or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error.__class__.__name__})") from None
    reader = csv.DictReader(io.StringIO(text), restkey="more", restval="")
    columns = reader.fieldnames or ()
    if not set(_NEEDED) <= set(columns) <= {*_NEEDED, *_STARTS}:
        raise UserError(f"{path}: needs the columns {','.join(_NEEDED)}, and may have {','.join(_STARTS)} besides")
    songs = [_song(path, reader.line_num, row) for row in reader]
    if not songs:
        raise UserError(f"{path}: has no songs; add a line with a folder of stems and a reference")
    return songs


def _song(path: Path, line: int, row: Mapping[str, str]) -> ListedSong:
    if "more" in row or not all(row[name].strip() for name in _NEEDED):
        raise UserError(f"{path}: line {line}: must have {' and '.join(_NEEDED)}, and no more values than columns")
    stems, reference = (path.parent / row[name].strip() for name in _NEEDED)
    starts = (_start(path, line, name, row.get(name, "").strip()) for name in _STARTS)
    return ListedSong(song_title(stems), stems, reference, *starts)


def _start(path: Path, line: int, name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        start_s = float(text)
    except ValueError:
        start_s = float("nan")
    if not isfinite(start_s) or start_s < 0:
        raise UserError(f"{path}: line {line}: {name} must be a number of seconds from 0, got {text!r}")
    return start_s
