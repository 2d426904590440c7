"""What a pack holds: scenes as they are heard, and what is true of them, in files that are read where they lie."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diffmst.errors import UserError
from diffmst.layout import LayoutName, Settings
from diffmst.models.impression import Impression
from diffmst.models.pair_features import PairFeatures
from diffmst.models.record import DataSource
from diffmst.models.scene import Hearing
from diffmst.outputs import AtomicFile
from diffmst.training.example import Method
from diffmst.validation import first_problem

RECORD = "pack.json"
_METHODS: tuple[Method, ...] = ("same-song", "shared-style", "real-reference")
_OF_TRACKS = ("tracks", "track_spectra", "sides", "mono", "roles", *(f"pair.{name}" for name in PairFeatures._fields))
_OF_SCENES = ("reference", "reference_spectrum", "fx", "master", "method")


class PackedScene(NamedTuple):
    """One scene of a pack.

    Attributes:
        heard: an impression without its batch axis; no roles are told.
        settings: the truth, physical, without batch axis, float32.
        roles: true ones, as places in `ROLE_NAMES`, int64 [tracks].
        method: that made it.
    """

    heard: Impression
    settings: Settings[Tensor]
    roles: Tensor
    method: Method


class PackRecord(BaseModel):
    """What a pack says of itself.

    Attributes:
        songs: that the scenes of one file are made of.
        favoured: share of the scenes that are made of the songs of one folder; 0 favours none.
        shards: numbers of scenes in its files, in order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["diffmst.pack"] = "diffmst.pack"
    version: Literal[3] = 3
    layout: LayoutName
    hearing: dict[str, Any]
    seed: int
    songs: int
    favoured: float
    tracks: tuple[int, int]
    variety: dict[str, float]
    methods: dict[Method, float]
    sources: tuple[DataSource, ...]
    command: str
    shards: tuple[int, ...]


def shard_path(folder: Path, number: int) -> Path:
    """Of a file of a pack."""
    return folder / f"scenes-{number:05d}.safetensors"


def write_shard(path: Path, scenes: Sequence[PackedScene]) -> None:
    """Writes scenes as one file, tracks one after the other."""
    parts: dict[str, list[Tensor]] = {name: [] for name in ("counts", "settings", *_OF_TRACKS, *_OF_SCENES)}
    for scene in scenes:
        for name, value in _columns(scene).items():
            parts[name].append(value)
    one_after_the_other = {"settings", *_OF_TRACKS}
    stacked = {
        name: (torch.cat if name in one_after_the_other else torch.stack)(found) for name, found in parts.items()
    }
    with AtomicFile(path) as file:
        file.write(save({name: value.contiguous() for name, value in stacked.items()}))


def _columns(scene: PackedScene) -> dict[str, Tensor]:
    """Statistics are kept in half precision: they are of about unit size, and are only ever heard."""
    heard, pair = scene.heard, scene.heard.pair
    return {
        "counts": torch.tensor(len(scene.roles)),
        "tracks": heard.tracks.half(),
        "track_spectra": heard.track_spectra,
        "sides": heard.sides,
        "mono": heard.mono,
        "roles": scene.roles,
        **{f"pair.{name}": value for name, value in pair._asdict().items()},
        "reference": heard.reference.half(),
        "reference_spectrum": heard.reference_spectrum,
        "settings": scene.settings.tracks.float(),
        "fx": scene.settings.fx.float(),
        "master": scene.settings.master.float(),
        "method": torch.tensor(_METHODS.index(scene.method)),
    }


class Pack:
    """Scenes of a folder, by number.

    Args:
        folder: that `diffmst data pack` wrote.

    Raises:
        UserError: it is no pack.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = read_record(folder)
        self._shards = [_Shard(shard_path(folder, number)) for number in range(len(self.record.shards))]
        self._places = [(number, scene) for number, count in enumerate(self.record.shards) for scene in range(count)]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> PackedScene:
        shard, scene = self._places[index]
        return self._shards[shard].scene(scene)

    @property
    def hearing(self) -> Hearing:
        """How its scenes were staged."""
        return Hearing(**self.record.hearing)


class _Shard:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _file(self) -> Any:  # noqa: ANN401
        try:
            return safe_open(self._path, "pt")
        except (OSError, SafetensorError):
            raise UserError(
                f"{self._path}: is missing or damaged; make the pack again with `diffmst data pack`"
            ) from None

    @cached_property
    def _ends(self) -> list[int]:
        counts: Tensor = self._file.get_tensor("counts")
        return [0, *counts.cumsum(0).tolist()]

    @cached_property
    def _slices(self) -> dict[str, Any]:
        return {name: self._file.get_slice(name) for name in ("settings", *_OF_TRACKS, *_OF_SCENES)}

    def scene(self, number: int) -> PackedScene:
        rows = slice(self._ends[number], self._ends[number + 1])
        found = {name: part[rows] for name, part in self._slices.items() if name not in _OF_SCENES}
        found |= {name: self._slices[name][number : number + 1][0] for name in _OF_SCENES}
        tracks, reference = found["tracks"].float(), found["reference"].float()
        heard = Impression(
            tracks=tracks,
            reference=reference,
            track_spectra=found["track_spectra"],
            reference_spectrum=found["reference_spectrum"],
            pair=PairFeatures(*(found[f"pair.{name}"] for name in PairFeatures._fields)),
            roles=torch.zeros(0),
            sides=found["sides"],
            mono=found["mono"],
            has_track=torch.ones(len(tracks), dtype=torch.bool),
            has_reference_window=torch.ones(len(reference), dtype=torch.bool),
        )
        settings = Settings(found["settings"], found["fx"], found["master"])
        return PackedScene(heard, settings, found["roles"], _METHODS[int(found["method"])])


def read_record(folder: Path) -> PackRecord:
    """What a pack says of itself.

    Raises:
        UserError: the folder is no pack.
    """
    path = folder / RECORD
    try:
        return PackRecord.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}; make the pack again with `diffmst data pack`") from None
    except (OSError, ValueError):
        raise UserError(f"{folder}: is no pack; make one with `diffmst data pack SONGS -o {folder}`") from None
