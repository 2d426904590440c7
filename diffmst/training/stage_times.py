"""Where the time of training goes, step by step: logged, and summed up for a table."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from diffmst.training.example import Example
from diffmst.training.stopwatch import Spent, Stage
from diffmst.training.system import TrainingSystem


class StageTimes(Callback):
    """Logs the seconds of every stage and the examples per second, means since the last log.

    Attributes:
        steps: that `spent` is the time of.
        spent: time in every stage.

    Args:
        warmup_steps: at the start, left out of `spent`: kernels are loaded in them, and memory is claimed.
    """

    def __init__(self, warmup_steps: int = 0) -> None:
        self.steps = -warmup_steps
        self.spent: dict[Stage, Spent] = {}
        self._since_log: dict[Stage, Spent] = {}
        self._steps_since_log = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What came before is no part of training."""
        assert isinstance(pl_module, TrainingSystem)
        pl_module.stopwatch.read()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: list[Example],
        batch_idx: int,
    ) -> None:
        """Takes the time of this step."""
        assert isinstance(pl_module, TrainingSystem)
        spent = pl_module.stopwatch.read()
        self.steps += 1
        if self.steps > 0:
            self.spent = _added(self.spent, spent)
        self._since_log = _added(self._since_log, spent)
        self._steps_since_log += 1
        if trainer.should_stop or trainer.global_step % trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
            self._log(pl_module, len(batch) * trainer.world_size)

    def _log(self, system: TrainingSystem, examples: int) -> None:
        steps = self._steps_since_log
        seconds = {f"seconds/{stage}": spent.wall_s / steps for stage, spent in self._since_log.items()}
        system.log_dict(seconds, batch_size=1)
        system.log("examples_per_second", examples / sum(seconds.values()), batch_size=1)
        self._since_log, self._steps_since_log = {}, 0


def _added(one: dict[Stage, Spent], other: dict[Stage, Spent]) -> dict[Stage, Spent]:
    return {stage: one.get(stage, Spent()) + spent for stage, spent in other.items()}
