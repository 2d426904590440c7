"""Lightning's trainer, with a progress bar of the run and a table of where its time goes."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import RichProgressBar
from rich.console import Console
from rich.table import Table

from diffmst.training.datamodule import ExampleData
from diffmst.training.stage_times import StageTimes
from diffmst.training.stopwatch import Spent
from diffmst.training.system import TrainingSystem


class SongTrainer(Trainer):
    """Lightning's trainer, and a way to see where the time goes."""

    def profile(self, model: TrainingSystem, datamodule: ExampleData, steps: int = 10, warmup: int = 2) -> None:
        """Train for a few steps and tell where the time goes.

        Args:
            model: what is trained.
            datamodule: what on.
            steps: that are measured.
            warmup: steps before them that are not: kernels are loaded in them, and memory is claimed.
        """
        times = StageTimes(warmup)
        self.callbacks = [times]
        self.loggers = []
        self.limit_val_batches = 0
        self.fit_loop.epoch_loop.max_steps = steps + warmup
        model.stopwatch.exact = True
        self.fit(model, datamodule=datamodule)
        if self.is_global_zero:
            Console().print(_table(times, datamodule.batch))


class ProgressBar(RichProgressBar):
    """Shows the steps and the time left."""

    @property
    def total_train_batches(self) -> int | float:
        """Of the whole run, also where it is resumed."""
        return self.trainer.num_training_batches

    def _get_train_description(self, current_epoch: int) -> str:
        """A run is one epoch: there is nothing to count."""
        return "Training  "

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
        """What is logged for it, and no number of the log."""
        return {name: value for name, value in super().get_metrics(trainer, pl_module).items() if name != "v_num"}


def _table(times: StageTimes, batch: int) -> Table:
    """Time per step and its share, by stage."""
    table = Table("stage", "ms per step", "share", "processor ms", title=f"{times.steps} steps of {batch} examples")
    for column in table.columns[1:]:
        column.justify = "right"
    total = sum(times.spent.values(), Spent())
    for stage, spent in [*times.spent.items(), ("all", total)]:
        wall_ms, processor_ms = (1_000 * seconds / times.steps for seconds in spent)
        table.add_row(stage, f"{wall_ms:,.1f}", f"{spent.wall_s / total.wall_s:.0%}", f"{processor_ms:,.1f}")
    table.caption = (
        f"{times.steps / total.wall_s:.3g} steps and {batch * times.steps / total.wall_s:.3g} examples a second"
    )
    return table
