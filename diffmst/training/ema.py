"""Averaged weights: what is validated and exported instead of the last step's."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor, nn

from diffmst.models.prediction import MixModel
from diffmst.training.system import TrainingSystem


class Ema(WeightAveraging):
    """Exponential moving average of the weights.

    After n steps the average covers the last third of them at most, so that a short run is not held back by its
    first weights: the decay is min(decay, (1 + n) / (10 + n)).

    Args:
        decay: share of the average that stays at every step, once there have been many.
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must lie in 0 .. 1, got {decay}")
        self.decay = decay
        super().__init__(avg_fn=self._average)
        self._in_place = False  # of the last step's weights, while they are validated

    def _average(self, averaged: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        if not averaged.is_floating_point():  # counts and flags
            return current
        warm = (1 + steps) / (10 + steps)
        decay = warm.clamp(max=self.decay) if isinstance(warm, Tensor) else min(self.decay, warm)
        return averaged + (1 - decay) * (current - averaged)

    @property
    def averaged(self) -> nn.Module | None:
        """The module with averaged weights; None before training."""
        return None if self._average_model is None else self._average_model.module

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Puts the weights of the last step back where a validation was ended."""
        if self._in_place:
            self._swap_models(pl_module)

    def _swap_models(self, pl_module: LightningModule) -> None:
        super()._swap_models(pl_module)
        self._in_place = not self._in_place

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Both sets of weights; where nothing is trained, the averaged ones are already in place."""
        if self._average_model is not None:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)


def averaged_network(trainer: Trainer, system: TrainingSystem) -> MixModel:
    """The model with averaged weights where a run averages them, else as it is."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Ema) and isinstance(callback.averaged, TrainingSystem):
            return callback.averaged.network
    return system.network
