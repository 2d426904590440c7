"""The published table with rows of ours in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diffmst.evaluation.metrics import PUBLISHED_SCALES
from diffmst.evaluation.paper.pairs import DRAWN, LISTED, MUSDB18
from diffmst.evaluation.paper.published import COLUMNS, PUBLISHED, SOURCE
from diffmst.evaluation.summary import Summary, TaskSummary
from diffmst.evaluation.tables import NONE, Column, Entry, Table, published_table
from diffmst.report.words import number

_WORK: Mapping[str, str] = MappingProxyType(
    {
        LISTED: "Ours are of the sections of a song list.",
        MUSDB18: "Ours are of sections of other songs, with test mixes of MUSDB18-HQ as references.",
        DRAWN: "Ours are of sections of other songs, with mixes of yet other songs in drawn styles as references, as "
        "neither the authors' songs nor MUSDB18-HQ were given.",
    }
)
_UNALIKE = (
    "The paper's FAD is of VGGish and other songs; ours is of the embedding that the command names. Figures of "
    "different songs and references cannot be compared with each other: whether ours are better is to be read from the "
    "rows that both have, as equal loudness. That of the paper is mono, and the floor of the logarithm under its "
    "silent side makes 33 of its 33.389; ours keeps the image of stereo stems. Mix and reference are brought to one "
    "loudness here before they are compared, so RMS and CF are small."
)


def paper_tables(summary: Summary) -> list[Table]:
    """The published table for each task of an evaluation of `paper_pairs`: the paper's methods, then our systems.

    Columns and scales are the paper's. `tables_markup` lays the tables out.
    """
    return [_table(summary, task) for task in summary.tasks]


def _table(summary: Summary, task: TaskSummary) -> Table:
    scales = {key: PUBLISHED_SCALES.get(key, 1.0) for key in COLUMNS}
    ours = published_table(summary, task, scales)
    places = {column.key: place for place, column in enumerate(ours.columns)}
    columns = tuple(
        Column(heading, ours.columns[places[key]].unit if key in places else "", "↓", key)
        for key, heading in COLUMNS.items()
    )
    rows = [
        (system, tuple(entries[places[key]] if key in places else Entry(NONE) for key in COLUMNS))
        for system, entries in ours.rows
    ]
    return ours._replace(
        name=f"paper-{task.task}" if task.task else "paper",
        title="Diff-MST as published, and our systems",
        caption=" ".join(filter(None, [f"Published: {SOURCE}.", _WORK.get(task.task, ""), ours.caption, _UNALIKE])),
        rows_are="method",
        columns=columns,
        rows=(*_published_rows(), *rows),
    )


def _published_rows() -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """The rows of the paper, printed with its decimals."""
    for row in PUBLISHED:
        figures = (number(figure, 3 if key == "af" else 2) for key, figure in zip(COLUMNS, row.figures, strict=False))
        yield f"{row.method} (published)", (*map(Entry, figures), Entry(NONE))
