"""The 'Mixing Secrets' free multitrack download library of Cambridge Music Technology."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from diffmst.audio.discovery import natural_key
from diffmst.data.datasets.dataset import Dataset, SongFiles, song_key, subfolders
from diffmst.data.datasets.folders import audio_below, labelled_by_name

# The archives unpack to `Artist_Title`, `Artist_Title_Full` or the like, with files such as `01_KickIn.wav` in them.
_SONG = re.compile(r"[^\W_][^_]*_[^\W_][^_]*(_\w+)?")
_NUMBERED = re.compile(r"\d\d+_\S")
_LOOKED_AT = 8


def _recognise(folder: Path) -> bool:
    songs = [song for song in subfolders(folder) if _SONG.fullmatch(song.name)][:_LOOKED_AT]
    return any(_is_numbered(song) for song in songs)


def _is_numbered(song: Path) -> bool:
    names = [file.path.name for file in audio_below(song) if not _is_preview(file.path)]
    return len(names) > 1 and sum(bool(_NUMBERED.match(name)) for name in names) > len(names) / 2


def _songs(folder: Path) -> Iterator[SongFiles]:
    previews = {_preview_key(path): path for path in sorted(folder.rglob("*.mp3")) if _is_preview(path)}
    for song in sorted(subfolders(folder), key=lambda song: natural_key(song.name)):
        stems, _ = labelled_by_name(song)
        if not stems:
            if not any(path.is_relative_to(song) for path in previews.values()):
                yield SongFiles(song.name, remarks=(("holds no audio; unpack its archive", ""),))
            continue
        name = song.name.removesuffix("_Full")
        title = name.partition("_")[2]
        mix = previews.get(song_key(name)) or previews.get(song_key(title))
        yield SongFiles(name, tuple(replace(stem, name=Path(stem.name).name) for stem in stems), mix)


def _is_preview(path: Path) -> bool:
    return path.stem.casefold().endswith("_preview")


def _preview_key(path: Path) -> str:
    """Of the song that a preview is of; the site names it by title, or by artist and title in one word.

    >>> _preview_key(Path("OnesAndZeroes_Full_Preview.mp3"))
    'onesandzeroes'
    """
    return song_key(path.stem[: -len("_preview")])


CAMBRIDGE_MT = Dataset(
    name="cambridge-mt",
    title="Cambridge-MT 'Mixing Secrets' multitrack library",
    licence="free for educational purposes; other uses by leave of the artist of each song",
    citation="M. Senior, 'Mixing Secrets' Free Multitrack Download Library, Cambridge Music Technology",
    url="https://www.cambridge-mt.com/ms/mtk/",
    recognise=_recognise,
    songs=_songs,
)
