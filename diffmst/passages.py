"""The parts of a song and of a reference that are listened to, chosen and read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.audio import AudioReader
from diffmst.data.song import Song
from diffmst.data.survey import Survey
from diffmst.data.windows import choose_reference_windows, choose_windows
from diffmst.errors import UserError
from diffmst.excerpts import Excerpts
from diffmst.listening import Heard

LEAD_S = 1.0
"""Played before each window, unheard, so that filters, compressors and reverb have settled."""

LONGEST_WINDOW_S = 60.0
"""A window that the user asks for; what is refined on stays in memory."""

SILENT_PEAK = 1e-4
"""A passage that stays under this (-80 dBFS) is silent."""


@dataclass(frozen=True)
class Listening:
    """Where to listen, if the user says so: the whole song is considered otherwise.

    Attributes:
        start_s: of the one window in the song.
        reference_start_s: of the one window in the reference.
        seconds: length of these.
    """

    start_s: float | None = None
    reference_start_s: float | None = None
    seconds: float | None = None


ANYWHERE = Listening()


@dataclass(frozen=True)
class Windows:
    """How much is listened to where the user leaves it open.

    Attributes:
        seconds: length of a window; twice as long where the user chooses the one window.
        count: how many, at most.
    """

    seconds: float
    count: int


class SongPassages(NamedTuple):
    """What is listened to of a song.

    Attributes:
        excerpts: all its tracks in every window.
        starts_s: where the windows start.
        window_s: their length, without the lead.
    """

    excerpts: Excerpts
    starts_s: tuple[float, ...]
    window_s: float


class ReferencePassages(NamedTuple):
    """What is listened to of a reference.

    Attributes:
        audio: [windows, 2, time].
        starts_s: where the windows start.
        window_s: their length.
    """

    audio: Tensor
    starts_s: tuple[float, ...]
    window_s: float


def song_passages(
    heard: Heard,
    where: Listening,
    windows: Windows,
    *,
    lead_s: float = LEAD_S,
    sample_rate: int | None = None,
    within_s: tuple[float, float] | None = None,
) -> SongPassages:
    """Windows of a song in which, together, every stem is heard; or the one that the user chose.

    Args:
        heard: the song, surveyed.
        where: what the user says.
        windows: what is wanted otherwise.
        lead_s: played before each window.
        sample_rate: to read at; the song's own if not given.
        within_s: the part of the song in which the windows lie; all of it if not given.

    Raises:
        UserError: the start that the user chose lies beyond the end, or where nothing sounds.
    """
    song = replace(heard.song, sample_rate=sample_rate or heard.song.sample_rate)
    first_s, last_s = within_s or (0.0, song.duration_s)
    _check_start(where.start_s, song.duration_s, "the song", "--start")
    window_s, count = _window(where.start_s, where.seconds, windows, last_s - first_s)
    starts = choose_windows(heard.surveys, window_s, count, where.start_s, within_s)
    audio, lead_frames = _with_lead(song, starts, window_s, lead_s)
    _check_heard(audio[..., lead_frames:], "the stems", "--start")
    excerpts = Excerpts(torch.from_numpy(audio), song.channels, lead_frames, song.sample_rate)
    return SongPassages(excerpts, tuple(starts), window_s)


def reference_passages(survey: Survey, where: Listening, windows: Windows, sample_rate: int) -> ReferencePassages:
    """Windows of a reference that, together, are like the whole of it; or the one that the user chose.

    Raises:
        UserError: the start that the user chose lies beyond the end, or where nothing sounds.
    """
    _check_start(where.reference_start_s, survey.duration_s, "the reference", "--reference-start")
    window_s, count = _window(where.reference_start_s, where.seconds, windows, survey.duration_s)
    starts = choose_reference_windows(survey, window_s, count, where.reference_start_s)
    audio = _reference_windows(survey.info.path, starts, window_s, sample_rate)
    _check_heard(audio.numpy(), "the reference", "--reference-start")
    return ReferencePassages(audio, tuple(starts), window_s)


def _check_start(start_s: float | None, duration_s: float, what: str, option: str) -> None:
    """Refuses a start beyond the end."""
    if start_s is not None and start_s >= duration_s:
        raise UserError(f"{option} {start_s:g}: {what} lasts {duration_s:.1f} s; choose a start within")


def _check_heard(audio: np.ndarray, what: str, option: str) -> None:
    """Refuses a passage in which nothing sounds: there would be nothing to match."""
    if max(audio.max(), -audio.min()) < SILENT_PEAK:
        raise UserError(f"nothing sounds in the passage of {what} that is to be matched; choose another {option}")


def _window(start_s: float | None, seconds: float | None, windows: Windows, duration_s: float) -> tuple[float, int]:
    """Length and number of windows: one where the user says where or how long, to the end of the file at most."""
    if start_s is None and seconds is None:
        return min(windows.seconds, duration_s), windows.count
    left_s = max(duration_s - (start_s or 0.0), min(1.0, duration_s))
    return min(seconds or windows.seconds * 2, LONGEST_WINDOW_S, left_s), 1


def _with_lead(song: Song, starts_s: Sequence[float], window_s: float, longest_s: float) -> tuple[np.ndarray, int]:
    """Windows [windows, rows, lead + time]; where a song begins later than the lead, silence comes first."""
    lead_s = min(longest_s, max(starts_s))
    lead_frames = round(lead_s * song.sample_rate)
    windows = song.read_windows([max(0.0, start_s - lead_s) for start_s in starts_s], window_s + lead_s)
    for window, start_s in zip(windows, starts_s, strict=True):
        missing = lead_frames - round(min(start_s, lead_s) * song.sample_rate)
        if missing:
            window[:, missing:] = window[:, :-missing].copy()
            window[:, :missing] = 0
    return windows, lead_frames


def _reference_windows(path: Path, starts_s: Sequence[float], window_s: float, sample_rate: int) -> Tensor:
    """Windows of the reference [windows, 2, time]; a mono one plays on both sides."""
    windows = np.zeros((len(starts_s), 2, max(1, round(window_s * sample_rate))), np.float32)
    with AudioReader(path, sample_rate) as reader:
        for window, start_s in zip(windows, starts_s, strict=True):
            reader.seek(round(start_s * sample_rate))
            block = reader.read(window.shape[1])
            window[:, : block.shape[1]] = block
    return torch.from_numpy(windows)
