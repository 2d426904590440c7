"""Discovery: the stems among files and folders, in the order and by the names a person would give them."""

from __future__ import annotations

import logging
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffmst.errors import UserError

# What is taken from a folder. A file named by itself is always tried, whatever it is called.
AUDIO_EXTENSIONS = (
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".flac", ".caf", ".au", ".snd"),
    *(".ogg", ".oga", ".opus", ".mp3", ".mp2", ".m4a", ".m4b", ".aac", ".ac3", ".wma", ".mka", ".ape", ".wv", ".tta"),
)
_ARCHIVE_EXTENSIONS = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
_ARCHIVE_FOLDER = "__macosx"  # What unpacking a macOS archive elsewhere leaves behind.

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StemFile:
    """A stem on disk.

    Attributes:
        path: of the file.
        name: to show; no other stem of the song has it, whatever the case of its letters.
    """

    path: Path
    name: str


def find_stems(paths: Sequence[Path]) -> list[StemFile]:
    """The stems in files and folders, folders taken with all that is below them.

    Hidden files, leftovers of macOS and files that are not audio by their extension are passed over. Where a MedleyDB
    song has both `_RAW` tracks and the `_STEMS` mixed from them, the raw ones are taken, and its `_MIX` never is.
    Stems are in natural order (2 before 10) within each path given; a file that is found twice counts once.

    Args:
        paths: files and folders.

    Raises:
        UserError: a path does not exist, is an archive or cannot be listed; or there is no stem at all.
    """
    found: dict[tuple[int, int], tuple[Path, Path]] = {}
    for root in map(Path, paths):
        try:
            for path in _files(root):
                status = path.stat()
                found.setdefault((status.st_dev, status.st_ino), (path, root))
        except OSError as error:
            raise UserError(f"{error.filename or root}: cannot be opened ({error.strerror})") from None
    if not found:
        places = ", ".join(map(str, paths)) or "nothing given"
        raise UserError(f"{places}: no stems found; looked for {' '.join(AUDIO_EXTENSIONS)}")
    files = [path for path, _ in found.values()]
    return [StemFile(path, name) for path, name in zip(files, _unique_names(found.values()), strict=True)]


def same_file(a: Path, b: Path) -> bool:
    """Whether two paths lead to one file, through links too; false where either does not exist."""
    try:
        return Path(a).samefile(b)
    except OSError:
        return False


def natural_key(text: str) -> tuple[list[str | int], str]:
    """Sorts as people do: numbers by value, letters without regard to case, either Unicode spelling of an accent.

    >>> sorted(["Tom 10", "tom 9", "Kick"], key=natural_key)
    ['Kick', 'tom 9', 'Tom 10']
    """
    parts: list[str | int] = [*re.split(r"(\d+)", folded(text))]
    parts[1::2] = [int(number) for number in parts[1::2]]
    return parts, text


def _files(root: Path) -> Iterator[Path]:
    if not root.exists():
        raise UserError(f"{root}: no such file or folder; give files, or folders of them")
    if root.is_dir():
        yield from _files_below(root, set())
    elif root.suffix.lower() in _ARCHIVE_EXTENSIONS:
        raise UserError(f"{root}: is an archive; unpack it and give the folder")
    else:
        yield root


def _files_below(folder: Path, above: set[str]) -> Iterator[Path]:
    """The audio files in a folder and below it; a link to a folder further up ends there."""
    real = os.path.realpath(folder)
    if real in above:
        return
    entries = [entry for entry in folder.iterdir() if not _is_hidden(entry.name)]
    for entry in _without_mixed_down(sorted(entries, key=lambda entry: natural_key(entry.name))):
        if entry.is_dir():
            yield from _files_below(entry, above | {real})
        elif entry.is_file() and entry.suffix.lower() in AUDIO_EXTENSIONS:
            yield entry


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() == _ARCHIVE_FOLDER


def _without_mixed_down(entries: list[Path]) -> list[Path]:
    """Leaves out of a MedleyDB song what its tracks were already mixed to: taken too, they would sound twice."""
    raw = {entry.name[: -len("_RAW")] for entry in entries if entry.is_dir() and entry.name.endswith("_RAW")}
    stems = {entry.name[: -len("_STEMS")] for entry in entries if entry.is_dir() and entry.name.endswith("_STEMS")}
    mixed_down = {f"{song}_STEMS" for song in raw & stems} | {f"{song}_MIX" for song in raw | stems}
    for entry in entries:
        if entry.stem in mixed_down:
            _logger.warning("%s: left out, as the tracks it was mixed from are there too", entry)
    return [entry for entry in entries if entry.stem not in mixed_down]


def _unique_names(found: Iterable[tuple[Path, Path]]) -> list[str]:
    """For each file the shortest of its candidate names that no other file shares."""
    candidates = [_candidate_names(path, root) for path, root in found]
    choice = [0] * len(candidates)
    while True:
        clashes = defaultdict(list)
        for index, names in enumerate(candidates):
            clashes[folded(names[choice[index]])].append(index)
        longer = [
            index
            for group in clashes.values()
            if len(group) > 1
            for index in group
            if choice[index] + 1 < len(candidates[index])
        ]
        if not longer:
            return _numbered([names[chosen] for names, chosen in zip(candidates, choice, strict=True)])
        for index in longer:
            choice[index] += 1


def _numbered(names: list[str]) -> list[str]:
    """Tells apart the few names that differ in letter case or accent spelling only."""
    seen: dict[str, int] = defaultdict(int)
    unique = []
    for name in names:
        seen[folded(name)] += 1
        unique.append(name if seen[folded(name)] == 1 else f"{name} ({seen[folded(name)]})")
    return unique


def _candidate_names(path: Path, root: Path) -> list[str]:
    """Names from short to certain: `Kick`, `Drums/Kick`, ... and in the end the whole path with its extension."""
    below = path.relative_to(root).parts if path != root else (path.name,)
    above = path.absolute().parts[1 : -len(below)]
    parts = [unicodedata.normalize("NFC", part) for part in (*above, *below)]
    bare = [*parts[:-1], unicodedata.normalize("NFC", path.stem)]
    depths = range(1, len(parts) + 1)
    return ["/".join(bare[-depth:]) for depth in depths] + ["/".join(parts[-depth:]) for depth in depths]


def folded(text: str) -> str:
    """What two names have in common that differ in letter case or in the spelling of accents only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
