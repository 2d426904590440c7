"""Systems on pairs of a song and a reference: how near each mix comes, and whether it is a sane one."""

import csv
import io
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffmst.audio import read
from diffmst.dsp.loudness import LoudnessMeter, normalize_loudness
from diffmst.errors import UserError
from diffmst.layout import DEFAULT, Layout, Settings
from diffmst.listening import Heard, listen
from diffmst.losses import AudioFeatureLoss, StyleLoss
from diffmst.mastering import Spool, write_master
from diffmst.match import solve
from diffmst.mix import RenderSettings
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.passages import Listening
from diffmst.prior import sane_prior
from diffmst.progress import SILENT, Progress
from diffmst.render import compile_kernels
from diffmst.roles import UNKNOWN
from diffmst.sanity import measure_sanity
from diffmst.stream import ConsoleStream
from diffmst.task import Task, prepare

System = Callable[[Task], Settings]
"""Finds physical settings for a task."""

COMPARED_AT_LUFS = -16.0
"""Mix and reference are compared at this loudness."""


def equal_loudness(task: Task) -> Settings:
    """Every track equally loud, in the middle, no effects; names are not asked."""
    unknown = [stem._replace(role=UNKNOWN, side=0) for stem in task.stems]
    return task.layout.from_unit(sane_prior(task.layout, unknown).mean)


def balanced(task: Task) -> Settings:
    """Balanced by the roles that the names tell, no effects: where refinement begins."""
    return task.layout.from_unit(task.prior.mean)


def refined(task: Task) -> Settings:
    """By gradient towards the reference, near the prior: what `diffmst mix` does."""
    return solve(task).settings


SYSTEMS: dict[str, System] = {"equal-loudness": equal_loudness, "balanced": balanced, "refine": refined}


@dataclass(frozen=True)
class Pair:
    """A song, as a folder of stems, and a finished song to mix it like."""

    stems: Path
    reference: Path


@dataclass(frozen=True)
class Row:
    """One system on one pair: figures by name, or why there are none."""

    song: str
    reference: str
    system: str
    figures: dict[str, float]
    error: str = ""


def read_pairs(path: Path) -> list[Pair]:
    """Pairs from a CSV file with the columns `stems` and `reference`; its paths are relative to the file.

    Raises:
        UserError: the file cannot be read, lacks a column, or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error.__class__.__name__})") from None
    reader = csv.DictReader(io.StringIO(text))
    missing = {"stems", "reference"} - set(reader.fieldnames or ())
    if missing:
        raise UserError(f"{path}: has no column {' and '.join(sorted(missing))}; it needs stems,reference")
    pairs = []
    for row in reader:
        if not row["stems"] or not row["reference"]:
            raise UserError(f"{path}: line {reader.line_num} lacks stems or reference; every line needs both")
        pairs.append(Pair(path.parent / row["stems"], path.parent / row["reference"]))
    if not pairs:
        raise UserError(f"{path}: has no pairs; add a line with a folder of stems and a reference")
    return pairs


def all_pairs(songs: Path, references: Path) -> list[Pair]:
    """Every song with every reference.

    Args:
        songs: a folder of songs, each a folder of stems.
        references: a folder of finished songs.

    Raises:
        UserError: a folder is missing or holds none.
    """
    for folder in (songs, references):
        if not folder.is_dir():
            raise UserError(f"{folder}: is not a folder")
    stems = [path for path in _listed(songs) if path.is_dir()]
    finished = [path for path in _listed(references) if path.is_file()]
    if not stems:
        raise UserError(f"{songs}: holds no folders; every song needs one, with its stems")
    if not finished:
        raise UserError(f"{references}: holds no files; it needs at least one finished song")
    return [Pair(song, reference) for song in stems for reference in finished]


def _listed(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]


def evaluate_to_csv(
    pairs: Sequence[Pair],
    systems: Sequence[str],
    out: Path | None = None,
    *,
    force: bool = False,
    progress: Progress = SILENT,
) -> list[Row]:
    """Runs every system on every pair, and writes the figures into a file if wanted.

    Args:
        pairs: at least one.
        systems: names, of `SYSTEMS`.
        out: the CSV file.
        force: replace one that is there.
        progress: told how far it is.

    Raises:
        UserError: a system is unknown, no pair at all can be used, or the file cannot be written.
    """
    if unknown := [name for name in systems if name not in SYSTEMS]:
        raise UserError(f"{unknown[0]!r}: there is no such system; known are {', '.join(SYSTEMS)}")
    if out is None:
        return _evaluated(pairs, systems, progress)
    with OutputFolder(out.parent, [out.name], force=force) as outputs:
        rows = _evaluated(pairs, systems, progress)
        write_text_atomically(outputs.path(out.name), to_csv(rows))
    return rows


def _evaluated(pairs: Sequence[Pair], systems: Sequence[str], progress: Progress) -> list[Row]:
    rows = list(evaluate(pairs, systems, progress=progress))
    if all(row.error for row in rows):
        raise UserError(f"no pair could be used; the first: {rows[0].error}")
    return rows


def evaluate(
    pairs: Sequence[Pair], systems: Sequence[str], layout: Layout = DEFAULT, progress: Progress = SILENT
) -> Iterator[Row]:
    """Runs every system on every pair; a pair that cannot be used is a row that says why."""
    compile_kernels(progress)
    with progress.phase("evaluating", len(pairs) * len(systems)) as advance:
        for pair in pairs:
            for row in _rows_of_pair(pair, systems, layout):
                yield row
                advance(1)


def to_csv(rows: Sequence[Row]) -> str:
    """The rows as CSV with one header."""
    figures = list(dict.fromkeys(name for row in rows for name in row.figures))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["song", "reference", "system", *figures, "error"])
    for row in rows:
        values = (f"{row.figures[name]:.5g}" if name in row.figures else "" for name in figures)
        writer.writerow([row.song, row.reference, row.system, *values, row.error])
    return text.getvalue()


def _rows_of_pair(pair: Pair, systems: Sequence[str], layout: Layout) -> Iterator[Row]:
    names = pair.stems.name, pair.reference.name
    try:
        heard = listen([pair.stems], pair.reference, SILENT)
        task = prepare(heard, layout, Listening())
        reference = _stereo(read(pair.reference, sample_rate=heard.song.sample_rate))
    except UserError as error:
        yield from (Row(*names, system, {}, str(error)) for system in systems)
        return
    for system in systems:
        try:
            yield Row(*names, system, _figures(system, heard, task, reference))
        except UserError as error:
            yield Row(*names, system, {}, str(error))


def _figures(system: str, heard: Heard, task: Task, reference: Tensor) -> dict[str, float]:
    """All that is measured of one system on one pair, by name."""
    began = time.monotonic()
    settings = SYSTEMS[system](task)
    seconds = time.monotonic() - began
    mixed = finished_mix(heard, settings, task.layout)
    sanity = asdict(measure_sanity(task.excerpts, task.stems, settings, task.layout))
    return _distances(mixed, reference, heard.song.sample_rate) | sanity | {"seconds": seconds}


def finished_mix(heard: Heard, settings: Settings, layout: Layout) -> Tensor:
    """A whole song as the user gets it, at the loudness of the reference under the ceiling, [1, 2, time]."""
    song, loudness_lufs = heard.song, heard.reference_loudness_lufs
    muted = [survey.silent for survey in heard.surveys]
    stream = ConsoleStream(song.sample_rate, settings, song.channels, layout=layout, muted=muted)
    meter = LoudnessMeter(song.sample_rate, channels=2)
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder)) as spool, song.reader() as blocks:
        for block in blocks:
            mixed = stream.process(block).mix
            spool.append(mixed)
            meter.add(mixed)
        path = Path(folder) / "mix.wav"
        write_master(spool, meter, path, RenderSettings(loudness_lufs=min(0.0, loudness_lufs), subtype="FLOAT"))
        return _stereo(read(path))


def _distances(mixed: Tensor, reference: Tensor, sample_rate: int) -> dict[str, float]:
    """AF term by term and in sum, and the style terms, over both whole songs at equal loudness."""
    mixed, reference = (normalize_loudness(song, sample_rate, COMPARED_AT_LUFS) for song in (mixed, reference))
    with torch.no_grad():
        audio_features = AudioFeatureLoss(sample_rate)(mixed, reference)
        style = StyleLoss(sample_rate)(mixed, reference)
    style.pop("level")
    figures = {"AF": float(sum(audio_features.values()))}
    figures |= {f"AF {name}": float(term) for name, term in audio_features.items()}
    return figures | {f"style {name}": float(term) for name, term in style.items()}


def _stereo(audio: np.ndarray) -> Tensor:
    """[1, 2, time]; mono plays on both sides."""
    return torch.from_numpy(np.broadcast_to(audio, (2, audio.shape[1])).copy())[None]
