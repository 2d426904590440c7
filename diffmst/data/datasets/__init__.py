"""Data sets by their real folder layouts: what a folder is, and which songs and stems lie in it.

The readers that come with the data sets are not used. They download, check every byte against the sums of one release
(so that a set of which a part is there, or was converted to FLAC, is none), decode whole files, and know no roles:
`mirdata` has Slakh2100 alone of the multitracks here, and annotations only of MedleyDB; `musdb` needs an FFmpeg of its
own, and `moisesdb` renders sums. What they know of layouts and splits is taken over, and said where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diffmst.data.datasets.cambridge_mt import CAMBRIDGE_MT
from diffmst.data.datasets.dataset import Dataset, LabelledStem, SongFiles, song_key, subfolders
from diffmst.data.datasets.folders import REFERENCES, STEMS, holds_folders_of_songs
from diffmst.data.datasets.medleydb import MEDLEYDB
from diffmst.data.datasets.moisesdb import MOISESDB
from diffmst.data.datasets.mtg_jamendo import MTG_JAMENDO
from diffmst.data.datasets.musdb18 import MUSDB18_HQ
from diffmst.data.datasets.slakh2100 import SLAKH2100
from diffmst.errors import UserError

__all__ = ["DATASETS", "Dataset", "LabelledStem", "SongFiles", "recognise", "song_key"]

_PUBLISHED = (MEDLEYDB, MUSDB18_HQ, MOISESDB, SLAKH2100, MTG_JAMENDO, CAMBRIDGE_MT)
DATASETS = (*_PUBLISHED, STEMS, REFERENCES)
"""In the order in which a folder is tried: what is not known by its layout is stems where it looks like them."""

_BY_NAME = {dataset.name: dataset for dataset in DATASETS}


def recognise(place: Path) -> list[tuple[Dataset, Path]]:
    """Which data sets a folder is, or holds side by side.

    What the layout does not tell, the names of the files do: a folder of audio files is a song if half of them are
    named as stems are, and a folder of references if not; a folder of folders holds the stems of a song in each.

    Args:
        place: a folder; `name=folder` where it is known what it is, by the name of one of `DATASETS`.

    Raises:
        UserError: there is no such folder, or nothing of use in it.
    """
    name, folder = _named(place)
    if not folder.is_dir():
        raise UserError(f"{folder}: {'is a file; give its folder' if folder.exists() else 'no such folder'}")
    if name:
        return [(_BY_NAME[name], folder)]
    found = _recognised([folder], _PUBLISHED)
    # Some data sets are known from one folder above their own, where others may lie beside them.
    here = {dataset for dataset, _ in found}
    found += [known for known in _recognised(subfolders(folder), _PUBLISHED) if known[0] not in here]
    if not found:
        places = subfolders(folder) if holds_folders_of_songs(folder) else [folder]
        found = _recognised(places, (STEMS, REFERENCES))
    if not found:
        raise UserError(
            f"{folder}: holds no audio; give a folder of songs, each a folder of stems, or of finished songs"
        )
    return found


def _recognised(folders: Sequence[Path], datasets: Sequence[Dataset]) -> list[tuple[Dataset, Path]]:
    """Those of the folders that are a data set, with the first that each is."""
    tried = ((folder, next((dataset for dataset in datasets if dataset.recognise(folder)), None)) for folder in folders)
    return [(dataset, folder) for folder, dataset in tried if dataset]


def _named(place: Path) -> tuple[str, Path]:
    """The parts of `name=folder`; the name is empty where none is given."""
    name, equals, rest = str(place).partition("=")
    if equals and name in _BY_NAME:
        return name, Path(rest)
    if equals and "/" not in name and not Path(place).exists():
        raise UserError(f"{place}: {name} is no data set; there are {', '.join(_BY_NAME)}")
    return "", Path(place)
