"""Packs of scenes made of songs, file by file, each a function of the seed and its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch

from diffmst.data.library import Library, LibrarySong
from diffmst.data.parallel import in_processes
from diffmst.errors import UserError
from diffmst.layout import LAYOUTS, LayoutName, Settings
from diffmst.models.data_sources import sources_of
from diffmst.models.hearing_bands import band_batch
from diffmst.models.impression import Impression, impression
from diffmst.models.pair_features import PairFeatures
from diffmst.models.scene import Hearing
from diffmst.models.style_transfer import DEFAULT_HEARING
from diffmst.outputs import write_errors, write_text_atomically
from diffmst.progress import SILENT, Progress
from diffmst.random_mix.dice import Dice
from diffmst.training.example import Method
from diffmst.training.packs.band_scenes import VARIED, BandScene, SceneDraw, Variety
from diffmst.training.packs.band_song import BandSong, band_song
from diffmst.training.packs.packed import RECORD, PackedScene, PackRecord, read_record, shard_path, write_shard
from diffmst.training.staging import UnusableError

ATTEMPTS = 20
"""Draws after which a scene is given up: the songs are of no use then."""

FEWEST_SONGS = 2
"""Of a pack: where one is made like another, there must be another."""

METHODS: Mapping[Method, float] = MappingProxyType({"same-song": 0.55, "shared-style": 0.45})
"""Shares of those that there are: without audio there is nothing to compare with a finished mix but its spectrum."""

_AT_ONCE = 8  # scenes that are heard together: more need more memory and are hardly faster


@dataclass(frozen=True)
class PackOrder:
    """What scenes are wanted.

    Attributes:
        seed: of all draws.
        shards: files.
        scenes: in each file.
        songs: that the scenes of one file are made of.
        methods: share of the scenes of each method.
        tracks: fewest and most of a scene.
        song_windows: of a scene.
        reference_windows: of a scene.
        variety: of the stems.
        layout: the console's controls.

    Raises:
        ValueError: a figure that makes no sense.
    """

    seed: int = 0
    shards: int = 24
    scenes: int = 512
    songs: int = 16
    methods: Mapping[Method, float] = field(default_factory=lambda: dict(METHODS))
    tracks: tuple[int, int] = (4, 16)
    song_windows: int = 3
    reference_windows: int = 4
    variety: Variety = VARIED
    layout: LayoutName = "default"

    def __post_init__(self) -> None:
        if self.methods.keys() != METHODS.keys() or abs(sum(self.methods.values()) - 1) > 1e-6:
            raise ValueError(f"shares of {' and '.join(METHODS)} must add up to 1, got {dict(self.methods)}")
        if min(self.shards, self.scenes) < 1 or self.songs < FEWEST_SONGS:
            raise ValueError(f"there must be a scene and two songs, got {(self.shards, self.scenes, self.songs)}")

    @property
    def hearing(self) -> Hearing:
        """How scenes are staged."""
        return DEFAULT_HEARING._replace(song_windows=self.song_windows, reference_windows=self.reference_windows)


class _Shard(NamedTuple):
    """One file to be made."""

    order: PackOrder
    library: Library
    favoured: tuple[int, ...]
    share: float
    path: Path
    number: int


def make_pack(
    folder: Path,
    library: Library,
    order: PackOrder,
    *,
    favoured: Path | None = None,
    share: float = 0.0,
    jobs: int = 1,
    command: str = "",
    progress: Progress = SILENT,
) -> PackRecord:
    """Makes what is missing of a pack; made again, it goes on.

    Args:
        folder: for the files.
        library: songs, all of which are used.
        order: what is wanted.
        favoured: songs that lie in here are heard more often.
        share: of the scenes that are made of these, 0 to 1.
        jobs: processes.
        command: that does it again, for the record.
        progress: told how far it is.

    Raises:
        UserError: there are too few songs, none is favoured, or the folder holds another pack.
    """
    if len(library.songs) < FEWEST_SONGS:
        raise UserError(f"a pack needs at least {FEWEST_SONGS} songs, got {len(library.songs)}; give more folders")
    often = _favoured(library, favoured)
    record = PackRecord(
        layout=order.layout,
        hearing=order.hearing._asdict(),
        seed=order.seed,
        songs=order.songs,
        favoured=share if often else 0.0,
        tracks=order.tracks,
        variety=order.variety._asdict(),
        methods=dict(order.methods),
        sources=sources_of(library.songs),
        command=command,
        shards=(order.scenes,) * order.shards,
    )
    _check_same(folder, record)
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    todo = [
        _Shard(order, library, often, share if often else 0.0, shard_path(folder, number), number)
        for number in range(order.shards)
        if not shard_path(folder, number).exists()
    ]
    write_text_atomically(folder / RECORD, record.model_dump_json(indent=2) + "\n")
    with progress.phase("packing scenes", max(1, len(todo))) as advance:
        for _ in in_processes(_make_shard, todo, jobs):
            advance(1)
    return record


def _favoured(library: Library, folder: Path | None) -> tuple[int, ...]:
    if folder is None:
        return ()
    home = folder.absolute()
    paths = [song.tracks[0].source.info.path.absolute() for song in library.songs]
    found = tuple(number for number, path in enumerate(paths) if home in path.parents)
    if not found or len(found) == len(library.songs):
        raise UserError(f"{folder}: must hold some of the songs and not all; give one of the folders of songs")
    return found


def _check_same(folder: Path, record: PackRecord) -> None:
    """A pack that is there must be the same but for the number of its files, and how the command was put."""
    if not (folder / RECORD).exists():
        return
    there = read_record(folder)
    comparable = {"shards": there.shards[:1], "command": there.command}
    if there.model_copy(update=comparable) != record.model_copy(update=comparable | {"shards": record.shards[:1]}):
        raise UserError(f"{folder}: holds another pack; choose another folder")


def _make_shard(shard: _Shard) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums are rounded alike, however many there are
    try:
        write_shard(shard.path, _scenes(shard))
    finally:
        torch.set_num_threads(threads)


def _scenes(shard: _Shard) -> list[PackedScene]:
    order, dice = shard.order, Dice(shard.order.seed, shard.number)
    chosen, chances = _chosen(shard, dice)
    hearing = order.hearing
    songs = [band_song(shard.library, song, hearing) for song in chosen]
    scenes: list[PackedScene] = []
    while len(scenes) < order.scenes:
        count = min(_AT_ONCE, order.scenes - len(scenes))
        drawn = [_drawn(order, songs, chances, (shard.number, len(scenes) + place)) for place in range(count)]
        scenes += heard_scenes(drawn)
    return scenes


def _chosen(shard: _Shard, dice: Dice) -> tuple[list[LibrarySong], np.ndarray]:
    """Songs of a file, and how often each is drawn."""
    songs = shard.library.songs
    usual = [number for number in range(len(songs)) if number not in shard.favoured]
    often = _some(shard.favoured, round(shard.share * shard.order.songs), dice)
    others = _some(usual, shard.order.songs - len(often), dice)
    shares = ((often, shard.share), (others, 1 - shard.share))
    chances = np.array([share / len(group) for group, share in shares for _ in group])
    return [songs[number] for number in (*often, *others)], chances / chances.sum()


def _some(numbers: Sequence[int], count: int, dice: Dice) -> list[int]:
    order = dice.uniform(0, 1, (len(numbers),)).argsort()[:count]
    return [numbers[place] for place in order]


@torch.no_grad()
def _drawn(order: PackOrder, songs: Sequence[BandSong], chances: np.ndarray, seed: tuple[int, int]) -> BandScene:
    layout, ends = LAYOUTS[order.layout], chances.cumsum()
    for attempt in range(ATTEMPTS):
        dice = Dice(order.seed, *seed, attempt)
        draw = SceneDraw(order.hearing, layout, order.tracks, order.variety, dice)
        first = int(np.searchsorted(ends[:-1], dice.uniform(0, 1, ())))
        try:
            if dice.chance(order.methods["same-song"], ()):
                return draw.same_song(songs[first])
            return draw.shared_style(songs[first], songs[(first + dice.integer(1, len(songs) - 1)) % len(songs)])
        except UnusableError as error:
            reason = error
    raise UserError(f"no scene in {ATTEMPTS} draws: {reason}; give longer songs with more stems")


def heard_scenes(scenes: Sequence[BandScene]) -> list[PackedScene]:
    """Scenes as they are heard before anything is learnt."""
    heard = impression(band_batch([scene.bands for scene in scenes]))
    return [
        PackedScene(
            _of_one(heard, index, len(scene.roles)),
            Settings(*(part[0].float() for part in scene.settings)),
            scene.roles,
            scene.method,
        )
        for index, scene in enumerate(scenes)
    ]


def _of_one(heard: Impression, index: int, tracks: int) -> Impression:
    """What is heard of one of a batch of scenes of which all have the same windows."""
    of_tracks = {"tracks", "track_spectra", "roles", "sides", "mono", "has_track"}
    parts = {
        name: value[index, :tracks] if name in of_tracks else value[index]
        for name, value in heard._asdict().items()
        if name != "pair"
    }
    return Impression(**parts, pair=PairFeatures(*(value[index, :tracks] for value in heard.pair)))
