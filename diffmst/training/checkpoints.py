"""The checkpoint that a run goes on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from diffmst.training.example import Example


class LastCheckpoint(Checkpoint):
    """Writes the state of a run, whole or not at all, replacing the one before: now and then, and whenever it ends.

    When a run ends by an error, only a single process writes: several would wait for those that are no more.

    Args:
        path: of the checkpoint.
        every_steps: how often.
    """

    def __init__(self, path: Path, every_steps: int) -> None:
        self._path, self._every_steps = path, every_steps
        self._saved_step = 0

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: list[Example],
        batch_idx: int,
    ) -> None:
        """Now and then."""
        if trainer.global_step % self._every_steps == 0:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """At the end, while the weights are still those of the last step, not their average."""
        self._save(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """When something, or the user, ends it."""
        if trainer.training and (trainer.world_size == 1 or isinstance(exception, KeyboardInterrupt)):
            self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        if trainer.global_step != self._saved_step:
            self._saved_step = trainer.global_step
            trainer.save_checkpoint(self._path)
