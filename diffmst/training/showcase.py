"""What a model makes of a few examples while it learns: audio to listen to, and spectra to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure
from torch import Tensor

from diffmst.audio.writing import AudioWriter
from diffmst.dsp.band_powers import CROSS, LEFT, RIGHT, band_centres_hz, band_powers
from diffmst.outputs import write_errors
from diffmst.training.datamodule import ExampleData
from diffmst.training.ema import averaged_network
from diffmst.training.example import Example
from diffmst.training.system import TrainingSystem

_PEAK = 0.9  # of what is written: settings that a model is only learning may be loud
_FLOOR = 1e-9


class Showcase(Callback):
    """Writes reference, prediction and truth of some examples, and their spectra; to TensorBoard, the spectra only.

    Args:
        folder: of the files, in one folder for each step.
        every_steps: how often; the last step counts too.
    """

    def __init__(self, folder: Path, every_steps: int) -> None:
        self._folder, self._every_steps = folder, every_steps

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: list[Example],
        batch_idx: int,
    ) -> None:
        """Shows, if it is time to, or the run ends here, however short it was."""
        due = trainer.global_step % self._every_steps == 0 or trainer.global_step >= trainer.max_steps
        if due and trainer.is_global_zero:
            assert isinstance(pl_module, TrainingSystem)
            pl_module.stopwatch.pause()
            self.show(trainer, pl_module)
            pl_module.stopwatch.resume()

    def show(self, trainer: Trainer, system: TrainingSystem) -> None:
        """All examples, as they are now mixed."""
        data = trainer.datamodule  # type: ignore[attr-defined]
        assert isinstance(data, ExampleData)
        folder = self._folder / f"step-{trainer.global_step:07d}"
        for number, example in enumerate(data.showcase):
            name = f"{number}-{example.method}"
            mixes = self._mixes(trainer, system, example)
            sample_rate = example.scene.excerpts.sample_rate
            figure = _spectra(mixes, sample_rate)
            _write(folder, name, mixes, sample_rate, figure)
            for logger in trainer.loggers:
                if isinstance(logger, TensorBoardLogger):
                    logger.experiment.add_figure(f"spectra/{name}", figure, trainer.global_step, close=False)

    def _mixes(self, trainer: Trainer, system: TrainingSystem, example: Example) -> dict[str, Tensor]:
        """By name, [windows, 2, time] on the CPU."""
        network = averaged_network(trainer, system)
        training = network.training
        network.eval()
        here = system.transfer_batch_to_device(example, system.device, 0)
        with torch.no_grad():
            prediction = network([here.scene]).song(0, here.scene.tracks)
            predicted = here.scene.excerpts.mixed(network.layout.from_unit(prediction.mean), network.layout)
        network.train(training)
        mixes = {"reference": example.scene.reference, "prediction": predicted.cpu().float()}
        return mixes if example.target is None else mixes | {"truth": example.target}


def _write(folder: Path, name: str, mixes: dict[str, Tensor], sample_rate: int, figure: Figure) -> None:
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / f"{name}.png", dpi=100)
    for kind, mix in mixes.items():
        with AudioWriter(folder / f"{name}-{kind}.wav", sample_rate, 2) as writer:
            writer.write(_in_a_row(mix).numpy())


def _in_a_row(mix: Tensor) -> Tensor:
    """Windows one after the other, [2, time], none of them over full scale."""
    row = mix.transpose(0, 1).flatten(1)
    return row * (_PEAK / row.abs().amax().clamp(min=_PEAK))


def _spectra(mixes: dict[str, Tensor], sample_rate: int) -> Figure:
    """Level and width of every mix over the frequency."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    level, width = figure.subplots(2, sharex=True)
    for kind, mix in mixes.items():
        powers = band_powers(mix, sample_rate).mean((0, 2)).double()
        total, cross = powers[LEFT] + powers[RIGHT], 2 * powers[CROSS]
        level.semilogx(band_centres_hz(), _to_db(total / 2), label=kind)
        width.semilogx(band_centres_hz(), _to_db((total - cross).clamp(min=0)) - _to_db(total + cross), label=kind)
    level.set(ylabel="level / dB")
    width.set(ylabel="side over mid / dB", xlabel="frequency / Hz", ylim=(-40, 10))
    level.legend()
    for axes in (level, width):
        axes.grid(visible=True, alpha=0.3)
    return figure


def _to_db(power: Tensor) -> Tensor:
    return 10 * (power + _FLOOR).log10()
