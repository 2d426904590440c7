"""Examples of the songs in folders."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from diffmst.data.library import CACHE_GB, Library, LibraryReference, LibrarySong
from diffmst.errors import UserError
from diffmst.models.data_sources import sources_of
from diffmst.models.prediction import MixModel
from diffmst.models.record import DataSource
from diffmst.random_mix.amounts import AT_ONCE, Curriculum
from diffmst.training.datamodule import ExampleData, Split
from diffmst.training.example import Method
from diffmst.training.examples import ExampleMaker, Mixes
from diffmst.training.loading import Maker
from diffmst.training.role_noise import USUAL, RoleNoise

_log = logging.getLogger(__name__)

_MENDING = "Say what is for what with --data.splits FILE, or validate nothing with --data.validation 0"

_SANE = Mixes()


class SongData(ExampleData):
    """Songs in folders, mixed anew for every example.

    Args:
        songs: folders of songs and of references, or a single one, see `diffmst data check`; `name=folder` where the
            layout does not tell the data set.
        methods: share of the examples of each method.
        batch: examples in a step, on all processes together.
        workers: processes that make examples; 0 makes them between the steps.
        validation: examples of each method that are validated; 0 validates nothing.
        seed: of the examples.
        tracks: fewest and most of an example.
        mixes: how random mixes are drawn.
        curriculum: when each kind of processing comes in, in shares of the run.
        roles: what the model is told of them.
        song_windows: of an example; as many as the model hears in use if not given.
        reference_windows: likewise.
        cache: folder for what is known of files, and for decoded audio; the user's cache folder if not given.
        cache_gb: what decoded audio may take there.
        splits: a file that says which songs are for training, validation and test.

    Raises:
        ValueError: a figure that makes no sense.
    """

    def __init__(
        self,
        songs: list[Path] | Path,
        methods: dict[Method, float],
        batch: int = 8,
        workers: int = 0,
        validation: int = 16,
        seed: int = 0,
        tracks: tuple[int, int] = (4, 16),
        mixes: Mixes = _SANE,
        curriculum: Curriculum = AT_ONCE,
        roles: RoleNoise = USUAL,
        song_windows: int | None = None,
        reference_windows: int | None = None,
        cache: Path | None = None,
        cache_gb: float = CACHE_GB,
        splits: Path | None = None,
    ) -> None:
        super().__init__(methods, batch, workers, validation)
        if not songs:
            raise ValueError("data.songs must name at least one folder")
        self._songs = songs if isinstance(songs, list) else [songs]
        self._cache, self._cache_gb, self._splits = cache, cache_gb, splits
        self._seed, self._tracks, self._mixes, self._curriculum, self._roles = seed, tracks, mixes, curriculum, roles
        self._song_windows, self._reference_windows = song_windows, reference_windows

    @cached_property
    def library(self) -> Library:
        """What lies in the folders; what is odd about it is logged.

        Raises:
            UserError: a folder is missing or holds nothing of use.
        """
        with self.show_progress() as progress:
            library = Library.open(
                self._songs, cache=self._cache, cache_gb=self._cache_gb, progress=progress, splits=self._splits
            )
        for note in library.notes:
            _log.warning(note)
        return library

    def prepare_data(self) -> None:
        """Listens to new files, once on every machine; see `ExampleData.prepare_data`."""
        _ = self.library
        super().prepare_data()

    def maker(self, split: Split, methods: Mapping[Method, float], network: MixModel) -> Maker:
        """Makes examples of the songs of a split, by methods in these shares, as the model hears.

        Raises:
            UserError: the split lacks what a method needs.
        """
        try:
            return self._made(split, methods, network)
        except UserError as error:
            raise UserError(f"{error}; {self._counts()}. {_MENDING}") from None

    def _counts(self) -> str:
        """Such as `songs: train 3, test 1; references: train 2`."""
        kinds: dict[str, Sequence[LibrarySong | LibraryReference]] = {
            "songs": self.library.songs,
            "references": self.library.references,
        }
        counts = {kind: Counter(thing.split for thing in things) for kind, things in kinds.items()}
        return "; ".join(
            f"{kind}: {', '.join(f'{split} {number[split]}' for split in ('train', 'validation', 'test'))}"
            for kind, number in counts.items()
        )

    def _made(self, split: Split, methods: Mapping[Method, float], network: MixModel) -> Maker:
        hearing = network.hearing
        hearing = hearing._replace(
            song_windows=self._song_windows or hearing.song_windows,
            reference_windows=self._reference_windows or hearing.reference_windows,
        )
        return ExampleMaker(
            self._part(split),
            hearing,
            network.layout,
            proportions=methods,
            mixes=self._mixes,
            tracks=self._tracks,
            curriculum=self._curriculum,
            roles=self._roles,
            seed=self._seed,
        )

    def _part(self, split: Split) -> Library:
        try:
            return self.library.of_split(split)
        except UserError:
            raise UserError(f"there are no songs for {split}") from None

    @property
    def sources(self) -> tuple[DataSource, ...]:
        """What is trained on: the songs, and where they serve as such the references, by data set and licence."""
        library = self.library.of_split("train")
        heard: Sequence[LibrarySong | LibraryReference] = library.songs
        if "real-reference" in self.methods:
            heard = [*heard, *library.references]
        return sources_of(heard)
