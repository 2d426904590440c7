"""From folders of songs to an ear in a file, with the figures that it earns on songs it has not learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from diffmst.data.library import Library
from diffmst.ear.learning import Learnt, Schedule, calibrate, heard_roles, judged, learn
from diffmst.ear.material import EarSong, ear_songs
from diffmst.ear.scores import Scores, confusion_rows
from diffmst.ear.storage import save_ear
from diffmst.errors import UserError
from diffmst.models.data_sources import sources_of
from diffmst.models.record import TrainingRecord
from diffmst.progress import SILENT, Progress

LICENCE = "Apache-2.0"
"""Of the weights."""


@dataclass(frozen=True)
class Taught:
    """What came of it.

    Attributes:
        learnt: the ear, and how it went.
        figures: on the songs for validation, by their kind, real or made; none where there are no such songs.
        confusions: the table of right and heard roles of each kind, with headings.
        trained: number of songs.
        validated: number of songs.
        notes: on what was left out or looks wrong.
    """

    learnt: Learnt
    figures: Mapping[str, Scores]
    confusions: Mapping[str, list[list[str]]]
    trained: int
    validated: int
    notes: tuple[str, ...]


def teach(
    places: Sequence[Path],
    out: Path,
    schedule: Schedule,
    *,
    splits: Path | None = None,
    cache: Path | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> Taught:
    """Trains an ear on songs, calibrates and tests it on those for validation, and writes it.

    Args:
        places: folders of songs, as `diffmst data check` takes them.
        out: the file to write.
        schedule: how it learns.
        splits: a file that says which songs are for training and which for validation; those for test are not touched.
        cache: folder for what is known of files; the user's cache folder if not given.
        command: that does it again, to be kept with the weights.
        progress: told of all of it.

    Raises:
        UserError: there is nothing to learn from, or the file cannot be written.
    """
    if not out.parent.is_dir():
        raise UserError(f"{out}: there is no folder {out.parent}; make it first")
    library = Library.open(places, cache=cache, cache_gb=0, progress=progress, splits=splits)
    songs = ear_songs(library, schedule.seed, progress, splits=("train", "validation"))
    trained = [song for song in songs if song.song.split == "train"]
    validated = [song for song in songs if song.song.split == "validation"]
    learnt = learn(trained, schedule, progress=progress)
    calibrate(learnt.ear, validated)
    figures = judged(learnt.ear, validated)
    save_ear(out, learnt.ear, _record(learnt, schedule, trained, figures, command))
    confusions = {kind: confusion_rows(*heard_roles(learnt.ear, _of_kind(validated, kind))) for kind in figures}
    return Taught(learnt, figures, confusions, len(trained), len(validated), library.notes)


def _of_kind(songs: Sequence[EarSong], kind: str) -> list[EarSong]:
    return [song for song in songs if song.made == (kind == "made")]


def _record(
    learnt: Learnt, schedule: Schedule, trained: Sequence[EarSong], figures: Mapping[str, Scores], command: str
) -> TrainingRecord:
    return TrainingRecord(
        licence=LICENCE,
        data=sources_of([song.song for song in trained]),
        steps=schedule.steps,
        examples=schedule.steps * schedule.songs,
        seconds=round(learnt.seconds, 1),
        hardware=f"processor, {torch.get_num_threads()} threads",
        command=command,
        figures={
            f"{name} ({kind} songs)": round(value, 4)
            for kind, of_kind in figures.items()
            for name, value in (
                ("stems", of_kind.stems),
                ("roles heard right", of_kind.exact),
                ("families heard right", of_kind.family),
                ("calibration error", of_kind.calibration_error),
            )
        },
    )
