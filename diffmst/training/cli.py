"""`diffmst train`: fit, validate and profile, each from layered configurations and options, by LightningCLI."""

from __future__ import annotations

import logging
import os
import shlex
import warnings
from argparse import ArgumentError
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")  # of what Lightning calls, not we

import yaml
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger, Logger
from rich.console import Console

from diffmst.errors import UserError
from diffmst.models.architectures import architecture_of
from diffmst.models.checkpoint import read_record
from diffmst.training import Command, ShowProgress, silently
from diffmst.training.checkpoints import Finish, LastCheckpoint
from diffmst.training.configuration import read_configuration
from diffmst.training.datamodule import ExampleData, TrainingData
from diffmst.training.ema import Ema
from diffmst.training.export import MODEL, Export
from diffmst.training.packs.pack_data import PackData
from diffmst.training.packs.packed_system import PackedSystem
from diffmst.training.run_folder import CHECKPOINT, CONFIGURATION, Events, KeepConfiguration, Run, check_checkpoint
from diffmst.training.showcase import Showcase
from diffmst.training.song_data import SongData
from diffmst.training.stage_times import StageTimes
from diffmst.training.system import LOSS, TrainingSystem
from diffmst.training.trainer import ProgressBar, SongTrainer

_log = logging.getLogger(__name__)

_LAST = "last"
_INTERRUPTED = 130
_REQUEUED = "hpc_ckpt_*.ckpt"
"""What Lightning leaves when Slurm ends a job, and goes on from when it is requeued."""

# What Lightning says of a run that is as it should be: one endless epoch, whose examples are made in between the steps
# where there are few processors, whose processes share every batch themselves.
_EXPECTED = (
    ".*does not have many workers.*",
    ".*LeafSpec.*",
    ".*callbacks used to create the checkpoint need to be provided.*",
    ".*`max_epochs` was not set.*",
    "Total length of `list` across ranks is zero.*",
    ".*Experiment logs directory .* exists and is not empty.*",
    ".*The number of training batches .* is smaller than the logging interval.*",
)


@dataclass(frozen=True)
class Kind:
    """What a command trains, and on what.

    Attributes:
        command: its name.
        about: what it does.
        system: what happens in a step.
        data: what it happens to.
    """

    command: Command
    about: str
    system: type[TrainingSystem]
    data: type[TrainingData]


_KINDS: dict[Command, Kind] = {
    "train": Kind("train", "Train models that mix.", TrainingSystem, SongData),
    "pretrain": Kind("pretrain", "Train models that mix, on packs.", PackedSystem, PackData),
}


class _TrainingCLI(LightningCLI):
    """The commands."""

    def __init__(self, kind: Kind, arguments: Sequence[str], show_progress: ShowProgress) -> None:
        self._kind, self._arguments, self._show_progress = kind, arguments, show_progress
        super().__init__(
            kind.system,
            kind.data,
            save_config_callback=None,
            trainer_class=SongTrainer,
            trainer_defaults={"use_distributed_sampler": False},
            seed_everything_default=0,
            parser_kwargs={name: {"exit_on_error": False} for name in self.subcommands()}
            | {"exit_on_error": False, "prog": f"diffmst {kind.command}", "description": kind.about},
            args=list(_with_configurations(arguments)),
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,
        )

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        given = {"model", "datamodule", "weights_only"}
        return {
            "fit": given | {"train_dataloaders", "val_dataloaders"},
            "validate": given | {"dataloaders"},
            "profile": given,
        }

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_class_arguments(Run, "run")

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:  # noqa: ANN401
        self.config = parser.parse_args(args)

    def instantiate_classes(self) -> None:
        try:
            super().instantiate_classes()
        except (ValueError, MisconfigurationException) as error:
            raise UserError(" ".join(str(error).split())) from error
        self.datamodule.show_progress = self._show_progress

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:  # noqa: ANN401
        """With the callbacks and loggers of the command, beside those that the configuration names."""
        self.run: Run = self._get(self.config_init, "run")
        configured = self._get(self.config_init, "trainer")
        own = {
            "callbacks": [*(configured["callbacks"] or []), *self._callbacks()],
            "logger": configured["logger"] if configured["logger"] is not None else self._loggers(),
            "enable_checkpointing": self.subcommand == "fit",
            "enable_autolog_hparams": False,
            "enable_model_summary": configured["enable_model_summary"] or False,
            "default_root_dir": configured["default_root_dir"] or self.run.out,  # where Slurm's checkpoints go
        }
        return super().instantiate_trainer(**own, **kwargs)

    def _loggers(self) -> list[Logger] | bool:
        if self.subcommand != "fit":
            return False
        csv = CSVLogger(self.run.out, name="logs")
        return [csv, Events(self.run.out, name="logs", version=csv.version)]

    def _callbacks(self) -> list[Callback]:
        trainer = self._get(self.config_init, "trainer")
        callbacks: list[Callback] = [] if trainer["enable_progress_bar"] is False else [ProgressBar()]
        if self.run.ema_decay is not None and self.subcommand != "profile":
            callbacks.append(Ema(self.run.ema_decay))
        if self.subcommand != "fit":
            return callbacks
        if self.run.showcase_steps and issubclass(self._kind.data, ExampleData):
            callbacks.append(Showcase(self.run.out / "showcase", self.run.showcase_steps))
        checkpoint = LastCheckpoint(self.run.out / CHECKPOINT, self.run.checkpoint_steps)
        return [Finish(), *callbacks, self._keeper(), StageTimes(), *self._exports(), checkpoint]

    def _keeper(self) -> Callback:
        settings = self.config["fit"].clone()
        settings["ckpt_path"] = None  # of this call alone
        settings = self._parser("fit").dump(settings, skip_none=False)
        return KeepConfiguration(self.run.out / CONFIGURATION, settings)

    def _exports(self) -> list[Callback]:
        try:
            architecture_of(self.model.network)
        except ValueError:
            _log.warning("the model is no architecture of diffmst: checkpoints are written, but no model file")
            return []
        command = f"diffmst {self._kind.command} {shlex.join(self._arguments)}"
        return [Export(self.run.out, licence=self.run.licence, command=command)]

    def before_fit(self) -> None:
        """Refuses to write over a run."""
        path = self.run.out / CONFIGURATION
        goes_on = self._get(self.config_init, "ckpt_path") or (
            "SLURM_JOB_ID" in os.environ and any(self.run.out.glob(_REQUEUED))
        )
        if self.trainer.is_global_zero and path.exists() and not goes_on:
            raise UserError(f"{path}: holds a run already; go on with --ckpt_path last, or choose another --run.out")
        if self.trainer.is_global_zero:
            _say(f"{sum(weight.numel() for weight in self.model.network.parameters()):,} weights to train")

    def after_fit(self) -> None:
        """Says what to do with the model."""
        path = self.run.out / MODEL
        if self.trainer.is_global_zero and path.exists():
            mixing = f"diffmst mix STEMS --reference SONG --model {shlex.quote(str(path))}"
            training = read_record(path).training
            loss = training.figures.get(LOSS)
            figure = "" if loss is None else f", validation loss {loss:.3f}"
            _say(f"{path}: step {training.steps}{figure}; mix with: {mixing}")

    def _run_subcommand(self, subcommand: str) -> None:
        try:
            super()._run_subcommand(subcommand)
        except SystemExit as end:
            if end.code != 1:  # what Lightning makes of Ctrl-C
                raise
            if subcommand != "fit":
                raise KeyboardInterrupt from None
            _say(self._stopped(), stderr=True)
            raise SystemExit(_INTERRUPTED) from None

    def _stopped(self) -> str:
        step, out = self.trainer.global_step, self.run.out
        if not step:
            return f"stopped before the first step: {out} holds nothing to go on from"
        goes_on = f"diffmst {self._kind.command} fit -c {shlex.quote(str(out / CONFIGURATION))} --ckpt_path {_LAST}"
        return f"stopped at step {step}; go on with: {goes_on}"

    def _parse_ckpt_path(self) -> None:
        """Checkpoints hold no configuration: it lies beside them."""

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        kwargs = super()._prepare_subcommand_kwargs(subcommand)
        if subcommand == "profile":
            return kwargs
        return kwargs | {"weights_only": True, "ckpt_path": self._checkpoint(kwargs["ckpt_path"])}

    def _checkpoint(self, given: str | Path | None) -> Path | None:
        """The checkpoint to go on from, `last` being that of this run."""
        if given is None:
            return None
        path = self.run.out / CHECKPOINT if str(given) == _LAST else Path(given)
        if not path.is_file():
            raise UserError(f"{path}: there is no such checkpoint")
        check_checkpoint(path, self.model)
        return path


def _say(text: str, *, stderr: bool = False) -> None:
    """One line, beside what Lightning shows."""
    Console(stderr=stderr, markup=False, emoji=False, highlight=False).print(text, soft_wrap=True)


def run(command: Command, arguments: Sequence[str], show_progress: ShowProgress = silently) -> None:
    """See `diffmst.training.run_training`."""
    for talkative in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        for expected in _EXPECTED:
            warnings.filterwarnings("ignore", expected)
        try:
            _TrainingCLI(_KINDS[command], arguments, show_progress)
        except ArgumentError as error:
            given = any(argument in ("-c", "--config") or argument.startswith("--config=") for argument in arguments)
            hint = "" if given or "equired" not in str(error) else "; name a configuration, such as -c default"
            raise UserError(" ".join(str(error).split()) + hint) from None
        except MisconfigurationException as error:
            raise UserError(" ".join(str(error).split())) from error


def _with_configurations(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments with every configuration in place of its name."""
    follows = False
    for argument in arguments:
        option, _, name = argument.partition("=")
        if follows:
            yield _configuration(argument)
        elif option in ("-c", "--config") and name:
            yield from (option, _configuration(name))
        else:
            yield argument
        follows = argument in ("-c", "--config")


def _configuration(name: str) -> str:
    """As YAML, with all that it includes."""
    return yaml.safe_dump(read_configuration(name), sort_keys=False)
