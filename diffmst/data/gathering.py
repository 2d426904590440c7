"""From folders to songs: what lies in them, known from one pass over each file, without what cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from diffmst.data.datasets import Dataset, SongFiles, recognise, song_key
from diffmst.data.index import FileSummary, Index, Indexed
from diffmst.data.library_songs import LibraryReference, LibrarySong, LibraryTrack
from diffmst.data.remarks import Remark, some
from diffmst.data.splits import assign_splits, read_splits
from diffmst.errors import UserError
from diffmst.progress import Progress

FEWEST_STEMS = 2
MOST_STEMS = 200
"""What is more is no song, but a folder of songs."""


class Gathered(NamedTuple):
    """What lies in folders.

    Attributes:
        datasets: with the folder of each.
        songs: that can be used.
        references: that can be used, the mixes of songs among them.
        remarks: on what is left out or looks wrong.
    """

    datasets: tuple[tuple[Dataset, Path], ...]
    songs: tuple[LibrarySong, ...]
    references: tuple[LibraryReference, ...]
    remarks: tuple[Remark, ...]


def gather(places: Sequence[Path], index: Index, split_file: Path | None, progress: Progress) -> Gathered:
    """What lies in folders.

    Args:
        places: as `recognise` takes them.
        index: of the files; those that are not in it are listened to.
        split_file: says which songs are not to be split as their data sets do; see `read_splits`. Songs in it that are
            not there are remarked on, as it may be for more folders than these.

    Raises:
        UserError: a folder is missing or holds nothing of use, the split file cannot be used or names no song that is
            there, or the index cannot be written.
    """
    chosen = read_splits(split_file) if split_file else {}
    datasets = list(
        {folder.resolve(): (dataset, folder) for place in places for dataset, folder in recognise(place)}.values()
    )
    files = [(dataset, song) for dataset, folder in datasets for song in dataset.songs(folder)]
    splits = assign_splits((song for _, song in files), chosen)
    unknown = [name for name in chosen if song_key(name) not in splits]
    if chosen and len(unknown) == len(chosen):
        raise UserError(f"{split_file}: names no song that is there, such as {files[0][1].name}; got {some(unknown)}")
    indexed = index.look_up(list(dict.fromkeys(path for _, song in files for path in _paths(song))), progress)
    remarks = [Remark("", name, "in the split file, but not there") for name in unknown]
    makers = [_Maker(dataset, song, splits[song_key(song.name)], indexed) for dataset, song in files]
    songs = [song for maker in makers if (song := maker.song())]
    references = [reference for maker in makers if (reference := maker.reference)]
    remarks += [remark for maker in makers for remark in maker.remarks]
    return Gathered(tuple(datasets), tuple(songs), tuple(references), tuple(remarks))


def _paths(song: SongFiles) -> list[Path]:
    return [*(stem.path for stem in song.stems), *([song.mix] if song.mix else [])]


class _Maker:
    """Makes a song and a reference from files, and takes note of what does not serve."""

    def __init__(self, dataset: Dataset, files: SongFiles, split: str, indexed: Indexed) -> None:
        self._dataset, self._files, self._split, self._indexed = dataset, files, split, indexed
        self.remarks = [Remark(dataset.name, files.name, what, file) for what, file in files.remarks]
        self.reference = self._reference()

    def song(self) -> LibrarySong | None:
        """The song, if it has stems enough."""
        files, dataset = self._files, self._dataset
        if len(files.stems) > MOST_STEMS:
            what = f"more than {MOST_STEMS} stems, left out; if these are finished songs, give references=FOLDER"
            self.remarks.append(self._remark(what))
            return None
        heard = [(stem, self._heard(stem.path)) for stem in files.stems]
        tracks = tuple(LibraryTrack(stem.name, stem.role, source) for stem, source in heard if source)
        if len(tracks) >= FEWEST_STEMS:
            return LibrarySong(files.name, dataset.name, dataset.licence, self._split, tracks, self.reference)
        if files.stems:
            self.remarks.append(self._remark("fewer than two stems that can be heard, left out"))
        return None

    def _reference(self) -> LibraryReference | None:
        source = self._heard(self._files.mix) if self._files.mix else None
        if source is None:
            return None
        return LibraryReference(self._files.name, self._dataset.name, self._dataset.licence, self._split, source)

    def _heard(self, path: Path) -> FileSummary | None:
        """What is known of a file; None, and a remark, where there is nothing to hear in it."""
        source = self._indexed.summaries.get(path)
        if source is None:
            self.remarks.append(self._remark(self._indexed.refused[path], path))
            return None
        if source.silent:
            self.remarks.append(self._remark("silent, left out", path))
            return None
        if source.info.truncated:
            self.remarks.append(self._remark("breaks off or is damaged; used as far as it can be read", path))
        if source.bad_samples:
            self.remarks.append(self._remark("holds samples that are no numbers; read as silence", path))
        return source

    def _remark(self, what: str, path: Path | None = None) -> Remark:
        return Remark(self._dataset.name, self._files.name, what, f"{path.parent.name}/{path.name}" if path else "")
