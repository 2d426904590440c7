"""The model file of a run: the best weights so far, ready to share and to mix with."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from diffmst.models.card import write_card
from diffmst.models.checkpoint import save_model
from diffmst.models.record import TrainingRecord
from diffmst.training.datamodule import TrainingData
from diffmst.training.ema import averaged_network
from diffmst.training.system import LOSS, TrainingSystem

MODEL = "model.safetensors"
CARD = "model.md"


class Export(Callback):
    """Writes the model whenever its validation loss is the lowest so far; without validation, at the end.

    Args:
        folder: of the model file and its card.
        licence: of the weights.
        command: that trains them again.
    """

    def __init__(self, folder: Path, *, licence: str, command: str) -> None:
        self._folder, self._licence, self._command = folder, licence, command
        self._lowest: float | None = None
        self._seconds = 0.0  # of all earlier parts of the run
        self._began = time.monotonic()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The clock runs from here."""
        self._began = time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the model if it is the best so far."""
        if trainer.state.fn != "fit" or trainer.sanity_checking or LOSS not in trainer.callback_metrics:
            return
        loss = float(trainer.callback_metrics[LOSS])
        if self._lowest is None or loss < self._lowest:
            self._lowest = loss
            self._save(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the model if nothing told which step is the best."""
        if self._lowest is None:
            self._save(trainer, pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Writes the model when the user ends a run of which nothing was validated yet."""
        if isinstance(exception, KeyboardInterrupt) and self._lowest is None and trainer.global_step:
            self._save(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """What is to be known when the run goes on."""
        return {"lowest": self._lowest, "seconds": self._elapsed_s()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from there."""
        self._lowest, self._seconds = state_dict["lowest"], state_dict["seconds"]

    def _elapsed_s(self) -> float:
        return self._seconds + time.monotonic() - self._began

    def _save(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]
        assert isinstance(pl_module, TrainingSystem)
        assert isinstance(data, TrainingData)
        figures: dict[str, float | None] = {
            name: float(value) for name, value in trainer.callback_metrics.items() if "validation/" in name
        }
        record = TrainingRecord(
            licence=self._licence,
            data=data.sources,
            methods={str(method): share for method, share in data.methods.items()},
            steps=trainer.global_step,
            examples=trainer.global_step * data.batch,
            seconds=self._elapsed_s(),
            hardware=_hardware(trainer),
            command=self._command,
            figures=figures,
        )
        network = averaged_network(trainer, pl_module)
        save_model(self._folder / MODEL, network, training=record)
        write_card(self._folder / CARD, network, record)


def _hardware(trainer: Trainer) -> str:
    """Such as `4 x NVIDIA A100` or `2 threads of x86_64`."""
    if trainer.strategy.root_device.type == "cuda":
        return f"{trainer.world_size} x {torch.cuda.get_device_name()}"
    return f"{trainer.world_size} x {torch.get_num_threads()} threads of {platform.processor() or platform.machine()}"
