"""Which parts of a song to listen to, when not all of it can be: chosen from surveys, always the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

import numpy as np

from diffmst.data.survey import Survey
from diffmst.dsp.loudness import HOP_S, energy_to_lufs
from diffmst.errors import UserError

_STEP_HOPS = 5
# A hop counts as active within 20 LU of the loudness of its track: sustained notes and tails that are heard, no noise.
ACTIVE_LU = -20.0
# In a reference what lies 10 LU under its loudness is intro, outro or pause (the relative gate of BS.1770).
GATE_LU = -10.0
_LEVELS_LU = np.arange(GATE_LU, 8.1, 1.0)
# What a window gains by standing apart from the others, against what is in it: in stems covered for a song, in
# distance (0 to 1) for a reference.
_SPREAD_IN_SONG, _SPREAD_IN_REFERENCE = 0.5, 0.02
# 10 dB of difference in a band weigh as much as a loudness distribution wholly beside the right one.
_DISTANCE_PER_DB = 0.1

Gain = Callable[[list[int]], np.ndarray]


def choose_windows(
    surveys: Sequence[Survey],
    seconds: float,
    count: int,
    start_s: float | None = None,
    within_s: tuple[float, float] | None = None,
) -> list[float]:
    """Where windows of a song should start so that, together, they let every stem be heard.

    One by one, each window is where most stems sound that have not sounded yet for half a window (or for as long as
    they sound at all), and of these where most sounds at once, apart from the others. The windows do not overlap, but
    in a song barely longer than all of them; one shorter than all of them is covered from end to end.

    Args:
        surveys: of all stems.
        seconds: length of a window.
        count: how many windows at most.
        start_s: where the user wants one window instead.
        within_s: the part of the song in which they lie, at least as long as one; all of it if not given.

    Returns:
        Starts in seconds, ascending. A song shorter than a window has one, at 0.

    Raises:
        UserError: `start_s` is past the end.
    """
    active = active_hops(surveys)

    def gain_over(starts: np.ndarray, length: int) -> Gain:
        sounding = window_sums(active, starts, length)  # [stems, candidates], hops
        enough = np.minimum(active.sum(1), length / 2)[:, None]
        together = sounding.mean(0) / length

        def gain(chosen: list[int]) -> np.ndarray:
            heard = sounding[:, chosen].sum(1, keepdims=True)
            covered = np.minimum(heard + sounding, enough) - np.minimum(heard, enough)
            fresh: np.ndarray = np.divide(covered, enough, out=np.zeros_like(covered), where=enough > 0).sum(0)
            return fresh + together

        return gain

    span_s = within_s or (0.0, max(survey.duration_s for survey in surveys))
    return _choose(span_s, seconds, count, start_s, gain_over, _SPREAD_IN_SONG)


def choose_reference_windows(survey: Survey, seconds: float, count: int, start_s: float | None = None) -> list[float]:
    """Where windows of a finished song should start so that, together, they are like the whole of it.

    One by one, each window brings the loudness distribution and the spectrum, in mid and side, of all windows closest
    to those of the song without its quiet parts. So loud and less loud sections have their share, in proportion.

    Args and Returns: as `choose_windows`.

    Raises:
        UserError: `start_s` is past the end.
    """
    level_lu = level_lu_of(survey)
    gated = level_lu >= GATE_LU
    exceeded = (level_lu >= _LEVELS_LU[:, None]).astype(float)  # [levels, hops]
    bands = survey.bands.reshape(-1, survey.bands.shape[-1]).astype(float)

    def gain_over(starts: np.ndarray, length: int) -> Gain:
        if survey.silent:
            return lambda chosen: np.zeros(len(starts))
        levels = window_sums(exceeded, starts, length) / length
        powers = window_sums(bands, starts, length) / length
        levels_of_song = exceeded[:, gated].mean(1, keepdims=True)
        powers_of_song = bands[:, gated].mean(1, keepdims=True)
        floor = 1e-6 * powers_of_song.max()

        def gain(chosen: list[int]) -> np.ndarray:
            windows = len(chosen) + 1
            with_levels = (levels[:, chosen].sum(1, keepdims=True) + levels) / windows
            with_powers = (powers[:, chosen].sum(1, keepdims=True) + powers) / windows
            apart_db = np.abs(10 * np.log10((with_powers + floor) / (powers_of_song + floor))).mean(0)
            apart_levels = np.abs(with_levels - levels_of_song).mean(0)
            quiet = 1 - with_levels[0]
            return -(quiet + apart_levels + _DISTANCE_PER_DB * apart_db)

        return gain

    return _choose((0.0, survey.duration_s), seconds, count, start_s, gain_over, _SPREAD_IN_REFERENCE)


def _choose(
    span_s: tuple[float, float],
    seconds: float,
    count: int,
    start_s: float | None,
    gain_over: Callable[[np.ndarray, int], Gain],
    spread: float,
) -> list[float]:
    if seconds <= 0 or count < 1:
        raise ValueError(f"seconds must be above 0 and count at least 1, got {seconds} and {count}")
    first_s, last_s = span_s
    duration_s, latest_s = last_s - first_s, max(first_s, last_s - seconds)
    if start_s is not None:
        if not first_s <= start_s < last_s:
            raise UserError(
                f"a start at {start_s:g} s: the song lasts from {first_s:g} to {last_s:.1f} s; choose one within"
            )
        return [min(start_s, latest_s)]
    if duration_s <= count * seconds:
        needed = ceil(duration_s / seconds)
        return [first_s + index * (latest_s - first_s) / max(1, needed - 1) for index in range(needed)]
    starts = np.arange(ceil(first_s / HOP_S), int(latest_s / HOP_S) + 1, _STEP_HOPS)
    gain = gain_over(starts, round(seconds / HOP_S))
    chosen = _pick(starts * HOP_S, seconds, count, duration_s, gain, spread)
    return sorted(float(starts[index] * HOP_S) for index in chosen)


def _pick(starts_s: np.ndarray, seconds: float, count: int, duration_s: float, gain: Gain, spread: float) -> list[int]:
    """Greedily the candidates of the largest gain, `seconds` apart, or half of that once there is no more room."""
    chosen: list[int] = []
    apart_s = np.full(len(starts_s), duration_s)
    while len(chosen) < count:
        free = apart_s >= seconds if (apart_s >= seconds).any() else apart_s >= seconds / 2
        if not free.any():
            break
        score = gain(chosen) + spread * np.minimum(1, apart_s * count / duration_s)
        chosen.append(int(np.where(free, score, -np.inf).argmax()))
        apart_s = np.minimum(apart_s, np.abs(starts_s - starts_s[chosen[-1]]))
    return chosen


def active_hops(surveys: Sequence[Survey]) -> np.ndarray:
    """1 where a stem sounds, 0 elsewhere, [stems, hops]."""
    active = np.zeros((len(surveys), max(survey.energy.shape[1] for survey in surveys)))
    for row, survey in zip(active, surveys, strict=True):
        row[: survey.energy.shape[1]] = level_lu_of(survey) >= ACTIVE_LU
    return active


def level_lu_of(survey: Survey) -> np.ndarray:
    """Level of each hop, in LU over the loudness of the file; -inf throughout for a silent one."""
    level_lufs: np.ndarray = energy_to_lufs(survey.energy.sum(0))
    return np.full_like(level_lufs, -np.inf) if survey.silent else level_lufs - survey.loudness_lufs


def window_sums(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Sums over windows of hops, [rows, windows]."""
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    last = values.shape[1]
    sums: np.ndarray = total[:, np.minimum(starts + length, last)] - total[:, np.minimum(starts, last)]
    return sums
