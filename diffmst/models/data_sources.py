"""What a model was trained on, for its record: songs and references by data set and licence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from diffmst.data.datasets import DATASETS
from diffmst.data.library import LibraryReference, LibrarySong
from diffmst.models.record import DataSource


def sources_of(heard: Sequence[LibrarySong | LibraryReference]) -> tuple[DataSource, ...]:
    """Songs and references by data set and licence."""
    groups = defaultdict(list)
    for song in heard:
        groups[song.dataset, song.licence].append(song)
    return tuple(_source(*origin, group) for origin, group in groups.items())


def _source(dataset: str, licence: str, songs: Sequence[LibrarySong | LibraryReference]) -> DataSource:
    about = next(known for known in DATASETS if known.name == dataset)
    hours = sum(song.duration_s for song in songs) / 3_600
    names = {song.name for song in songs}
    return DataSource(
        name=about.title, licence=licence, songs=len(names), hours=hours, url=about.url, citation=about.citation
    )
