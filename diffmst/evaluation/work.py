"""One system on one pair: the mix is made, measured, kept and embedded."""

from __future__ import annotations

import tempfile
import traceback
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffmst.audio import read
from diffmst.audio.flac import copy_as_flac, write_flac
from diffmst.data.survey import survey_files
from diffmst.distance import is_mono
from diffmst.errors import UserError
from diffmst.evaluation.frechet.files import embed_file
from diffmst.evaluation.frechet.loading import load_embedding
from diffmst.evaluation.metrics import Truth, measure, read_truth
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.row import Row
from diffmst.evaluation.system import Job, System
from diffmst.listening import Heard, HeardReference, listen
from diffmst.progress import SILENT
from diffmst.task import SONG_WINDOWS

MIXES = "mixes"
"""Folder of the mixes that are kept, within that of the run."""

SHORTEST_S = SONG_WINDOWS.seconds
"""Songs and references that are shorter than a window are refused."""

WANTED = "truth"
"""Name of the mix that is wanted among those of a pair."""


@dataclass(frozen=True)
class Plan:
    """What holds for all units of a run.

    Attributes:
        folder: for the mixes that are kept.
        embedding: of the mixes, as `load_embedding` names it; none are made without.
        keep_mixes: whether mixes are kept.
    """

    folder: Path
    embedding: str | None
    keep_mixes: bool


@dataclass(frozen=True)
class Unit:
    """One system on one pair, hearing the right reference or the wrong one.

    Attributes:
        pair: the work; it has a wrong reference if `wrong`.
        system: that does it.
        wrong: whether the wrong reference is heard.
        seed: of all chance.
        name: of what is kept of it, fit for a file; unique among those of the pair.
    """

    pair: Pair
    system: System
    wrong: bool
    seed: int
    name: str

    @property
    def heard_reference(self) -> Path:
        """What the system hears."""
        wrong = self.pair.wrong_reference
        return wrong if self.wrong and wrong else self.pair.reference

    def row(self, figures: dict[str, float] | None = None, *, mix: str = "", error: str = "") -> Row:
        """Of this unit, with what is known of it."""
        pair = self.pair
        names = pair.name, pair.song, pair.reference.name, pair.task, self.system.name
        return Row(*names, self.wrong, figures or {}, error, mix)

    def failed(self, reason: str) -> Outcome:
        """What came of a unit that could not be done."""
        return Outcome(self, self.row(error=reason))


@dataclass(frozen=True)
class Outcome:
    """What came of a unit.

    Attributes:
        unit: of it.
        row: its figures.
        embedded: the mix, [windows, dims], where it was embedded.
        notes: on the files of the pair, a sentence each.
        trace: of an error that nobody expected.
    """

    unit: Unit
    row: Row
    embedded: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    trace: str = ""


class Bench:
    """Where units are done, one after the other; what was read of a pair serves all its units.

    Args:
        plan: of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._at_hand: _PairAtHand | None = None

    def do(self, unit: Unit) -> Outcome:
        """What came of a unit: figures, or one line on why there are none."""
        try:
            return self._done(unit)
        except UserError as error:
            return unit.failed(str(error))
        except Exception as error:  # a fault of ours or of another's system: hours of other work must not end with it
            line = (str(error).strip() or "no more is known").splitlines()[0]
            failed = unit.failed(f"{type(error).__name__}: {line}")
            return replace(failed, trace=traceback.format_exc())

    def _done(self, unit: Unit) -> Outcome:
        if self._at_hand is None or self._at_hand.pair != unit.pair:
            self._at_hand = None  # before the next, so that two are never in memory
            self._at_hand = _PairAtHand(unit.pair)
        at_hand = self._at_hand
        heard, reference, truth = at_hand.heard(unit.wrong), at_hand.reference, at_hand.truth  # refused before the work
        with tempfile.TemporaryDirectory(prefix="diffmst-") as folder:
            finished = unit.system.mix(Job(unit.pair, heard, Path(folder), unit.seed))
            figures = measure(at_hand.right, finished, reference, truth)
            embedding = self._plan.embedding
            embedded = embed_file(finished.path, load_embedding(embedding)) if embedding else None
            mix = self._kept(unit, finished.path, at_hand) if self._plan.keep_mixes else ""
        notes = truth.notes if truth else ()
        return Outcome(unit, unit.row(figures, mix=mix), embedded, notes)

    def _kept(self, unit: Unit, mix: Path, at_hand: _PairAtHand) -> str:
        """Keeps a mix, and the wanted one; returns the path of the mix relative to the folder of the run."""
        name = f"{MIXES}/{unit.pair.name}/{unit.name}.flac"
        copy_as_flac(mix, self._plan.folder / name)
        if at_hand.truth and at_hand.truth.mix is not None and not at_hand.wanted_is_kept:
            wanted = (self._plan.folder / name).with_name(f"{WANTED}.flac")
            write_flac(wanted, at_hand.truth.mix.numpy(), at_hand.right.song.sample_rate, 2)
            at_hand.wanted_is_kept = True
        return name


class _PairAtHand:
    """A pair, each part of it read when it is first asked for.

    Attributes:
        pair: it.
        wanted_is_kept: whether its mix that is wanted was written by this run, and not by one with another truth.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.wanted_is_kept = False

    def heard(self, wrong: bool) -> Heard:
        """The song with the right or the wrong reference."""
        return self._with_wrong if wrong else self.right

    @cached_property
    def right(self) -> Heard:
        """The song with the right reference, both long enough to be told anything of."""
        heard = listen([self.pair.stems], self.pair.reference, SILENT)
        lengths_s = {self.pair.stems: heard.song.duration_s, self.pair.reference: heard.reference.duration_s}
        for path, seconds in lengths_s.items():
            if seconds < SHORTEST_S:
                raise UserError(f"{path}: lasts {seconds:.1f} s; an evaluation needs {SHORTEST_S:g} s, one window")
        return heard

    @cached_property
    def _with_wrong(self) -> Heard:
        """The same song, with no other stems, whatever lies in their folder: a reference is left out of them."""
        path = self.pair.wrong_reference or self.pair.reference
        (wrong,) = survey_files([path])
        if wrong.silent:
            raise UserError(f"{path}: is silent (under -70 LUFS throughout); give another wrong reference")
        if wrong.sha256 == self.right.reference.sha256:
            raise UserError(f"{path}: the wrong reference is the right one; give another")
        return replace(self.right, references=(HeardReference(wrong),))

    @cached_property
    def reference(self) -> Tensor:
        """The right reference in stereo at the rate of the song, [1, 2, time]."""
        audio = read(self.pair.reference, sample_rate=self.right.song.sample_rate)
        reference = torch.from_numpy(np.broadcast_to(audio, (2, audio.shape[1])).copy())[None]
        if is_mono(reference):
            raise UserError(
                f"{self.pair.reference}: is mono; distances to it tell nothing of width, or little but that a mix is "
                "not mono; give a stereo reference"
            )
        return reference

    @cached_property
    def truth(self) -> Truth | None:
        """What is known of the mix that is wanted."""
        return read_truth(self.pair, self.right)
