"""The making of pairs: song by song into one folder, which appears whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffmst.audio.discovery import AUDIO_EXTENSIONS
from diffmst.audio.flac import copy_as_flac, write_flac
from diffmst.data.checksum import file_sha256
from diffmst.data.song import Song
from diffmst.dsp.loudness import pooled_loudness
from diffmst.dsp.units import amplitude_to_db
from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.pairs_file import write_pairs
from diffmst.evaluation.random_mixes import mix_of
from diffmst.evaluation.tasks.sections import Cut, Sections, cut, sounding
from diffmst.evaluation.tasks.songs import SongSource, open_song, unique_names
from diffmst.layout import DEFAULT, PAPER, Layout
from diffmst.mastering import write_master
from diffmst.mix import Mix, RenderSettings, TrackMix
from diffmst.outputs import OutputFolder, write_text_atomically
from diffmst.progress import SILENT, Progress
from diffmst.random_mix.amounts import FULL
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.draw import Kind, MixDraw
from diffmst.render import block_frames, compile_kernels, run_console
from diffmst.spool import Spool

PAIRS, STEMS = "pairs.csv", "stems"

LOUDNESS_LUFS = -16.0, -10.0
"""Between these lies the loudness of a reference that is made, as that of finished songs does."""

HARDEST_LIMITING_DB = 4.0
"""What has sharper peaks is finished less loud, as who masters it would, but not under `QUIETEST_LUFS`."""

QUIETEST_LUFS = -18.0
"""Of a finished song, whatever it takes."""

_KEPT_OPEN = 16  # songs, as what is known of one takes some megabytes
_UNWRITTEN = "0" * 64  # checksum of a track that no document names


@dataclass(frozen=True)
class Making:
    """How pairs are made.

    Attributes:
        mixes: of every song, each in a pair of its own.
        section_s: longest section that is cut out of a song.
        tracks: keep only so many of a song, the loudest.
        kind: of the mixes that are drawn: as engineers mix, or with every control anywhere as in published training,
            which has the published layout and no reverb.
        seed: of all chance.
        force: replace what is there.

    Raises:
        UserError: fewer than one mix or two tracks.
    """

    mixes: int = 2
    section_s: float = 30.0
    tracks: int | None = None
    kind: Kind = "sane"
    seed: int = 0
    force: bool = False

    def __post_init__(self) -> None:
        if self.mixes < 1:
            raise UserError(f"--mixes {self.mixes}: must be at least 1")
        if self.tracks is not None and self.tracks < 2:
            raise UserError(f"--tracks {self.tracks}: must be at least 2")

    @property
    def layout(self) -> Layout:
        """The controls of what is drawn."""
        return PAPER if self.kind == "uniform" else DEFAULT


class Made(NamedTuple):
    """What was made.

    Attributes:
        pairs: that were written.
        notes: what was left out and why, for the user.
        megabytes: of all files together.
    """

    pairs: list[Pair]
    notes: list[str]
    megabytes: float


class Workshop:
    """Where the files of one set of pairs are made.

    Args:
        outputs: the folder.
        making: how.
    """

    def __init__(self, outputs: OutputFolder, making: Making) -> None:
        self.making = making
        self.notes: list[str] = []
        self._outputs = outputs
        self._opened = lru_cache(_KEPT_OPEN)(partial(open_song, tracks=making.tracks))

    def open(self, source: SongSource) -> Song:
        """A song, surveyed; what is left out of it is noted."""
        song, notes = self._opened(source)
        self.notes += notes
        return song

    def cut(self, source: SongSource, song: Song, sections: Sections) -> Cut:
        """Sections of a song that was opened; what is changed is noted."""
        part = cut(song, sections)
        self.notes += [f"{source.name}: {note}" for note in part.notes]
        return part

    def place(self, name: str) -> Path:
        """Where a file or folder of this name will lie in the end; see `path`."""
        return self._outputs.folder / name

    def path(self, name: str) -> Path:
        """Where to write a file of this name."""
        return self._outputs.path(name)

    def dice(self, name: str) -> Dice:
        """For all chance about one song, whatever songs there are beside it."""
        return Dice(self.making.seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))

    def draw(self, dice: Dice, style_seed: int | None = None) -> MixDraw:
        """Another mix, in a style of its own if none is given."""
        amounts = FULL if self.making.kind == "sane" else FULL._replace(space=0.0)
        own_style, seed = dice.seed(), dice.seed()
        return MixDraw(self.making.kind, seed, own_style if style_seed is None else style_seed, amounts)

    def mix(self, part: Cut, files: Sequence[str], draw: MixDraw, loudness_lufs: float) -> Mix:
        """The document of what was drawn for all tracks of a cut.

        Args:
            part: the tracks.
            files: the names of their files, in the folder `STEMS` beside the document.
            draw: what was drawn.
            loudness_lufs: of the finished mix, unless that would ask too much of the limiter.
        """
        tracks = tuple(
            TrackMix(name=name, path=f"{STEMS}/{file}", sha256=_UNWRITTEN, channels=stem.channels, role=stem.role.name)
            for name, file, stem in zip(part.names, files, part.stems, strict=True)
        )
        drawn = mix_of(part.excerpts, part.stems, draw, self.making.layout)
        loudest_lufs = _loudest_lufs(drawn.audio, part.excerpts.sample_rate)
        mix = Mix(
            layout=self.making.layout.name,
            sample_rate=part.excerpts.sample_rate,
            tracks=tracks,
            render=RenderSettings(loudness_lufs=min(loudness_lufs, max(QUIETEST_LUFS, loudest_lufs))),
        )
        return mix.with_settings(drawn.settings)

    def write_stems(self, folder: str, part: Cut, files: Sequence[str], section: int) -> list[int]:
        """Writes the tracks that sound in a section into `folder / STEMS`; returns which."""
        kept = sounding(part, section)
        rows = part.excerpts.audio[section].split(part.excerpts.channels)
        for track in kept:
            path = self.path(f"{folder}/{STEMS}/{files[track]}")
            write_flac(path, [rows[track].numpy()], part.excerpts.sample_rate, part.excerpts.channels[track])
        return kept

    def write_truth(self, name: str, mix: Mix, tracks: Sequence[int]) -> Path:
        """Writes the document of some tracks, whose stems are written already; returns where it will lie."""
        path = self.path(name)
        kept = tuple(
            mix.tracks[track].model_copy(update={"sha256": file_sha256(path.parent / mix.tracks[track].path)})
            for track in tracks
        )
        write_text_atomically(path, mix.model_copy(update={"tracks": kept}).to_json())
        return self.place(name)

    def write_reference(self, name: str, mix: Mix, audio: NDArray[np.float32]) -> Path:
        """Writes a section as the document of all its tracks has it, finished; returns where it will lie.

        Shape: audio [rows, time].
        """
        path, frames = self.path(name), block_frames(len(audio))
        blocks = (audio[:, start : start + frames] for start in range(0, audio.shape[1], frames))
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, Spool(Path(folder)) as spool:
            meter = run_console(mix, blocks, spool)
            if not np.isfinite(meter.integrated_lufs):
                raise UserError("nothing sounds in a mix that was drawn")
            finished = Path(folder) / "mix.wav"
            write_master(spool, meter, finished, mix.render)
            copy_as_flac(finished, path)
        return self.place(name)

    def forget(self, folder: str) -> None:
        """Removes what was written into a folder."""
        shutil.rmtree(self.path(f"{folder}/{PAIRS}").parent)


def stem_files(names: Iterable[str]) -> list[str]:
    """What the files of the tracks are called: by their names, so that roles and sides can be told."""
    return [f"{name}.flac" for name in unique_names(names)]


def _loudest_lufs(audio: Tensor, sample_rate: int) -> float:
    """The loudness that every section of a mix reaches with the limiter at `HARDEST_LIMITING_DB`.

    Shape: audio [sections, 2, time].
    """
    peaks_db = amplitude_to_db(audio.abs().amax((1, 2)))
    loudness_lu = torch.stack([pooled_loudness(section[None], sample_rate) for section in audio]) - peaks_db
    reached = loudness_lu[loudness_lu.isfinite()] + RenderSettings().ceiling_dbtp + HARDEST_LIMITING_DB
    return round(float(reached.min()), 1) if len(reached) else 0.0


def drawn_loudness_lufs(dice: Dice) -> float:
    """Loudness of a finished song."""
    return round(float(dice.uniform(*LOUDNESS_LUFS, ())), 1)


def make_pairs(
    names: Sequence[str],
    make: Callable[[Workshop, int], list[Pair]],
    out: Path,
    making: Making,
    progress: Progress = SILENT,
) -> Made:
    """Makes pairs song by song, and writes them all into a folder with a table of them, `PAIRS`.

    Args:
        names: of the songs, which are those of their folders.
        make: makes the pairs of the song of a number.
        out: the folder.
        making: how.
        progress: told how far it is.

    Raises:
        UserError: no pair at all could be made, or the folder cannot be written or holds other stems of these songs.
    """
    pairs: list[Pair] = []
    with OutputFolder(out, [PAIRS], force=making.force) as outputs:
        workshop = Workshop(outputs, making)
        compile_kernels(progress, gradients=False)
        with progress.phase("making pairs", len(names)) as advance:
            for number, name in enumerate(names):
                try:
                    pairs += make(workshop, number)
                except UserError as error:
                    workshop.forget(name)
                    workshop.notes.append(f"{name}: left out: {error}")
                advance(1)
        if not pairs:
            raise UserError(f"no pairs could be made: {'; '.join(workshop.notes)}")
        write_pairs(workshop.path(PAIRS), pairs, folder=out)
        made = workshop.path(PAIRS).parent
        files = [path for path in made.rglob("*") if path.is_file()]
        _check_stems(out, {path.relative_to(made) for path in files})
        megabytes = sum(path.stat().st_size for path in files) / 1e6
    return Made(pairs, list(dict.fromkeys(workshop.notes)), megabytes)


def _check_stems(out: Path, written: AbstractSet[Path]) -> None:
    """Refuses to put stems beside others: those of an earlier set, or the raw ones, would be mixed with them.

    Args:
        out: the folder.
        written: all files that are to be moved into it, relative to it.
    """
    for folder in sorted({path.parent for path in written if path.parent.name == STEMS}):
        there = sorted(path for path in (out / folder).rglob("*") if path.suffix.lower() in AUDIO_EXTENSIONS)
        if others := [path for path in there if path.relative_to(out) not in written]:
            raise UserError(f"{others[0]}: is a stem of something else, and would be mixed too; choose another folder")
