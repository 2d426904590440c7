"""MUSDB18-HQ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from diffmst.data.datasets.dataset import Dataset, LabelledStem, SongFiles, audio_file, subfolders
from diffmst.errors import UserError

_ROLES = {"vocals": "lead", "drums": "drums", "bass": "bass", "other": ""}
# The songs of the training set that its authors' reader (sigsep/sigsep-mus-db, mus.yaml) keeps for validation.
_VALIDATION = {
    "Actions - One Minute Smile",
    "Clara Berry And Wooldog - Waltz For My Victims",
    "Johnny Lokke - Promises & Lies",
    "Patrick Talbot - A Reason To Leave",
    "Triviul - Angelsaint",
    "Alexander Ross - Goodbye Bolero",
    "Fergessen - Nos Palpitants",
    "Leaf - Summerghost",
    "Skelpolu - Human Mistakes",
    "Young Griffo - Pennies",
    "ANiMAL - Rockshow",
    "James May - On The Line",
    "Meaxic - Take A Step",
    "Traffic Experiment - Sirens",
}


def _recognise(folder: Path) -> bool:
    return bool(_song_folders(folder)) or any(_stem_files(folder))


def _songs(folder: Path) -> Iterator[SongFiles]:
    songs = _song_folders(folder)
    if not songs:
        raise UserError(f"{folder}: is MUSDB18 in .stem.mp4 files; get MUSDB18-HQ, which is in WAV files")
    for song in songs:
        stems = (LabelledStem(audio_file(song / f"{name}.wav"), name, role) for name, role in _ROLES.items())
        present = tuple(stem for stem in stems if stem.path.is_file())
        remarks = tuple(("not there", f"{name}.wav") for name in _ROLES if name not in {stem.name for stem in present})
        mix = audio_file(song / "mixture.wav")
        yield SongFiles(song.name, present, mix if mix.is_file() else None, _split(song), remarks)


def _song_folders(folder: Path) -> list[Path]:
    songs = (song for part in ("train", "test") for song in subfolders(folder / part))
    return [song for song in songs if any(audio_file(song / f"{name}.wav").is_file() for name in ("mixture", "vocals"))]


def _stem_files(folder: Path) -> Iterator[Path]:
    for part in ("train", "test"):
        yield from (folder / part).glob("*.stem.mp4")


def _split(song: Path) -> str:
    return "validation" if song.name in _VALIDATION else song.parent.name


MUSDB18_HQ = Dataset(
    name="musdb18-hq",
    title="MUSDB18-HQ",
    licence="for academic purposes only; most songs CC BY-NC-SA",
    citation='Z. Rafii et al., "MUSDB18-HQ - an uncompressed version of MUSDB18", 2019, doi:10.5281/zenodo.3338373',
    url="https://zenodo.org/records/3338373",
    recognise=_recognise,
    songs=_songs,
)
