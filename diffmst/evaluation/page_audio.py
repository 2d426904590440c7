"""The sound of a page: an excerpt of every mix of a pair, in step and equally loud."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from markupsafe import Markup

from diffmst.audio import read
from diffmst.audio.mp3 import RATES_HZ, mp3_bytes
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.errors import UserError
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.row import Row
from diffmst.evaluation.work import WANTED
from diffmst.listening_test.page import envelope
from diffmst.listening_test.sources import StimulusFile, TrialFiles
from diffmst.listening_test.stimuli import Cut, choose_cut, common_rate, prepare
from diffmst.progress import SILENT, Progress

SECONDS = 12.0
LOUDNESS_LUFS = -23.0
TRUTH, REFERENCE = "\0truth", "\0reference"
"""Names among those of systems, which no system can have."""

_BYTES_PER_S = 190_000 / 8 * 4 / 3  # of one sound, as text; a high guess


@dataclass(frozen=True)
class PairSound:
    """What can be heard of a pair.

    Attributes:
        names: of the systems in their order, then `TRUTH` and `REFERENCE` where they are there.
        mp3: a file of each, in the same order.
        loudness_lufs: of each.
        start_s: of the excerpt in the song.
        reference_start_s: likewise in the reference.
        seconds: of all.
        envelope: outline of all systems together, for a picture.
    """

    names: tuple[str, ...]
    mp3: tuple[bytes, ...]
    loudness_lufs: float
    start_s: float
    reference_start_s: float
    seconds: float
    envelope: tuple[int, ...]

    def data(self) -> Markup:
        """Everything the page needs to play it, as a script of data."""
        sounds = {str(index): base64.b64encode(file).decode() for index, file in enumerate(self.mp3)}
        data: dict[str, Any] = {"envelope": self.envelope, "sounds": sounds}
        return Markup(json.dumps(data, separators=(",", ":")))  # digits and base64: nothing that ends a script


def evenly(names: Sequence[str], count: int) -> list[str]:
    """So many of a list, evenly spread over it.

    >>> evenly("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if count >= len(names):
        return list(names)
    if count < 2:
        return list(names[:count])
    return [names[round(index * (len(names) - 1) / (count - 1))] for index in range(count)]


def sounds_of(
    rows: Sequence[Row],
    pairs: Sequence[Pair],
    folder: Path,
    *,
    baseline: str,
    most_bytes: float,
    seconds: float = SECONDS,
    progress: Progress = SILENT,
) -> dict[str, PairSound | str]:
    """What can be heard of pairs, evenly chosen where there is no room for all; or why a chosen one cannot be.

    Args:
        rows: of all pairs.
        pairs: for their references and truths; those that are not among them are heard without.
        folder: that the mixes of rows are relative to.
        baseline: the system in whose mix the loudest passage is sought.
        most_bytes: of all, on the page.
        seconds: of every excerpt.
        progress: told how far it is.
    """
    kept: dict[str, list[Row]] = {}
    for row in rows:
        if row.mix and not row.error and not row.wrong:
            kept.setdefault(row.pair, []).append(row)
    by_name = {pair.name: pair for pair in pairs}
    most_sounds = max((len(of_pair) for of_pair in kept.values()), default=0) + 2
    chosen = evenly(list(kept), int(most_bytes // (most_sounds * seconds * _BYTES_PER_S)))
    found: dict[str, PairSound | str] = {}
    with progress.phase("excerpts to listen to", len(chosen)) as advance:
        for name in chosen:
            files = _files(kept[name], by_name.get(name), folder, baseline)
            try:
                found[name] = _pair_sound(files, seconds)
            except UserError as error:
                found[name] = str(error)
            advance(1)
    return found


def _files(rows: Sequence[Row], pair: Pair | None, folder: Path, baseline: str) -> TrialFiles:
    """What is to be heard: the mix without a reference first, as the passage is sought in it."""
    ordered = sorted(rows, key=lambda row: row.system != baseline)
    stimuli = [StimulusFile(row.system, folder / row.mix) for row in ordered]
    wanted = folder / Path(rows[0].mix).parent / f"{WANTED}.flac"
    if pair and pair.truth and pair.truth.suffix.lower() != ".json":
        wanted = pair.truth
    if wanted.is_file():
        stimuli.append(StimulusFile(TRUTH, wanted))
    reference = StimulusFile(REFERENCE, pair.reference, "reference") if pair and pair.reference.is_file() else None
    return TrialFiles(rows[0].song, tuple(stimuli), reference)


def _pair_sound(files: TrialFiles, seconds: float) -> PairSound:
    cut = choose_cut(files, start_s=None, seconds=seconds, same_song=False)
    heard = TrialFiles(files.song, tuple(_audible(files.stimuli, cut)), files.reference)
    if not heard.stimuli:
        raise UserError(f"{files.song}: every mix is silent in the loudest passage of the first")
    rate = RATES_HZ[0] if common_rate([heard]) <= RATES_HZ[0] else RATES_HZ[1]
    prepared = prepare(heard, cut, rate, loudness_lufs=LOUDNESS_LUFS, hidden=False, anchors=())
    sounds = [*prepared.stimuli, *([prepared.reference] if prepared.reference else [])]
    return PairSound(
        names=tuple(REFERENCE if sound.role == "reference" else sound.system for sound in sounds),
        mp3=tuple(mp3_bytes(sound.audio, rate) for sound in sounds),
        loudness_lufs=prepared.loudness_lufs,
        start_s=cut.start_s,
        reference_start_s=cut.reference_start_s,
        seconds=cut.seconds,
        envelope=tuple(envelope([sound.audio for sound in prepared.stimuli])),
    )


def _audible(files: Sequence[StimulusFile], cut: Cut) -> Iterator[StimulusFile]:
    """Those that sound in the excerpt: one silent mix must not silence the others."""
    for file in files:
        audio = read(file.path, cut.start_s, cut.seconds, RATES_HZ[1])
        meter = LoudnessMeter(RATES_HZ[1], len(audio))
        meter.add(audio)
        if isfinite(meter.integrated_lufs):
            yield file
