"""The card of a model: what it is, what it was made from, how well it does and what it may be used for."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from diffmst.layout import LAYOUTS
from diffmst.models.architectures import ARCHITECTURES
from diffmst.models.checkpoint import record_of
from diffmst.models.prediction import MixModel
from diffmst.models.record import ModelRecord, TrainingRecord
from diffmst.models.scene import Hearing
from diffmst.outputs import write_text_atomically

_UNKNOWN = "not recorded"


def write_card(path: Path, model: MixModel, training: TrainingRecord) -> None:
    """Writes a model's card as Markdown.

    Raises:
        UserError: it cannot be written.
    """
    write_text_atomically(path, model_card(record_of(model, training)))


def model_card(record: ModelRecord) -> str:
    """The card of a model as Markdown."""
    training = record.training
    sections = {
        f"Model card: {record.architecture}": [ARCHITECTURES[record.architecture].about, *_table(model_facts(record))],
        "Use": [
            "It predicts the settings of every track, the FX bus and the master of the diffmst console, so that a song "
            "is mixed the way a reference song is mixed:",
            "```\ndiffmst mix STEMS --reference SONG --model model.safetensors\n```",
            "Every setting can be read and changed afterwards.",
        ],
        "Training": _table(training_facts(training)),
        "Data": _data(training),
        "Figures": _table(figure_facts(training)) or [f"Figures: {_UNKNOWN}."],
        "Where it fails": [f"- {sentence}" for sentence in training.weaknesses] or [f"Weaknesses: {_UNKNOWN}."],
        "Licence": [f"Weights: {training.licence}. Code: Apache-2.0."],
        "Citation": [f"- {citation}" for citation in _citations(record)],
    }
    return "\n".join(_markdown(sections))


def model_facts(record: ModelRecord) -> dict[str, str]:
    """What a model is, as rows of a table."""
    hearing, layout = Hearing(**record.config["hearing"]), LAYOUTS[record.config["layout"]]
    rate = f"at {hearing.sample_rate:,} Hz" if hearing.sample_rate else "at the rate of the song"
    stereo = "as two tracks" if hearing.split_stereo else "as one track"
    return {
        "architecture": record.architecture,
        "weights": f"{record.weights:,}",
        "console": f"layout {layout.name}: {len(layout.track)} controls per track, {len(layout.fx)} of the FX bus, "
        f"{len(layout.master)} of the master bus",
        "hears": f"{_counted(hearing.song_windows, 'window')} of the song and {hearing.reference_windows} of the "
        f"reference, {hearing.window_s:.3g} s each, {rate}; a stereo track {stereo}",
        "loudness": f"tracks at {hearing.track_lufs:g} LUFS, reference at {hearing.reference_lufs:g} LUFS",
    }


def training_facts(training: TrainingRecord) -> dict[str, str]:
    """How a model was trained, as rows of a table."""
    shares = (f"{share:.0%} {method}" for method, share in training.methods.items())
    return {
        "steps": f"{training.steps:,}",
        "examples": f"{training.examples:,}",
        "time": f"{training.seconds / 3_600:.2f} h{f' on {training.hardware}' if training.hardware else ''}",
        "methods": ", ".join(shares) or _UNKNOWN,
        "command": training.command or _UNKNOWN,
        "software": ", ".join(f"{name} {version}" for name, version in training.software.items()),
    }


def figure_facts(training: TrainingRecord) -> dict[str, str]:
    """How well a model does on unseen songs, as rows of a table."""
    return {name: _UNKNOWN if value is None else f"{value:.4g}" for name, value in training.figures.items()}


def _data(training: TrainingRecord) -> list[str]:
    if not training.data:
        return [f"Data: {_UNKNOWN}."]
    lines = ["| songs of | licence | songs | hours |", "|---|---|---:|---:|"]
    for source in training.data:
        name = f"[{source.name}]({source.url})" if source.url else source.name
        hours = "" if source.hours is None else f"{source.hours:.1f}"
        lines.append(_row(name, source.licence, f"{source.songs:,}", hours))
    return ["\n".join(lines)]


def _citations(record: ModelRecord) -> list[str]:
    """Of the architecture, and of the data where their authors ask for it."""
    of_data = (source.citation for source in record.training.data if source.citation)
    return [ARCHITECTURES[record.architecture].citation, *dict.fromkeys(of_data)]


def _table(rows: Mapping[str, str]) -> list[str]:
    return ["\n".join([_row("", ""), "|---|---|", *(_row(*row) for row in rows.items())])] if rows else []


def _row(*cells: str) -> str:
    """One row of a table; what would end a cell or the row is no longer able to."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', '&#124;') for cell in cells)} |"


def _markdown(sections: Mapping[str, list[str]]) -> Iterator[str]:
    for index, (heading, paragraphs) in enumerate(sections.items()):
        yield f"{'##' if index else '#'} {heading}\n"
        yield from (f"{paragraph}\n" for paragraph in paragraphs)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
