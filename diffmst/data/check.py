"""What lies in folders of data, and what is wrong with it: for people, before hours of training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diffmst.data.cache_folder import cache_folder
from diffmst.data.datasets import Dataset
from diffmst.data.gathering import Gathered, gather
from diffmst.data.index import Index
from diffmst.data.remarks import Remark
from diffmst.data.splits import SPLITS
from diffmst.progress import SILENT, Progress
from diffmst.roles import ROLES

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class DatasetReport:
    """What there is of one data set.

    Attributes:
        dataset: what it is; its licence, citation and address among that.
        folders: where it lies.
        songs: that can be used.
        stems: of these that can be heard.
        stem_hours: length of the stems.
        references: finished mixes, those of songs among them.
        reference_hours: length of the references.
        roles: number of stems by role, in the order of `ROLES`, unknown ones last by the name of "".
        splits: number of songs and number of references by split.
        remarks: what is wrong, song by song.
    """

    dataset: Dataset
    folders: tuple[Path, ...]
    songs: int
    stems: int
    stem_hours: float
    references: int
    reference_hours: float
    roles: dict[str, int]
    splits: dict[str, tuple[int, int]]
    remarks: tuple[Remark, ...]

    def rows(self) -> list[tuple[str, str]]:
        """Everything but what is wrong, as headings and values to show in two columns."""
        splits = (f"{name} {songs} + {mixes}" for name, (songs, mixes) in self.splits.items() if songs or mixes)
        roles = (f"{role or 'unknown'} {count}" for role, count in self.roles.items())
        rows = {
            "data set": self.dataset.title,
            "folder": ", ".join(map(str, self.folders)),
            "songs": f"{self.songs} with {self.stems} stems, {self.stem_hours:.1f} h" if self.songs else "none",
            "finished mixes": f"{self.references}, {self.reference_hours:.1f} h" if self.references else "none",
            "roles": ", ".join(roles),
            "split (songs + mixes)": ", ".join(splits),
            "licence": self.dataset.licence,
            "cite": self.dataset.citation,
            "from": self.dataset.url,
        }
        return [(heading, value) for heading, value in rows.items() if value]


@dataclass(frozen=True)
class CheckReport:
    """What lies in folders.

    Attributes:
        datasets: one report for each.
        remarks: on none of them in particular.
    """

    datasets: tuple[DatasetReport, ...]
    remarks: tuple[Remark, ...]

    @property
    def usable(self) -> bool:
        """Whether there is a song or a reference to train on."""
        return any(report.songs or report.references for report in self.datasets)

    @property
    def empty_splits(self) -> tuple[str, ...]:
        """Of training and validation, those that no song falls to though there are songs."""
        songs = {split: sum(report.splits[split][0] for report in self.datasets) for split in SPLITS}
        return tuple(split for split in SPLITS[:2] if not songs[split]) if any(songs.values()) else ()

    def problems(self) -> list[tuple[str, str, str]]:
        """What is wrong, as song, file and what is the matter, in the order of the songs."""
        every = [remark for report in self.datasets for remark in report.remarks]
        return [(remark.song, remark.file, remark.what) for remark in (*self.remarks, *every)]


def check(
    places: Sequence[Path], progress: Progress = SILENT, *, cache: Path | None = None, splits: Path | None = None
) -> CheckReport:
    """What lies in folders, and what is wrong with it.

    Every file is read through once; what is found is kept, so that a library of the same folders opens at once.

    Args:
        places, progress, cache, splits: as `Library.open`.

    Raises:
        UserError: a folder is missing or holds nothing of use, or the split file or the cache cannot be used.
    """
    gathered = gather(places, Index(cache or cache_folder()), splits, progress)
    datasets = dict.fromkeys(dataset for dataset, _ in gathered.datasets)
    reports = tuple(_report(dataset, gathered) for dataset in datasets)
    return CheckReport(reports, tuple(remark for remark in gathered.remarks if not remark.dataset))


def _report(dataset: Dataset, gathered: Gathered) -> DatasetReport:
    songs = [song for song in gathered.songs if song.dataset == dataset.name]
    references = [reference for reference in gathered.references if reference.dataset == dataset.name]
    tracks = [track for song in songs for track in song.tracks]
    roles = Counter(track.role for track in tracks)
    return DatasetReport(
        dataset=dataset,
        folders=tuple(folder for other, folder in gathered.datasets if other == dataset),
        songs=len(songs),
        stems=len(tracks),
        stem_hours=sum(track.source.info.duration_s for track in tracks) / _SECONDS_PER_HOUR,
        references=len(references),
        reference_hours=sum(reference.duration_s for reference in references) / _SECONDS_PER_HOUR,
        roles={role: roles[role] for role in (*(role.name for role in ROLES), "") if roles[role]},
        splits={
            split: (sum(song.split == split for song in songs), sum(mix.split == split for mix in references))
            for split in SPLITS
        },
        remarks=tuple(remark for remark in gathered.remarks if remark.dataset == dataset.name),
    )
