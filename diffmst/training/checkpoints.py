"""Where a run ends, and the checkpoint that it goes on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
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
        self._saved: tuple[int, int] | None = None  # before training: nothing is there to be saved
        self._validated_step = -1

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What is there already need not be written."""
        self._saved = (trainer.global_step, self._validated_step)

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

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """This step is validated."""
        self._validated_step = trainer.global_step

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """At the end, while the weights are still those of the last step, not their average."""
        self._save(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """When something, or the user, ends it."""
        interrupted = isinstance(exception, KeyboardInterrupt)
        if trainer.state.fn == "fit" and (trainer.world_size == 1 or interrupted):
            self._save(trainer)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Tells the trainer to go on after the last step that was finished, whatever it was in the middle of."""
        batches = trainer.global_step * trainer.accumulate_grad_batches
        every = trainer.val_check_batch
        due = trainer.enable_validation and isinstance(every, int) and batches % every == 0
        _finish_step(checkpoint["loops"]["fit_loop"], batches, due and self._validated_step != trainer.global_step)

    def state_dict(self) -> dict[str, Any]:
        """What is to be known when the run goes on."""
        return {"validated_step": self._validated_step}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from there."""
        self._validated_step = state_dict["validated_step"]

    def _save(self, trainer: Trainer) -> None:
        state = (trainer.global_step, self._validated_step)
        if self._saved not in (None, state):
            self._saved = state
            trainer.save_checkpoint(self._path)


def _finish_step(loop: dict[str, Any], batches: int, validate: bool) -> None:
    """Sets the counters of Lightning's loop of training to where so many batches are over.

    A run that is ended in the middle of a step has counted its batch already, and would validate and log one step too
    early from there on. What Lightning takes for a step of which only the end is missing goes on with the next one;
    what it takes for a validation that has begun is validated first.
    """
    progress = loop["epoch_loop.batch_progress"]
    for counters in (progress["total"], progress["current"]):
        counters.update(dict.fromkeys(("ready", "started", "processed"), batches))
        counters["completed"] = batches if validate else batches - 1
    progress["is_last_batch"] = False
    loop["epoch_loop.state_dict"]["_batches_that_stepped"] = batches - 1
    if validate:
        counts = {"ready": 1, "started": 1, "processed": 0, "completed": 0}
        loop["epoch_loop.val_loop.batch_progress"]["total"].update(counts)
        loop["epoch_loop.val_loop.batch_progress"]["current"].update(dict.fromkeys(counts, 0))


class Finish(Callback):
    """Has the last step logged and validated, wherever it falls: what trains for a short while tells of it too."""

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: list[Example],
        batch_idx: int,
    ) -> None:
        """Says that the run ends here."""
        if trainer.global_step >= trainer.max_steps:
            trainer.should_stop = True
