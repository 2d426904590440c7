"""One command for the tables of the paper: pairs like its own, every system on them, its figures beside ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from diffmst.errors import UserError
from diffmst.evaluation.evaluate import Evaluation, evaluate
from diffmst.evaluation.pairs_file import read_pairs
from diffmst.evaluation.paper.pairs import SECTION_S, PaperSongs, paper_pairs
from diffmst.evaluation.paper.tables import paper_tables
from diffmst.evaluation.run import Options
from diffmst.evaluation.system import System
from diffmst.evaluation.tables import Table
from diffmst.evaluation.tables_markup import latex, markdown
from diffmst.evaluation.tasks.making import Making
from diffmst.outputs import OutputFolder, write_errors, write_text_atomically
from diffmst.progress import SILENT, Progress

PAIRS, MADE_OF = "pairs", "made-of.json"


class Reproduced(NamedTuple):
    """What came of it.

    Attributes:
        evaluation: of our systems.
        tables: the published ones, with our rows.
        notes: what to know, a sentence each.
    """

    evaluation: Evaluation
    tables: list[Table]
    notes: list[str]


def reproduce(
    out: Path,
    songs: PaperSongs,
    systems: Sequence[System],
    options: Options | None = None,
    progress: Progress = SILENT,
    *,
    command: str = "",
) -> Reproduced:
    """Makes pairs in `out/pairs`, evaluates systems on them into `out`, and lays out the paper's tables there.

    Args:
        out: the folder.
        songs: what the user has of the paper's songs.
        systems: rows beside those of the paper.
        options: how the evaluation is done; its seed is that of the pairs too.
        progress: told how far it is.
        command: that did it, for the captions.

    Raises:
        UserError: what is given cannot be used, no pair can be made or used, or the folder cannot be written.
    """
    options = options or Options()
    pairs_file, notes = out / PAIRS / "pairs.csv", list[str]()
    if not (options.resume and _pairs_are_there(pairs_file, songs, options.seed)):
        making = Making(section_s=SECTION_S, seed=options.seed, force=options.force)
        notes = list(paper_pairs(out / PAIRS, songs, making, progress).notes)
        write_text_atomically(pairs_file.with_name(MADE_OF), _made_of(songs, options.seed))
    evaluation = evaluate(read_pairs(pairs_file), systems, out, options, progress, command=command)
    tables = paper_tables(evaluation.summary)
    with OutputFolder(out, force=True) as outputs, write_errors(out / "paper.md"):
        outputs.path("paper.md").write_text(markdown(tables, title="The paper's table", command=command), "utf-8")
        outputs.path("paper.tex").write_text(latex(tables, command=command), "utf-8")
    return Reproduced(evaluation, tables, [*notes, *evaluation.notes])


def _pairs_are_there(pairs_file: Path, songs: PaperSongs, seed: int) -> bool:
    """Whether an earlier run has made the pairs.

    Raises:
        UserError: it has made others.
    """
    if not pairs_file.exists():
        return False
    made_of = pairs_file.with_name(MADE_OF)
    if not made_of.exists() or made_of.read_text("utf-8") != _made_of(songs, seed):
        raise UserError(f"{pairs_file}: was made of other songs or from another seed; use --force, or another folder")
    return True


def _made_of(songs: PaperSongs, seed: int) -> str:
    return json.dumps({**asdict(songs), "seed": seed}, default=str, indent=2) + "\n"
