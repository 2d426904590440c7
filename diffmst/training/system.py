"""What happens in a training step: predict, mix, compare, and step if all is finite."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.cli import OptimizerCallable
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from diffmst.errors import UserError
from diffmst.layout import Settings
from diffmst.models.checkpoint import load_model
from diffmst.models.hearing_bands import BandBatch, SceneBands, band_batch, scene_bands
from diffmst.models.prediction import MixModel, Prediction
from diffmst.models.scene import Scene
from diffmst.training.example import Example
from diffmst.training.stopwatch import Stopwatch
from diffmst.training.terms import Case, Losses, Terms

_log = logging.getLogger(__name__)

LOSS = "validation/loss"
"""By which the best step is chosen: the mean over the methods that are validated."""


@dataclass(frozen=True)
class Schedule:
    """The learning rate over the steps, as shares of the optimizer's own.

    Attributes:
        warmup_steps: in which it rises from 0.
        final: share that it falls to by half a cosine at the last step; 1 keeps it.

    Raises:
        ValueError: a figure that makes no sense.
    """

    warmup_steps: int = 0
    final: float = 1.0

    def __post_init__(self) -> None:
        if self.warmup_steps < 0:
            raise ValueError(f"warmup_steps must be at least 0, got {self.warmup_steps}")
        if not 0 <= self.final <= 1:
            raise ValueError(f"final must lie in 0 .. 1, got {self.final}")

    def share(self, step: int, steps: int) -> float:
        """Of the learning rate at a step of so many.

        >>> schedule = Schedule(warmup_steps=10, final=0.1)
        >>> [round(schedule.share(step, 110), 2) for step in (0, 4, 9, 60, 110)]
        [0.1, 0.5, 1.0, 0.55, 0.1]
        """
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        done = min(1.0, (step - self.warmup_steps) / max(1, steps - self.warmup_steps))
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2


CONSTANT = Schedule()


@runtime_checkable
class HearsBands(Protocol):
    """A model that hears nothing but band powers: they are computed once, for it and for the losses."""

    def predict_bands(self, batch: BandBatch) -> Prediction:
        """Settings for a batch."""
        ...


class TrainingSystem(LightningModule):
    """A model being trained.

    The loss of a batch is the mean over its examples of the sum of their terms, so it is the same on any number of
    processes. The model runs in the precision of the trainer; console and losses always in float32, with the filters
    and compressors in float64 inside, as anywhere else.

    Args:
        network: the model.
        losses: weight of every term, see `terms.TERM_NAMES`; what is not named is 0.
        optimizer: from parameters to the optimizer; vectors (biases, norms) are never decayed.
        schedule: of the learning rate.
        peak_normalised: mixes are compared at a peak of 1.
        patience: steps in a row whose loss or gradient is not finite, after which training is given up. Until then they
            are skipped and counted.
        start: model file whose weights to begin with, where not with random ones.

    Raises:
        UserError: the model file cannot be used, or is of another model.
        ValueError: there is no such term.
    """

    def __init__(
        self,
        network: MixModel,
        losses: dict[str, float],
        optimizer: OptimizerCallable = AdamW,
        schedule: Schedule = CONSTANT,
        peak_normalised: bool = False,
        patience: int = 20,
        start: Path | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        if start:
            _take_weights(network, start)
        self.losses = self.make_losses(losses)
        self.stopwatch = Stopwatch()
        self._optimizer = optimizer
        self._schedule = schedule
        self._peak_normalised = peak_normalised
        self._patience = patience
        self.skipped_steps = 0
        self.redrawn: Counter[str] = Counter()
        self._skipped_in_a_row = 0

    make_losses: Callable[[dict[str, float]], Any] = Losses

    def training_step(self, batch: list[Example], _: int) -> Tensor:
        """The loss of a batch, a mean over its examples."""
        self._count_redrawn(batch)
        summed = dict.fromkeys(self.losses.names, torch.zeros((), device=self.device))
        unused = torch.zeros((), device=self.device)
        for case in self.cases(batch):
            for name, term in self._terms(case).items():
                summed[name] = summed[name] + term
            unused = unused + 0 * torch.cat([part.flatten() for part in parts(case.prediction)]).sum()
        terms = torch.stack(list(summed.values())) / len(batch)
        self._log_terms(terms.detach())
        loss = terms.sum() + unused
        # What is not finite here becomes so in every gradient, on every process: there it is looked for, once a step.
        return loss * torch.where(loss.detach().isfinite(), 1.0, torch.nan)

    def validation_step(self, batch: list[Example], _: int) -> None:
        """The terms of each example, under the name of its method."""
        for case in self.cases(batch):
            terms = self._terms(case)
            loss = sum(terms.values(), torch.zeros((), device=self.device))
            method = f"validation/{case.example.method}"
            named = {f"{method}/{name}": term for name, term in terms.items()}
            self.log_dict(named | {f"{method}/loss": loss, LOSS: loss}, batch_size=1, on_epoch=True, sync_dist=True)

    def cases(self, batch: Sequence[Example]) -> list[Case]:
        """Every example of a batch beside what is predicted for it."""
        with self.stopwatch.during("model"):
            prediction, bands = self._predicted([example.scene for example in batch])
        return [
            Case(
                example,
                full_precision(prediction.song(index, example.scene.tracks)),
                self.network.layout,
                peak_normalised=self._peak_normalised,
                bands=bands[index] if bands else None,
                stopwatch=self.stopwatch,
            )
            for index, example in enumerate(batch)
        ]

    def _predicted(self, scenes: list[Scene]) -> tuple[Prediction, list[SceneBands]]:
        if not isinstance(self.network, HearsBands):
            return self.network(scenes), []
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
            bands = [scene_bands(scene) for scene in scenes]
        return self.network.predict_bands(band_batch(bands)), bands

    def _terms(self, case: Case) -> Terms:
        with self.stopwatch.during("loss"), torch.autocast(self.device.type, enabled=False):
            return self.losses(case)

    def _log_terms(self, terms: Tensor) -> None:
        """Logs the terms of this step, meaned over the processes at once."""
        terms = self.trainer.strategy.reduce(terms, reduce_op="mean")
        self.log_dict(
            {f"train/{name}": term for name, term in zip(self.losses.names, terms, strict=True)}, batch_size=1
        )
        self.log("train/loss", terms.sum(), prog_bar=True, batch_size=1)

    # --- gradients and steps ------------------------------------------------------------------------------------------

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimizer, and the schedule of its learning rate."""
        weights = [weight for weight in self.network.parameters() if weight.requires_grad]
        matrices, vectors = ([weight for weight in weights if (weight.ndim > 1) == wanted] for wanted in (True, False))
        optimizer = self._optimizer([{"params": matrices}, {"params": vectors, "weight_decay": 0.0}])
        steps = self.trainer.max_steps
        scheduler = LambdaLR(optimizer, lambda step: self._schedule.share(step, steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def configure_gradient_clipping(
        self, optimizer: Optimizer, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clips the norm of the gradient; one that is not finite is dropped, and this step changes no weight.

        Raises:
            UserError: too many in a row.
        """
        if gradient_clip_algorithm not in (None, "norm"):
            raise ValueError(f"gradient_clip_algorithm must be 'norm', got {gradient_clip_algorithm!r}")
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), gradient_clip_val or math.inf)
        finite = bool(norm.isfinite())
        self._skipped_in_a_row = 0 if finite else self._skipped_in_a_row + 1
        if not finite:
            self.skipped_steps += 1
            optimizer.zero_grad(set_to_none=True)
        self._log_step(norm, optimizer.param_groups[0]["lr"])
        if self._skipped_in_a_row >= self._patience:
            raise UserError(
                f"the loss or its gradient was not finite {self._patience} steps in a row, up to step "
                f"{self.global_step}; lower the learning rate, or check the data with `diffmst data check`"
            )

    def _count_redrawn(self, batch: Sequence[Example]) -> None:
        """Counts what was drawn again for these examples on this process; says so when a reason first comes up."""
        for reason in (reason for example in batch for reason in example.redrawn):
            if reason not in self.redrawn:
                _log.warning("training goes on with other examples where there is %s (train/redrawn counts)", reason)
            self.redrawn[reason] += 1

    def _log_step(self, norm: Tensor, learning_rate: float) -> None:
        self.log("train/gradient_norm", norm, batch_size=1)
        self.log("train/learning_rate", learning_rate, batch_size=1)
        self.log("train/skipped_steps", float(self.skipped_steps), batch_size=1)
        self.log("train/redrawn", float(self.redrawn.total()), batch_size=1)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Beside the weights, how many steps were skipped, and what was drawn again."""
        checkpoint |= {"skipped_steps": self.skipped_steps, "redrawn": dict(self.redrawn)}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Goes on counting."""
        self.skipped_steps = checkpoint["skipped_steps"]
        self.redrawn = Counter(checkpoint["redrawn"])

    # --- where the time goes: see `Stopwatch` -------------------------------------------------------------------------

    def on_train_batch_start(self, batch: list[Example], batch_idx: int) -> None:
        """The examples are here."""
        self.stopwatch.to("other")

    def on_validation_start(self) -> None:
        """No time of training."""
        self.stopwatch.pause()

    def on_validation_end(self) -> None:
        """More examples are wanted."""
        self.stopwatch.resume()
        self.stopwatch.to("data")

    def on_before_backward(self, loss: Tensor) -> None:
        """Gradients are next."""
        self.stopwatch.to("backward")

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """The step is next, and what callbacks do after it."""
        self.stopwatch.to("optimizer")

    def on_train_batch_end(self, outputs: Any, batch: list[Example], batch_idx: int) -> None:  # noqa: ANN401
        """More examples are wanted."""
        self.stopwatch.to("data")


def _take_weights(network: MixModel, path: Path) -> None:
    try:
        network.load_state_dict(load_model(path).state_dict())
    except RuntimeError:
        raise UserError(f"{path}: is another model than the one to be trained; give one of its configuration") from None


def parts(prediction: Prediction) -> list[Tensor]:
    """All that was predicted: each takes part in the loss, if with weight 0, as processes that share gradients need."""
    told = [] if prediction.right is None else [prediction.right]
    return [*prediction.mean, *prediction.width, *told]


def full_precision(prediction: Prediction) -> Prediction:
    """In float32 where the model ran in half of it: settings of a console need more than 11 bits."""

    def of(part: Tensor) -> Tensor:
        return part.float() if part.dtype in (torch.float16, torch.bfloat16) else part

    mean, width = (Settings(*map(of, part)) for part in (prediction.mean, prediction.width))
    return Prediction(mean, width, None if prediction.right is None else of(prediction.right))
