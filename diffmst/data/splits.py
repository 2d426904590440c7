"""Which songs are trained on, and which are kept for validation and test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from diffmst.data.datasets import SongFiles, song_key
from diffmst.data.datasets.dataset import read_mapping
from diffmst.errors import UserError

SPLITS = ("train", "validation", "test")
_TRAIN_SHARE, _VALIDATION_SHARE = 0.8, 0.1


def read_splits(path: Path) -> dict[str, str]:
    """Split by the name of each song, from a JSON or YAML file of `train`, `validation` and `test` with lists of songs.

    Raises:
        UserError: the file cannot be read, names another split, or has a song in two.
    """
    try:
        lists = read_mapping(path)
    except ValueError as error:
        raise UserError(f"{path}: {error}; it needs the names train, validation and test with lists of songs") from None
    splits: dict[str, str] = {}
    by_key: dict[str, str] = {}
    for split, songs in lists.items():
        if split not in SPLITS:
            raise UserError(f"{path}: {split} is no split; there are {', '.join(SPLITS)}")
        if not isinstance(songs, list):
            raise UserError(f"{path}: {split} must have a list of songs")
        for song in songs:
            other = by_key.setdefault(song_key(str(song)), split)
            if other != split:
                raise UserError(f"{path}: {song} stands in {other} and in {split}; choose one")
            splits[str(song)] = split
    return splits


def assign_splits(songs: Iterable[SongFiles], chosen: Mapping[str, str]) -> dict[str, str]:
    """Split by the key of each song: as chosen by name, else as its data set has it, else 80, 10 and 10 % by its name.

    Data sets share songs (46 of MUSDB18 are of MedleyDB, 100 of the Cambridge-MT library). One that is kept back in any
    of them is kept back in all, or a model would be tested on what it was trained on.
    """
    chosen_by_key = {song_key(name): split for name, split in chosen.items()}
    found: dict[str, str] = {}
    for song in songs:
        key = song_key(song.name)
        split = chosen_by_key.get(key) or song.split or split_by_name(key)
        found[key] = max(found.get(key, SPLITS[0]), split, key=SPLITS.index)
    return found


def split_by_name(key: str) -> str:
    """Split that a song falls into by its key alone, the same on every machine and whatever songs there are beside it.

    >>> [split_by_name(key) for key in ("lithium", "sodium", "potassium")]
    ['train', 'test', 'train']
    """
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
    if share < _TRAIN_SHARE:
        return "train"
    return "validation" if share < _TRAIN_SHARE + _VALIDATION_SHARE else "test"
