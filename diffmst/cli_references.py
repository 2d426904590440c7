"""The options by which references are chosen, for the commands that listen to some."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from diffmst.references import ReferenceChoice


def _own(option: str, what: str) -> typer.models.OptionInfo:
    text = f"{what} from this song alone."
    info: typer.models.OptionInfo = typer.Option(
        option, help=text, metavar="FILE", show_default=False, rich_help_panel="One aspect from another song"
    )
    return info


References = Annotated[
    list[str],
    typer.Option(
        "--reference",
        "-r",
        metavar="FILE[:WEIGHT]",
        help="The song to mix like; give the option again for more, with weights such as song.wav:0.5.",
        show_default=False,
    ),
]
LevelFrom = Annotated[Path | None, _own("--level-from", "Levels of the stems")]
ToneFrom = Annotated[Path | None, _own("--tone-from", "Tone")]
DynamicsFrom = Annotated[Path | None, _own("--dynamics-from", "Dynamics")]
WidthFrom = Annotated[Path | None, _own("--width-from", "Width")]
SpaceFrom = Annotated[Path | None, _own("--space-from", "Reverb")]


def chosen_references(
    references: Sequence[str],
    *,
    level: Path | None = None,
    tone: Path | None = None,
    dynamics: Path | None = None,
    width: Path | None = None,
    space: Path | None = None,
) -> tuple[ReferenceChoice, ...]:
    """The references that the options choose.

    Raises:
        UserError: a weight is none, a reference given twice, or too many.
    """
    from diffmst.aspects import Aspect
    from diffmst.references import choose_references, parse_reference

    given: dict[Aspect, Path | None] = {
        "level": level,
        "tone": tone,
        "dynamics": dynamics,
        "width": width,
        "space": space,
    }
    own = {aspect: path for aspect, path in given.items() if path is not None}
    return choose_references([parse_reference(text) for text in references], own)
