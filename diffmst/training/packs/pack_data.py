"""Batches of packs, for training and validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from torch.utils.data import DataLoader, Dataset, Sampler

from diffmst.errors import UserError
from diffmst.layout import Layout
from diffmst.models.record import DataSource
from diffmst.models.scene import ROLE_NAMES, Hearing
from diffmst.random_mix.dice import Dice
from diffmst.training import silently
from diffmst.training.datamodule import TrainingData
from diffmst.training.example import Method
from diffmst.training.packs.packed import Pack, PackedScene
from diffmst.training.packs.packed_terms import PackedBatch, packed_batch
from diffmst.training.role_noise import USUAL, RoleNoise

_VALIDATED = (
    RoleNoise(nameless=0.0, unknown=0.0, wrong=0.0, confidence=(1.0, 1.0)),
    RoleNoise(nameless=1.0, by_ear=1.0),
)
_VALIDATED_AT_ONCE = 32


class PackData(TrainingData):
    """Scenes of packs in random order, roles told or withheld anew every time.

    Args:
        pack: folder that `diffmst data pack` made, or several.
        validation: folder of a pack of other songs; without one nothing is validated.
        batch: scenes in a step; divided evenly among the processes.
        seed: of the order and of what is told.
        roles: what the model is told of them.

    Raises:
        ValueError: a batch without scenes.
    """

    def __init__(
        self,
        pack: list[Path] | Path,
        validation: Path | None = None,
        batch: int = 32,
        seed: int = 0,
        roles: RoleNoise = USUAL,
    ) -> None:
        super().__init__()
        if batch < 1:
            raise ValueError(f"data.batch must be at least 1, got {batch}")
        self.batch, self._seed, self._roles = batch, seed, roles
        self._folders = pack if isinstance(pack, list) else [pack]
        self._validation = validation
        self.show_progress = silently

    @cached_property
    def packs(self) -> list[Pack]:
        """All that is trained on.

        Raises:
            UserError: a folder is no pack.
        """
        return [Pack(folder) for folder in self._folders]

    @property
    def methods(self) -> dict[Method, float]:  # type: ignore[override]
        """Share of the scenes of each method, as the first pack has them."""
        return dict(self.packs[0].record.methods)

    @property
    def sources(self) -> tuple[DataSource, ...]:
        """What is trained on."""
        return tuple(source for pack in self.packs for source in pack.record.sources)

    def prepare_data(self) -> None:
        """Refuses packs that do not fit the model, before anything is written."""
        for pack in [*self.packs, *([Pack(self._validation)] if self._validation else [])]:
            if pack.record.layout != self.network.layout.name:
                raise UserError(f"{pack.folder}: is of layout {pack.record.layout}, the model of another one")
            if _staging(pack.hearing) != _staging(self.network.hearing):
                raise UserError(f"{pack.folder}: was staged otherwise than the model hears; make another pack")
        if len({pack.hearing for pack in self.packs}) > 1:
            raise UserError("data.pack: the packs have other numbers of windows; train on one, then on the other")

    def train_dataloader(self) -> DataLoader[PackedBatch]:
        """The whole run in one epoch, from the next step on."""
        trainer, batches = self.attached_trainer, self.batches()
        rank, processes = trainer.global_rank, trainer.world_size
        if self.batch % processes:
            raise UserError(f"{self.batch} scenes cannot be shared by {processes} processes; choose a multiple")
        own = slice(rank * self.batch // processes, (rank + 1) * self.batch // processes)
        scenes = _Batches(self._chain(self.packs), self.batch, self._roles, self._seed, shuffled=True, own=own)
        return PackLoader(scenes, trainer.global_step * trainer.accumulate_grad_batches, batches)

    def val_dataloader(self) -> DataLoader[PackedBatch] | list[DataLoader[PackedBatch]]:
        """All validation scenes twice: with the roles of all tracks, and with what an ear may hear of them."""
        if not self._validation:
            return []
        scenes = self._chain([Pack(self._validation)])
        each = -(-len(scenes) // _VALIDATED_AT_ONCE)
        parts = [_Batches(scenes, _VALIDATED_AT_ONCE, noise, 0, shuffled=False) for noise in _VALIDATED]
        return PackLoader(_InTurn(parts, each), 0, each * len(parts))

    def _chain(self, packs: Sequence[Pack]) -> _Scenes:
        return _Scenes(packs, self.network.layout)


def _staging(hearing: Hearing) -> Hearing:
    """All but the numbers of windows, of which there may be fewer in training than in use."""
    return hearing._replace(song_windows=0, reference_windows=0)


class _Scenes:
    """Scenes of several packs, by number."""

    def __init__(self, packs: Sequence[Pack], layout: Layout) -> None:
        self.layout, self._packs = layout, packs
        self._ends = np.cumsum([len(pack) for pack in packs])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, number: int) -> PackedScene:
        pack = int(np.searchsorted(self._ends, number, side="right"))
        return self._packs[pack][number - (int(self._ends[pack - 1]) if pack else 0)]


class _Batches(Dataset[PackedBatch]):
    """Batch by number: in another order each time that all scenes were heard, or in theirs, once."""

    def __init__(
        self, scenes: _Scenes, batch: int, roles: RoleNoise, seed: int, *, shuffled: bool, own: slice = slice(None)
    ) -> None:
        self._scenes, self._batch, self._roles, self._seed = scenes, batch, roles, seed
        self._shuffled, self._own = shuffled, own
        self._order: tuple[int, np.ndarray] = -1, np.arange(0)

    def __getitem__(self, number: int) -> PackedBatch:
        first = number * self._batch
        last = first + self._batch if self._shuffled else min(first + self._batch, len(self._scenes))
        drawn = range(first, last)[self._own]
        scenes = [self._scenes[self._place(index)] for index in drawn]
        told = [
            self._roles.told([ROLE_NAMES[role] for role in scene.roles], Dice(self._seed, index))
            for index, scene in zip(drawn, scenes, strict=True)
        ]
        return packed_batch(scenes, told, self._scenes.layout)

    def _place(self, index: int) -> int:
        if not self._shuffled:
            return index
        round_, place = divmod(index, len(self._scenes))
        if self._order[0] != round_:
            self._order = round_, np.random.default_rng((self._seed, round_)).permutation(len(self._scenes))
        return int(self._order[1][place])


class _InTurn(Dataset[PackedBatch]):
    """So many batches of the first, then of the next."""

    def __init__(self, parts: Sequence[_Batches], each: int) -> None:
        self._parts, self._each = parts, each

    def __getitem__(self, number: int) -> PackedBatch:
        part, batch = divmod(number, self._each)
        return self._parts[part][batch]


class PackLoader(DataLoader[PackedBatch]):
    """Batches by number.

    Args:
        batches: of scenes.
        first: to begin with, where a run is resumed; those before it count in the length.
        count: of all.
    """

    def __init__(self, batches: Dataset[PackedBatch], first: int, count: int) -> None:
        super().__init__(batches, batch_size=None, sampler=_From(first, count))

    def state_dict(self) -> dict[str, int]:
        """Nothing: the number of steps, which a checkpoint holds anyway, tells what comes next."""
        return {}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Nothing."""


class _From(Sampler[int]):
    """Numbers from one on, counted as if from 0."""

    def __init__(self, first: int, count: int) -> None:
        self._first, self._count = first, count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._first, self._count))

    def __len__(self) -> int:
        return self._count
