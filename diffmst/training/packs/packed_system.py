"""What happens in a training step on scenes of a pack."""

from __future__ import annotations

from pathlib import Path

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor
from torch.optim import AdamW

from diffmst.models.prediction import MixModel, Prediction
from diffmst.models.style_transfer import StyleTransfer
from diffmst.training.packs.packed_terms import PackedBatch, PackedLosses
from diffmst.training.packs.yardsticks import yardsticks
from diffmst.training.system import CONSTANT, LOSS, Schedule, TrainingSystem, full_precision, parts
from diffmst.training.terms import Terms


class PackedSystem(TrainingSystem):
    """A model being trained on what was heard before; see `TrainingSystem`.

    Raises:
        ValueError: the model hears more than a pack holds.
    """

    make_losses = PackedLosses

    def __init__(
        self,
        network: MixModel,
        losses: dict[str, float],
        optimizer: OptimizerCallable = AdamW,
        schedule: Schedule = CONSTANT,
        patience: int = 20,
        start: Path | None = None,
    ) -> None:
        super().__init__(network, losses, optimizer, schedule, patience=patience, start=start)
        if not isinstance(self.network, StyleTransfer):
            raise ValueError("packs are for StyleTransfer: other models hear audio")  # noqa: TRY004  # a setting

    def training_step(self, batch: PackedBatch, _: int) -> Tensor:  # type: ignore[override]
        """The loss of a batch."""
        with self.stopwatch.during("model"):
            prediction = self._heard(batch)
        with self.stopwatch.during("loss"):
            found = self._terms_of(batch, prediction)
        terms = torch.stack([found[name] for name in self.losses.names])
        self._log_terms(terms.detach())
        unused = 0 * torch.cat([part.flatten() for part in parts(prediction)]).sum()
        loss = terms.sum() + unused
        return loss * torch.where(loss.detach().isfinite(), 1.0, torch.nan)

    def validation_step(self, batch: PackedBatch, _: int) -> None:  # type: ignore[override]
        """Errors of the prediction in decibels, beside those of equal loudness; the best step is chosen by them.

        Not by the terms that are trained: settings of songs that are not trained on soon become less likely, while what
        is heard of the mixes still comes nearer to the truth.
        """
        prediction = self._heard(batch)
        told = "named" if bool((batch.heard.roles.amax(-1) == 1).all()) else "by-ear"
        terms = self._terms_of(batch, prediction)
        for name, term in terms.items():
            self._log_mean(f"validation/{told}/{name}", term, len(batch.methods))
        with torch.autocast(self.device.type, enabled=False):
            errors = yardsticks(batch, prediction, self.network.layout)
        self._log_mean(LOSS, (errors["level_lu"] + errors["width_db"] / 2).mean(), len(batch.methods))
        for name, values in errors.items():
            for method in sorted(set(batch.methods)):
                own = torch.tensor([one == method for one in batch.methods])
                self._log_mean(f"validation/{method}/{told}/{name}", values[own].mean(), int(own.sum()))

    def _heard(self, batch: PackedBatch) -> Prediction:
        assert isinstance(self.network, StyleTransfer)
        return full_precision(self.network.predict_heard(batch.heard))

    def _terms_of(self, batch: PackedBatch, prediction: Prediction) -> Terms:
        """In full precision, whatever that of the trainer is."""
        with torch.autocast(self.device.type, enabled=False):
            return self.losses(batch, prediction, self.network.layout)

    def _log_mean(self, name: str, figure: Tensor, scenes: int) -> None:
        self.log(name, figure, batch_size=scenes, on_epoch=True, sync_dist=True)
