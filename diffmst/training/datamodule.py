"""What a run trains on and is validated with: batches of examples, made as they are needed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Literal, get_args

from lightning.pytorch import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from diffmst.errors import UserError
from diffmst.models.prediction import MixModel
from diffmst.models.record import DataSource
from diffmst.training import ShowProgress, silently
from diffmst.training.example import Example, Method
from diffmst.training.loading import ExampleLoader, InCourse, Maker, MethodByMethod, Share, checked
from diffmst.training.system import TrainingSystem

Split = Literal["train", "validation"]


class TrainingData(LightningDataModule):
    """What a run trains on, and what is told of it in the model file.

    A batch is what one step learns from, on all processes together. Example i is a function of the seed and i, so a run
    that was stopped goes on with the batch that would have come next.

    Attributes:
        batch: examples in a step; divided evenly among the processes.
        methods: share of the examples of each method.
        show_progress: of preparations.
    """

    batch: int
    methods: dict[Method, float]
    show_progress: ShowProgress

    @property
    def sources(self) -> tuple[DataSource, ...]:
        """What is trained on."""
        return ()

    @property
    def network(self) -> MixModel:
        """That is trained."""
        system = self.attached_trainer.lightning_module
        assert isinstance(system, TrainingSystem)
        return system.network

    @property
    def attached_trainer(self) -> Trainer:
        """Which runs."""
        assert self.trainer is not None
        return self.trainer

    def batches(self) -> int:
        """Of the whole run.

        Raises:
            UserError: it has no end.
        """
        trainer = self.attached_trainer
        if trainer.max_steps < 1:
            raise UserError("training has no end: give --trainer.max_steps")
        return trainer.max_steps * trainer.accumulate_grad_batches


class ExampleData(TrainingData):
    """Examples for training and validation, made as they are needed, wherever they come from.

    The validation examples are always the same, as many of each method.

    Args:
        methods: share of the examples of each method.
        batch: examples in a step; divided evenly among the processes.
        workers: processes that make examples, beside each that trains; 0 makes them between the steps.
        validation: examples of each method that are validated; 0 validates nothing.

    Raises:
        ValueError: a figure that makes no sense.
    """

    def __init__(self, methods: Mapping[Method, float], batch: int, workers: int, validation: int) -> None:
        super().__init__()
        self.methods: dict[Method, float] = {method: share for method, share in methods.items() if share}
        if not self.methods or min(self.methods.values()) < 0:
            raise ValueError(f"methods must have shares above 0, got {dict(methods)}")
        if unknown := self.methods.keys() - set(get_args(Method)):
            raise ValueError(f"methods must be among {', '.join(get_args(Method))}, got {min(unknown)!r}")
        if batch < 1 or workers < 0 or validation < 0:
            raise ValueError(
                f"data.batch must be at least 1, data.workers and data.validation at least 0, "
                f"got {batch}, {workers} and {validation}"
            )
        self.batch, self.workers, self.validation = batch, workers, validation
        self.show_progress: ShowProgress = silently

    @abstractmethod
    def maker(self, split: Split, methods: Mapping[Method, float], network: MixModel) -> Maker:
        """Makes examples of the songs of a split, by methods in these shares, as the model hears."""

    def prepare_data(self) -> None:
        """Refuses what no examples can be made of, before anything is written."""
        if self.attached_trainer.state.fn == "fit":
            self.train_dataloader()
        if self.attached_trainer.limit_val_batches:
            self.val_dataloader()

    def train_dataloader(self) -> DataLoader[Example | UserError]:
        """The whole run in one epoch, from the next step on."""
        trainer, batches = self.attached_trainer, self.batches()
        share = Share(
            self.batch,
            batches,
            first=trainer.global_step * trainer.accumulate_grad_batches,
            rank=trainer.global_rank,
            processes=trainer.world_size,
        )
        make = InCourse(self._maker("train", self.methods), self.batch * batches)
        return ExampleLoader(make, share, self.workers)

    def val_dataloader(self) -> DataLoader[Example | UserError] | list[DataLoader[Example | UserError]]:
        """The validation examples, method by method."""
        if not self.validation:
            return []
        processes = self.attached_trainer.world_size
        if self.validation % processes:
            raise UserError(f"data.validation: {self.validation} examples cannot be shared by {processes} processes")
        batches = self.validation * len(self.methods) // processes
        share = Share(processes, batches, rank=self.attached_trainer.global_rank, processes=processes)
        return ExampleLoader(self._validation, share, self.workers)

    def on_before_batch_transfer(self, batch: list[Example | UserError], dataloader_idx: int) -> list[Example]:
        """The examples, unless one could not be made."""
        return checked(batch)

    @cached_property
    def showcase(self) -> list[Example]:
        """One validation example of each method; none where nothing is validated."""
        return [
            self._validation(number * self.validation) for number in range(len(self.methods) if self.validation else 0)
        ]

    @cached_property
    def _validation(self) -> MethodByMethod:
        makers = [self._maker("validation", {method: 1.0}) for method in self.methods]
        return MethodByMethod(makers, self.validation)

    def _maker(self, split: Split, methods: Mapping[Method, float]) -> Maker:
        """The maker; a figure that makes no sense there is the user's to mend."""
        try:
            return self.maker(split, methods, self.network)
        except ValueError as error:
            raise UserError(f"data: {error}") from error
