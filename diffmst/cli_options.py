"""Options that several commands of the command line share, and what they mean."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.amount import Amounts
    from diffmst.mix_parts import Subtype
    from diffmst.models.prediction import MixModel


AS_BEFORE = "as in the document"

WITHOUT_MODEL = "none"
"""Given for a model: stems are balanced by their roles, and refinement begins there."""

_TAIL = "Go on for so long after the stems, for the reverb to die away, s."


class SampleFormat(StrEnum):
    """Sample formats of a WAV file by their everyday names."""

    BITS_16 = "16"
    BITS_24 = "24"
    FLOAT = "float"


SUBTYPES: dict[SampleFormat, Subtype] = {
    SampleFormat.BITS_16: "PCM_16",
    SampleFormat.BITS_24: "PCM_24",
    SampleFormat.FLOAT: "FLOAT",
}


class LayoutName(StrEnum):
    """The console's sets of controls."""

    DEFAULT = "default"
    PAPER = "paper"


def _amount(option: str, of_what: str) -> typer.models.OptionInfo:
    info: typer.models.OptionInfo = typer.Option(
        option,
        help=f"{of_what}, percent: 0 leaves it neutral, 100 is as matched, more goes further that way.",
        min=0,
        max=150,
        show_default=False,
        rich_help_panel="More or less of it",
    )
    return info


Force = Annotated[bool, typer.Option("--force", help="Replace outputs of the same names.")]
Stems = Annotated[bool, typer.Option("--stems", help="Also write every processed stem and the reverb return.")]
Tail = Annotated[float, typer.Option("--tail", help=_TAIL, min=0, max=30)]
OtherTail = Annotated[float | None, typer.Option("--tail", help=_TAIL, min=0, max=30, show_default=AS_BEFORE)]
Start = Annotated[float | None, typer.Option("--start", help="Listen to the stems from here only, s.", min=0)]
ReferenceStart = Annotated[
    float | None, typer.Option("--reference-start", help="Listen to the reference from here only, s.", min=0)
]
Seconds = Annotated[float | None, typer.Option("--seconds", help="Listen to this much from there, s.", min=1, max=60)]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        help="Refinement steps at most; 0 leaves what a model predicts, or balances.",
        min=0,
        show_default="80",
    ),
]
TimeS = Annotated[float, typer.Option("--time", help="Refinement time at most, s.", min=0, show_default="no limit")]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="FILE=ROLE",
        help="What a stem is, where its name does not tell: 03_gtr.wav=bass, or of several: 'vox*=backing'.",
        show_default=False,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="A model.safetensors that says where to begin, or none.",
        show_default="the one that comes with diffmst",
    ),
]
NoRefine = Annotated[bool, typer.Option("--no-refine", help="Leave it at what the model predicts.")]
Amount = Annotated[float | None, _amount("--amount", "How much of everything")]
LevelAmount = Annotated[float | None, _amount("--level", "How much of the levels of the tracks")]
ToneAmount = Annotated[float | None, _amount("--tone", "How much of the equalizers")]
DynamicsAmount = Annotated[float | None, _amount("--dynamics", "How much of the compressors")]
WidthAmount = Annotated[float | None, _amount("--width", "How much of the panning, and of the width of the mix")]
SpaceAmount = Annotated[float | None, _amount("--space", "How much of the reverb")]


def chosen_amounts(before: Amounts | None = None, **percent: float | None) -> Amounts:
    """The amounts that the options say, those of `before` where they say nothing."""
    from diffmst.amount import Amounts

    given = {name: value for name, value in percent.items() if value is not None}
    return (before or Amounts()).model_copy(update=given)


def refinement_steps(steps: int | None, time_s: float, model: MixModel | None, *, no_refine: bool) -> int:
    """How many steps refinement takes at most.

    Args:
        steps: asked for; None for as many as usual.
        time_s: asked for, likewise at most.
        model: that predicts where refinement begins, if there is one.
        no_refine: it is to be left at what the model predicts.

    Raises:
        UserError: it is to be left at a prediction, and there is none, or refinement is asked for as well.
    """
    from diffmst.refine import STEPS

    if no_refine and not model:
        raise UserError(
            "--no-refine leaves it at what a model predicts, and there is none; give --steps 0 to balance only"
        )
    asked = f"--steps {steps}" if steps else f"--time {time_s:g}" if 0 < time_s < math.inf else ""
    if no_refine and asked:
        raise UserError(f"--no-refine leaves refinement out, and {asked} asks for it; give one of the two")
    if no_refine:
        return 0
    return STEPS if steps is None else steps


def network(model: str | None, layout: LayoutName | None) -> MixModel | None:
    """The model to predict with; its controls are those of the console.

    Args:
        model: a file, or `none`; the one that comes with diffmst if not given, where it sets the controls asked for.
        layout: asked for.

    Raises:
        UserError: it cannot be loaded, or sets other controls than those of the layout asked for.
    """
    if model == WITHOUT_MODEL:
        return None
    from diffmst.models.checkpoint import load_model
    from diffmst.models.shipped import shipped_model

    found = load_model(model) if model else shipped_model()
    if layout is None or layout.value == found.layout.name:
        return found
    if model:
        raise UserError(f"--layout {layout.value}: {model} sets the controls of layout {found.layout.name}")
    return None


def result_folder(document: Path, out: Path | None, *, in_place: bool) -> Path:
    """Where results go: if the user does not say, the first of `mix-2`, `mix-3` ... that does not exist yet.

    What comes from a document in `mix-2` is another of these, where `mix` lies beside it.

    Args:
        document: that they come from.
        out: what the user says.
        in_place: whether they replace what lies beside the document.

    Raises:
        UserError: both are said.
    """
    if in_place:
        if out:
            raise UserError("--in-place and --out exclude each other; give one")
        return document.parent
    if out:
        return out
    home = document.parent
    named = home.name not in ("", "..")  # `.` has no name of its own
    beside, name = (home.parent, home.name) if named else (home / "..", home.resolve().name)
    if (beside / (first := re.sub(r"(?<=.)-[1-9]\d*$", "", name))).is_dir():
        name = first
    number = 2
    while (folder := beside / f"{name}-{number}").exists():
        number += 1
    return folder


def parse_loudness(text: str) -> Literal["reference", "keep"] | float:
    """What `--loudness` asks for.

    Raises:
        UserError: neither a word that is known nor a loudness.
    """
    if text == "reference":
        return "reference"
    if text == "keep":
        return "keep"
    try:
        value = float(text)
    except ValueError:
        raise UserError(f"--loudness {text}: give 'reference', 'keep' or a number of LUFS such as -14") from None
    if not -70 <= value <= 0:
        raise UserError(f"--loudness {text}: must lie in -70 .. 0 LUFS")
    return value
