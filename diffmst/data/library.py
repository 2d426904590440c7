"""A library: songs with their stems, and finished mixes, known from one pass over each file and read in windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffmst.data.block_cache import BlockCache
from diffmst.data.cache_folder import cache_folder
from diffmst.data.gathering import gather
from diffmst.data.index import Index
from diffmst.data.library_songs import LibraryReference, LibrarySong, LibraryTrack
from diffmst.data.random_access import read_windows
from diffmst.data.remarks import counted
from diffmst.errors import UserError
from diffmst.progress import SILENT, Progress

__all__ = ["Library", "LibraryReference", "LibrarySong", "LibraryTrack"]

CACHE_GB = 16.0
"""Of decoded audio: some 12 hours in stereo at 48 kHz."""


@dataclass(frozen=True, eq=False)
class Library:
    """Songs and references of several data sets.

    It may be sent to other processes; all share one cache.

    Attributes:
        songs: with at least two stems that can be heard.
        references: finished mixes, those of songs among them.
        notes: what was left out or looks wrong, counted, for the user.
        cache: of decoded audio; none reads the files themselves.
    """

    songs: tuple[LibrarySong, ...]
    references: tuple[LibraryReference, ...]
    notes: tuple[str, ...]
    cache: BlockCache | None

    @staticmethod
    def open(
        places: Sequence[Path],
        *,
        cache: Path | None = None,
        cache_gb: float = CACHE_GB,
        progress: Progress = SILENT,
        splits: Path | None = None,
    ) -> Library:
        """The library of what lies in folders.

        Files that are new or have changed since the last time are listened to; the rest is known.

        Args:
            places: folders of data sets, as `diffmst.data.datasets.recognise` takes them: `name=folder` where the
                layout does not tell.
            cache: folder for what is known of files and for decoded audio; the user's cache folder when not given.
            cache_gb: what decoded audio may take there; 0 keeps none.
            progress: told while files are listened to.
            splits: a JSON or YAML file of `train`, `validation` and `test` with lists of songs. Songs that it does not
                name are split as their data set does, or else by their names; those that are not there are noted.

        Raises:
            UserError: a folder is missing or holds nothing of use, or the split file or the cache cannot be used.
        """
        folder = cache or cache_folder()
        gathered = gather(places, Index(folder), splits, progress)
        notes = counted(gathered.remarks)
        if not gathered.songs and not gathered.references:
            told = f": {'; '.join(notes)}" if notes else ""
            raise UserError(f"{', '.join(map(str, places))}: there is no song that can be used{told}")
        blocks = BlockCache(folder, round(cache_gb * 1e9)) if cache_gb > 0 else None
        return Library(gathered.songs, gathered.references, notes, blocks)

    def of_split(self, split: str, *, fewest_songs: int = 0) -> Library:
        """The songs and references of one split.

        Raises:
            UserError: there are none, or fewer songs than are needed.
        """
        songs = tuple(song for song in self.songs if song.split == split)
        references = tuple(reference for reference in self.references if reference.split == split)
        if not songs and not references:
            raise UserError(f"no song of {len(self.songs)} falls into the split {split}; name some in a split file")
        if len(songs) < fewest_songs:
            raise UserError(
                f"the split {split} holds {len(songs)} of {len(self.songs)} songs, and {fewest_songs} are needed; name "
                "more for it in a split file, or give more folders"
            )
        return replace(self, songs=songs, references=references)

    def read(
        self, song: LibrarySong, tracks: Sequence[int], starts_s: Sequence[float], seconds: float, sample_rate: int
    ) -> NDArray[np.float32]:
        """Windows of some tracks of a song, [windows, rows, time], rows by the channels of each track.

        Silence stands before the beginning and after the end of a file, so starts may be negative.

        Raises:
            UserError: a file has gone or changed since the library was opened.
        """
        channels = [song.tracks[track].channels for track in tracks]
        windows = np.empty((len(starts_s), sum(channels), round(seconds * sample_rate)), np.float32)
        starts = [round(start_s * sample_rate) for start_s in starts_s]
        end = 0
        for track, count in zip(tracks, channels, strict=True):
            rows, end = slice(end, end + count), end + count
            read_windows(song.tracks[track].source, sample_rate, starts, windows[:, rows], self.cache)
        return windows

    def read_reference(
        self, reference: LibraryReference, starts_s: Sequence[float], seconds: float, sample_rate: int
    ) -> NDArray[np.float32]:
        """Windows of a reference, [windows, 2, time]; a mono one plays on both sides.

        Raises:
            UserError: as `read`.
        """
        channels = reference.source.info.channels
        windows = np.empty((len(starts_s), channels, round(seconds * sample_rate)), np.float32)
        starts = [round(start_s * sample_rate) for start_s in starts_s]
        read_windows(reference.source, sample_rate, starts, windows, self.cache)
        return np.repeat(windows, 2 // channels, axis=1)
