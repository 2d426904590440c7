"""Training: examples of songs, references and known mixes, and the system that learns from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

from diffmst.errors import UserError
from diffmst.progress import SILENT, Progress

ShowProgress = Callable[[], AbstractContextManager[Progress]]
"""Opens something that shows progress, for as long as there is work to be shown."""

Command = Literal["train", "pretrain"]

_EXTRA = ("jsonargparse", "lightning", "matplotlib", "tensorboard", "yaml")


def silently() -> AbstractContextManager[Progress]:
    """Shows nothing."""
    return nullcontext(SILENT)


def run_training(command: Command, arguments: Sequence[str], show_progress: ShowProgress = silently) -> None:
    """Runs `diffmst train ARGUMENTS`, or pretrain.

    Args:
        command: which of the two.
        arguments: of the command line: `fit`, `validate` or `profile`, then options.
        show_progress: of the preparation of the data; training itself has bars of its own, once that is over.

    Raises:
        UserError: what the user gave cannot be used, or the packages of the extra `train` are missing.
        SystemExit: help was asked for; or 130, training was stopped by Ctrl-C.
    """
    try:
        from diffmst.training import cli
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        raise UserError(f"training needs {missing}: pip install 'diffmst[train]'") from None
    cli.run(command, arguments, show_progress)
