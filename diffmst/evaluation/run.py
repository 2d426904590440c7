"""Systems on pairs: what is done, by whom, and what remains of it."""

from __future__ import annotations

import random
import shutil
import zlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from diffmst.audio import same_file
from diffmst.errors import UserError
from diffmst.evaluation.frechet.loading import embedding_identity
from diffmst.evaluation.journal import Journal, unit_key
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.row import Row
from diffmst.evaluation.system import System
from diffmst.evaluation.work import MIXES, WANTED, Outcome, Plan, Unit
from diffmst.evaluation.workers import do_all, open_workers
from diffmst.outputs import file_name, write_errors
from diffmst.progress import SILENT, Progress
from diffmst.render import compile_kernels

WRONG = ".wrong"
"""Ends the name of what was made with the wrong reference."""

JOURNAL, ERRORS, EMBEDDINGS = "journal.jsonl", "errors.log", "embeddings"


@dataclass(frozen=True)
class Options:
    """How an evaluation is done.

    Attributes:
        seed: of all chance: of random mixes, of wrong references, of intervals.
        control: whether systems that listen are also tried with a wrong reference.
        embedding: for the Fréchet distance, as `load_embedding` names it; none is measured without.
        keep_mixes: whether every mix is kept as FLAC.
        jobs: processes; as many as there are processors if not given.
        ray: address of a Ray cluster, or `local`; processes on this machine if not given.
        resume: use what an earlier run has left in the folder.
        force: replace what an earlier run has left there.
    """

    seed: int = 0
    control: bool = True
    embedding: str | None = "style"
    keep_mixes: bool = True
    jobs: int | None = None
    ray: str | None = None
    resume: bool = False
    force: bool = False


def made_absolute(pair: Pair) -> Pair:
    """The pair with paths that mean the same in any folder and on any machine that sees the same files."""
    paths: dict[str, Any] = {name: path.absolute() for name, path in vars(pair).items() if isinstance(path, Path)}
    return replace(pair, **paths)


def with_wrong_references(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """The pairs, those that name no wrong reference with the reference of another pair of the same task.

    Where there is no other reference the pair stays without.
    """
    return [
        pair if pair.wrong_reference else replace(pair, wrong_reference=_other(pair, pairs, seed)) for pair in pairs
    ]


def _other(pair: Pair, pairs: Sequence[Pair], seed: int) -> Path | None:
    references = {other.reference for other in pairs if other.task == pair.task and other.reference.is_file()}
    others = [reference for reference in references if not same_file(reference, pair.reference)]
    if not others:
        return None
    return random.Random(f"{seed} {pair.name}").choice(sorted(others))


def units_of(pairs: Sequence[Pair], systems: Sequence[System], options: Options) -> list[list[Unit]]:
    """All that is to be done, pair by pair."""
    names = _file_names(systems)
    return [
        [
            Unit(pair, system, wrong, zlib.crc32(f"{options.seed} {pair.name}".encode()), name + WRONG * wrong)
            for system, name in zip(systems, names, strict=True)
            for wrong in ((False, True) if options.control and system.listens and pair.wrong_reference else (False,))
        ]
        for pair in pairs
    ]


def _file_names(systems: Sequence[System]) -> list[str]:
    """Names of systems as names of files, unique."""
    names: list[str] = []
    for system in systems:
        name = file_name(system.name) or "system"
        taken = {WANTED} | {taken for other in names for taken in (other, other + WRONG)}
        names.append(name if taken.isdisjoint((name, name + WRONG)) else f"{name}-{len(names)}")
    return names


@dataclass(frozen=True)
class Done:
    """What came of a run.

    Attributes:
        rows: of all units, in the order of pairs and systems.
        embedded: mixes, [windows, dims], by pair, system and whether it heard the wrong reference.
        reused: rows that an earlier run had left.
        notes: on pairs, a sentence each.
    """

    rows: list[Row]
    embedded: Mapping[tuple[str, str, bool], np.ndarray]
    reused: int
    notes: list[str]


def run(
    pairs: Sequence[Pair],
    systems: Sequence[System],
    folder: Path,
    options: Options | None = None,
    progress: Progress = SILENT,
) -> Done:
    """Runs every system on every pair; what is done stays in the folder, whatever happens afterwards.

    Args:
        pairs: names unique.
        systems: names unique.
        folder: for the journal, the mixes and the embeddings.
        options: how it is done.
        progress: told how far it is.

    Raises:
        UserError: the folder holds an earlier run, or cannot be written, or no worker can be had.
    """
    options = options or Options()
    _make_way(folder, options)
    compile_kernels(progress)
    groups = units_of(with_wrong_references(list(map(made_absolute, pairs)), options.seed), systems, options)
    ledger = _Ledger(folder, options)
    todo = [left for group in groups if (left := [unit for unit in group if not ledger.has(unit)])]
    total = sum(map(len, groups))
    with progress.phase("evaluating", total) as advance:
        advance(total - sum(map(len, todo)))
        plan = Plan(folder.absolute(), options.embedding, options.keep_mixes)
        with closing(_outcomes(plan, todo, options)) as outcomes:  # workers end with the work, whatever ends it
            for outcome in outcomes:
                ledger.add(outcome)
                advance(1)
    return ledger.done(groups, reused=total - sum(map(len, todo)))


def _outcomes(plan: Plan, todo: Sequence[Sequence[Unit]], options: Options) -> Generator[Outcome]:
    if todo:
        yield from do_all(todo, open_workers(plan, len(todo), options.jobs, options.ray))


def _make_way(folder: Path, options: Options) -> None:
    """Removes what an earlier run has left, if that is wanted.

    Raises:
        UserError: there is something, and it is neither to be used nor to be removed.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file; an evaluation needs a folder")
    journal = folder / JOURNAL
    if not journal.exists() and (folder / MIXES).exists():
        raise UserError(f"{folder / MIXES}: is there, and no evaluation has made it; choose another folder")
    if options.resume or not journal.exists() or not journal.stat().st_size:  # an empty one: nothing was done
        return
    if not options.force:
        raise UserError(f"{folder}: holds an evaluation; --resume goes on with it, --force starts again")
    _remove_mixes(folder, journal)
    for name in (JOURNAL, ERRORS):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / EMBEDDINGS, ignore_errors=True)


def _remove_mixes(folder: Path, journal: Path) -> None:
    """Removes the mixes that a journal names, and nothing else that lies beside them."""
    try:
        mixes = Journal(journal).mixes
    except UserError:  # of something else: then none of the mixes is known to be ours
        return
    for name in mixes:
        mix = folder / name
        if mix.resolve().is_relative_to((folder / MIXES).resolve()):
            for path in (mix, mix.with_name(f"{WANTED}.flac")):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # others' files are in it
                mix.parent.rmdir()


class _Ledger:
    """What is done: the journal, and the files that belong to it."""

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder, self._options = folder, options
        self._journal = Journal(folder / JOURNAL)
        self._embedding = embedding_identity(options.embedding) if options.embedding else ""
        self._keys: dict[tuple[str, str], str] = {}
        self._failed: dict[str, Row] = {}
        self._notes: dict[str, None] = {}

    def _key(self, unit: Unit) -> str:
        """Of the files as they were before the work: what is changed meanwhile is not what was measured."""
        key = self._keys.get((unit.pair.name, unit.name)) or unit_key(unit, self._embedding)
        return self._keys.setdefault((unit.pair.name, unit.name), key)

    def _embedded(self, key: str) -> Path:
        return self._folder / EMBEDDINGS / f"{key}.npy"

    def has(self, unit: Unit) -> bool:
        """Whether a unit is done, with all that is wanted of it."""
        row = self._journal.row(key := self._key(unit))
        if row is None or (self._options.embedding and not self._embedded(key).exists()):
            return False
        return not self._options.keep_mixes or bool(row.mix and (self._folder / row.mix).exists())

    def add(self, outcome: Outcome) -> None:
        """Keeps what came of a unit."""
        key = self._key(outcome.unit)
        if outcome.embedded is not None:
            with write_errors(self._embedded(key)):
                self._embedded(key).parent.mkdir(exist_ok=True)
                np.save(self._embedded(key), outcome.embedded)
        if outcome.trace:
            with write_errors(self._folder / ERRORS), (self._folder / ERRORS).open("a", encoding="utf-8") as log:
                log.write(f"{outcome.unit.pair.name}, {outcome.unit.system.name}\n{outcome.trace}\n")
        self._notes |= dict.fromkeys(f"{outcome.unit.pair.name}: {note}" for note in outcome.notes)
        if outcome.row.error:
            self._failed[key] = outcome.row
        else:
            self._journal.add(key, outcome.row)

    def done(self, groups: Sequence[Sequence[Unit]], reused: int) -> Done:
        """All that is done, in order."""
        rows: list[Row] = []
        embedded: dict[tuple[str, str, bool], np.ndarray] = {}
        for unit in (unit for group in groups for unit in group):
            row = self._journal.row(key := self._key(unit)) or self._failed[key]
            rows.append(row)
            if not row.error and self._options.embedding:
                embedded[row.pair, row.system, row.wrong] = np.load(self._embedded(key))
        return Done(rows, embedded, reused, list(self._notes))
