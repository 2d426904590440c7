"""`diffmst lock`, `diffmst match` and `diffmst adjust`: a mix taken further."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffmst import terminal
from diffmst.cli_options import (
    AS_BEFORE,
    SUBTYPES,
    Amount,
    DynamicsAmount,
    Force,
    LayoutName,
    LevelAmount,
    Model,
    NoRefine,
    OtherTail,
    ReferenceStart,
    Roles,
    SampleFormat,
    Seconds,
    SpaceAmount,
    Start,
    Stems,
    Steps,
    TimeS,
    ToneAmount,
    WidthAmount,
    chosen_amounts,
    network,
    parse_loudness,
    refinement_steps,
    result_folder,
)
from diffmst.cli_references import (
    DynamicsFrom,
    LevelFrom,
    SpaceFrom,
    ToneFrom,
    WidthFrom,
    chosen_references,
)
from diffmst.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from diffmst.match import Options
    from diffmst.mix import Mix
    from diffmst.references import ReferenceChoice

app = typer.Typer()

Document = Annotated[Path, typer.Argument(help="A mix.json, as diffmst wrote it or as you changed it.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder for the results.", show_default="a new one beside the document's"),
]
InPlace = Annotated[bool, typer.Option("--in-place", help="Replace the document and what lies beside it.")]
KeepChanges = Annotated[bool, typer.Option("--keep-changes", help="Lock what you have changed since diffmst wrote it.")]
OtherReferences = Annotated[
    list[str] | None,
    typer.Option(
        "--reference", "-r", metavar="FILE[:WEIGHT]", help="Another song to mix like.", show_default=AS_BEFORE
    ),
]
OtherLoudness = Annotated[
    str | None,
    typer.Option(
        "--loudness",
        help="'reference', 'keep', or integrated loudness in LUFS, such as -14.",
        show_default=AS_BEFORE,
    ),
]
OtherCeiling = Annotated[
    float | None,
    typer.Option("--ceiling", help="The true peak never exceeds it, dBTP.", min=-20, max=0, show_default=AS_BEFORE),
]
OtherFormat = Annotated[
    SampleFormat | None,
    typer.Option("--format", help="Bits of the WAV file, or float.", show_default=AS_BEFORE),
]


@app.command()
def lock(
    document: Document,
    part: Annotated[
        str, typer.Argument(help="A track, by name or wildcards such as '*Vox*'; or fx, or master.", show_default=False)
    ],
    controls: Annotated[
        list[str] | None,
        typer.Argument(help="Such as fader, pan, eq or compressor.ratio.", show_default="all of them"),
    ] = None,
    unlock: Annotated[bool, typer.Option("--unlock", help="Free them again.")] = False,
) -> None:
    """Lock controls of a mix, so that `diffmst match` and `diffmst adjust` leave them as they are."""
    from diffmst.locking import lock_document

    done = "freed" if unlock else "locked"
    for name, (changed, locks) in lock_document(document, part, controls or ["*"], unlock=unlock).items():
        news = f"{done} {', '.join(changed)}" if changed else f"nothing to be {done}"
        in_all = f"locked in all: {', '.join(locks)}" if locks else "nothing is locked"
        terminal.say(f"{name}: {news}; {in_all}")


@app.command()
def match(
    document: Document,
    reference: OtherReferences = None,
    out: Out = None,
    in_place: InPlace = False,
    roles: Roles = None,
    keep_changes: KeepChanges = False,
    loudness: OtherLoudness = None,
    ceiling: OtherCeiling = None,
    sample_format: OtherFormat = None,
    tail_s: OtherTail = None,
    write_stems: Stems = False,
    start: Start = None,
    reference_start: ReferenceStart = None,
    seconds: Seconds = None,
    steps: Steps = None,
    time_s: TimeS = math.inf,
    model: Model = None,
    no_refine: NoRefine = False,
    level_from: LevelFrom = None,
    tone_from: ToneFrom = None,
    dynamics_from: DynamicsFrom = None,
    width_from: WidthFrom = None,
    space_from: SpaceFrom = None,
    amount: Amount = None,
    level: LevelAmount = None,
    tone: ToneAmount = None,
    dynamics: DynamicsAmount = None,
    width: WidthAmount = None,
    space: SpaceAmount = None,
    force: Force = False,
) -> None:
    """Match a mix again after you changed or locked things in its document.

    Stems, mutes, roles, locks and references are taken from there. What is locked stays as it is; everything else is
    found anew.
    """
    from diffmst.mix import Mix
    from diffmst.passages import Listening
    from diffmst.rematch import options_of, rematch
    from diffmst.roles import parse_roles

    folder = result_folder(document, out, in_place=in_place)
    mix = Mix.read(document)
    own = {"level": level_from, "tone": tone_from, "dynamics": dynamics_from, "width": width_from, "space": space_from}
    references = _references(mix, document, reference, **own)
    predictor = network(model, None if model else LayoutName(mix.layout))
    options = replace(
        _with_output(options_of(mix, same_references=not reference), loudness, ceiling, sample_format, tail_s),
        stems=write_stems,
        where=Listening(start, reference_start, seconds),
        steps=refinement_steps(steps, time_s, predictor, no_refine=no_refine),
        time_s=time_s,
        model=predictor,
        amounts=chosen_amounts(
            mix.amounts, overall=amount, level=level, tone=tone, dynamics=dynamics, width=width, space=space
        ),
        roles=parse_roles(roles or []),
        force=force or in_place,
    )
    with terminal.shown_progress() as progress:
        matched = rematch(document, folder, references, options, keep_changes=keep_changes, progress=progress)
    terminal.report_match(matched, folder, document.stem)


@app.command()
def adjust(
    document: Document,
    amount: Amount = None,
    level: LevelAmount = None,
    tone: ToneAmount = None,
    dynamics: DynamicsAmount = None,
    width: WidthAmount = None,
    space: SpaceAmount = None,
    out: Out = None,
    in_place: InPlace = False,
    write_stems: Stems = False,
    force: Force = False,
) -> None:
    """Do more or less of what was matched, without matching again; amounts not given stay as they are.

    Leaves mix.json and mix.wav in the output folder; a report only `diffmst match` writes.
    """
    from diffmst.adjust import adjust, held_by_locks
    from diffmst.advice import output_advice
    from diffmst.delivery import REPORT
    from diffmst.mix import Mix

    folder = result_folder(document, out, in_place=in_place)
    given = {"overall": amount, "level": level, "tone": tone, "dynamics": dynamics, "width": width, "space": space}
    before = Mix.read(document)
    if all(percent is None for percent in given.values()):
        raise UserError("there is nothing to adjust; give an amount, such as --amount 70 or --tone 50")
    amounts = chosen_amounts(before.amounts, **given)
    with terminal.shown_progress() as progress:
        adjusted, output = adjust(
            document, amounts, folder, stems=write_stems, force=force or in_place, progress=progress
        )
    if adjusted.kept:
        terminal.note(f"Left as you changed it: {', '.join(adjusted.kept)}.")
    if held := held_by_locks(before, amounts):
        terminal.note(_left_locked(document, held))
    for sentence in output_advice(output):
        terminal.note(sentence)
    if in_place and (report := folder / REPORT).exists():
        report.unlink()
        terminal.note(f"{report} showed the mix as it was before, and is gone; `diffmst match` writes a new one.")
    terminal.report_amounts(adjusted.mix)
    terminal.report_output(folder / f"{document.stem}.wav", output)
    terminal.say(f"{folder / document.name}: every setting")


def _left_locked(document: Path, held: Mapping[str, Sequence[str]]) -> str:
    """That controls stay, since they are locked, and how to free them; held: their patterns, by part."""
    controls = "; ".join(f"{part}: {', '.join(patterns)}" for part, patterns in held.items())
    (part, patterns), *more = held.items()
    words = ("PART", "CONTROL") if more else (part, *patterns)
    command = shlex.join(["diffmst", "lock", str(document), *words, "--unlock"])
    return f"Left as it is, since it is locked: {controls}. `{command}` frees it."


def _with_output(
    options: Options,
    loudness: str | None,
    ceiling_dbtp: float | None,
    sample_format: SampleFormat | None,
    tail_s: float | None,
) -> Options:
    """The options with what is said of the WAV file."""
    return replace(
        options,
        loudness=parse_loudness(loudness) if loudness else options.loudness,
        ceiling_dbtp=options.ceiling_dbtp if ceiling_dbtp is None else ceiling_dbtp,
        subtype=SUBTYPES[sample_format] if sample_format else options.subtype,
        tail_s=options.tail_s if tail_s is None else tail_s,
    )


def _references(
    mix: Mix, document: Path, references: Sequence[str] | None, **own: Path | None
) -> Sequence[ReferenceChoice]:
    """The references that the options choose; what they leave open is as in the document."""
    from diffmst.aspects import ASPECTS
    from diffmst.references import choose_references
    from diffmst.rematch import references_of

    if references:
        return chosen_references(references, **own)
    before = references_of(mix, document)
    main = [choice for choice in before if choice.main]
    of_one = {
        aspect: choice.path
        for choice in before
        for aspect in choice.aspects
        if not all(aspect in other.aspects for other in main)
    }
    given = {aspect: path for aspect in ASPECTS if (path := own.get(aspect))}
    return choose_references(main, of_one | given) if given else before
