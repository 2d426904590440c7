"""Processed stems from outside: the exports of whatever mixed them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from diffmst.audio import AudioReader, find_stems, probe, read, resampled_frames
from diffmst.data.song import Track
from diffmst.data.survey import Survey
from diffmst.errors import UserError
from diffmst.evaluation.metrics.alignment import lag_ms
from diffmst.evaluation.metrics.processed_stems import Audio, ProcessedStem, measure_stem, silent_stem
from diffmst.listening import Heard

LATEST_MS = 5.0
"""A processed stem that comes later, or earlier, than this is not in time."""

_TOLD_MS = 0.5  # less is what equalizers do to phases
_LENGTH_TOLERANCE_S = 0.05
_BLOCK_FRAMES = 2**18
_PASSAGE_S = 6.0
_HOP_S = 0.1  # of a survey


def wet_stems(folder: Path, heard: Heard) -> tuple[tuple[ProcessedStem, ...], tuple[str, ...]]:
    """What became of every stem of a song, in order, and notes on files that are not in time or not asked for.

    A stem that is silent when raw need not be there.

    Args:
        folder: of the processed stems, named as the raw ones.
        heard: the raw song.

    Raises:
        UserError: a stem is missing, of another length, or most are not in time.
    """
    files = {stem.name.casefold(): stem.path for stem in find_stems([folder])}
    stems, late_ms = [], {}
    for track, survey in zip(heard.song.tracks, heard.surveys, strict=True):
        path = files.pop(track.name.casefold(), None)
        if survey.silent:
            stems.append(silent_stem())
            continue
        if path is None:
            raise UserError(f"{folder}: has no stem {track.name!r}; name processed stems as the raw ones")
        _check_length(path, track, heard)
        late_ms[track.name] = _late_ms(path, track, survey)
        stems.append(measure_stem(_before_and_after(path, track, heard.song.sample_rate), heard.song.sample_rate))
    known_ms = {name: late for name, late in late_ms.items() if late is not None}
    _check_time(folder, known_ms)
    notes = [
        f"{name} comes {late:+.1f} ms after its raw stem." for name, late in known_ms.items() if abs(late) >= _TOLD_MS
    ]
    notes += [f"{path.name} belongs to no raw stem and is left out." for path in files.values()]
    return tuple(stems), tuple(notes)


def _check_length(path: Path, track: Track, heard: Heard) -> None:
    """Raises UserError unless the file lasts as long as its raw stem, or as the song."""
    rate, info = heard.song.sample_rate, probe(path)
    frames = resampled_frames(info.frames, info.sample_rate, rate)
    raw = resampled_frames(track.info.frames, track.info.sample_rate, rate)
    if min(abs(frames - length) for length in (raw, heard.song.frames)) > _LENGTH_TOLERANCE_S * rate:
        raise UserError(
            f"{path}: lasts {frames / rate:.2f} s, its raw stem {raw / rate:.2f} s; export it from beginning to end"
        )


def _check_time(folder: Path, late_ms: dict[str, float]) -> None:
    """Raises UserError if the stems on the whole are not in time; single ones may be delayed on purpose."""
    if late_ms and abs(middle_ms := median(late_ms.values())) > LATEST_MS:
        raise UserError(
            f"{folder}: the stems come {middle_ms:+.0f} ms after the raw ones; export them again without latency"
        )


def _late_ms(path: Path, track: Track, survey: Survey) -> float | None:
    """By how much a processed stem comes after its raw one, in its loudest passage, where that can be told."""
    energy = np.convolve(survey.energy.sum(0), np.ones(round(_PASSAGE_S / _HOP_S)))[round(_PASSAGE_S / _HOP_S) - 1 :]
    start_s = int(energy.argmax()) * _HOP_S
    raw = read(track.path, start_s, _PASSAGE_S)
    wet = read(path, start_s, _PASSAGE_S, sample_rate=survey.info.sample_rate)
    return lag_ms(raw.mean(0), wet.mean(0), survey.info.sample_rate)


def _before_and_after(path: Path, track: Track, sample_rate: int) -> Iterator[tuple[Audio, Audio]]:
    """Raw and processed stem piece by piece; the shorter is followed by silence."""
    with AudioReader(track.path, sample_rate, track.channels) as raw, AudioReader(path, sample_rate) as wet:
        while True:
            before, after = raw.read(_BLOCK_FRAMES), wet.read(_BLOCK_FRAMES)
            frames = max(before.shape[1], after.shape[1])
            if not frames:
                return
            before, after = (np.pad(x, ((0, 0), (0, frames - x.shape[1]))) for x in (before, after))
            yield before, np.broadcast_to(after, (2, frames))
