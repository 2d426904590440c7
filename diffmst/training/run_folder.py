"""What a run leaves in its folder: its configuration, its events, and checkpoints to go on from."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from diffmst.errors import UserError
from diffmst.outputs import write_errors, write_text_atomically
from diffmst.training.system import TrainingSystem

CONFIGURATION = "config.yaml"
CHECKPOINT = "last.ckpt"


@dataclass(frozen=True)
class Run:
    """Where a run leaves its results, and how often.

    Attributes:
        out: folder of the run: configuration, checkpoints, logs, audio, model file and card.
        checkpoint_steps: a checkpoint to go on from is written every so many steps, and whenever training ends.
        showcase_steps: audio and spectra are written every so many steps and at the last one; 0 writes none, nor does
            a run on packs.
        ema_decay: of the averaged weights, see `Ema`; null averages none.
        licence: of the weights, for the model file.
    """

    out: Path = Path("run")
    checkpoint_steps: int = 1_000
    showcase_steps: int = 5_000
    ema_decay: float | None = 0.999
    licence: str = "unspecified"


class KeepConfiguration(Callback):
    """Writes the whole configuration once training begins, unless the run has one: what never began leaves none.

    Args:
        path: of the file.
        settings: all of them, as YAML.
    """

    def __init__(self, path: Path, settings: str) -> None:
        self._path, self._settings = path, settings

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes it."""
        if trainer.is_global_zero and not self._path.exists():
            with write_errors(self._path):
                self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(self._path, self._settings)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Takes it away again before the first step: there is nothing to go on from."""
        if trainer.is_global_zero and not trainer.global_step:
            self._path.unlink(missing_ok=True)


class Events(TensorBoardLogger):
    """TensorBoard's files, without one of settings: those lie in the configuration of the run."""

    def save(self) -> None:
        """Writes what has happened."""
        self.experiment.flush()


def check_checkpoint(path: Path, system: TrainingSystem) -> None:
    """Its weights are not read, only their shapes.

    Raises:
        UserError: the file is no checkpoint, or one of another model.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        found = {name: weight.shape for name, weight in checkpoint["state_dict"].items()}
        checkpoint["loops"]
    except (RuntimeError, OSError, EOFError, LookupError, AttributeError, TypeError, pickle.UnpicklingError):
        raise UserError(f"{path}: is no checkpoint of a run, or a damaged one; give another one of the run") from None
    if found != {name: weight.shape for name, weight in system.state_dict().items()}:
        raise UserError(f"{path}: is of another model; give the {CONFIGURATION} of its run")
