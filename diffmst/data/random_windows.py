"""Windows of songs drawn at random, where something sounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.windows import window_sums
from diffmst.dsp.loudness import HOP_S

# A track sounds in a window when it does for half a second, or for as long as it sounds at all.
_SOUNDS_HOPS = 5
# What a window in which nothing sounds weighs: chosen where there is no other.
_LEAST_WEIGHT = 1e-6


class Windows(NamedTuple):
    """Where to listen to a song, and to what.

    Attributes:
        starts_s: of the windows, ascending.
        tracks: indices of the tracks that sound in them, ascending.
    """

    starts_s: list[float]
    tracks: list[int]


def draw_windows(
    rng: np.random.Generator, active: NDArray[np.bool_], seconds: float, count: int, tracks: int | None
) -> Windows:
    """Windows in which many tracks sound, more likely than others, and some of the tracks that sound in any of them.

    Args:
        rng: gives the same windows for the same state.
        active: whether each track sounds, by hops of 100 ms, [tracks, hops].
        seconds: length of a window.
        count: of windows. They overlap only where the song has no room for them side by side; in a song shorter than
            one of them all start at 0.
        tracks: how many at most, drawn from those that sound; all of these when not given, or when they are fewer.
    """
    sounding = window_sums(active.astype(np.int64), _candidates(active, seconds), _hops(seconds))
    enough = np.minimum(_SOUNDS_HOPS, active.sum(1))[:, None]
    chosen = _draw(rng, ((sounding >= enough) & (enough > 0)).sum(0), seconds, count)
    heard = np.flatnonzero(sounding[:, chosen].sum(1) >= np.maximum(1, enough[:, 0]))
    if tracks is not None and tracks < len(heard):
        heard = np.sort(rng.choice(heard, tracks, replace=False))
    return Windows(_starts_s(rng, chosen, active.shape[1], seconds), [int(track) for track in heard])


def draw_starts(rng: np.random.Generator, gated: NDArray[np.bool_], seconds: float, count: int) -> list[float]:
    """Starts of windows of a finished song, the likelier the more of a window is no intro, outro or pause.

    Args:
        rng, seconds, count: as `draw_windows`.
        gated: whether the song is at its loudness, by hops of 100 ms, [hops].
    """
    share = window_sums(gated[None].astype(np.int64), _candidates(gated[None], seconds), _hops(seconds))[0]
    return _starts_s(rng, _draw(rng, share, seconds, count), len(gated), seconds)


def _hops(seconds: float) -> int:
    return max(1, round(seconds / HOP_S))


def _candidates(active: NDArray[np.bool_], seconds: float) -> NDArray[np.int64]:
    return np.arange(max(1, active.shape[1] - _hops(seconds) + 1))


def _draw(rng: np.random.Generator, weights: NDArray[np.int64], seconds: float, count: int) -> list[int]:
    """One candidate after the other by weight, a window away from those before, or half, or not at all."""
    places, length = np.arange(len(weights)), _hops(seconds)
    apart = np.full(len(weights), length)
    chosen: list[int] = []
    for _ in range(count):
        free = next(free for free in (apart >= length, apart >= length / 2, apart >= 0) if free.any())
        likely = np.where(free, np.maximum(weights, _LEAST_WEIGHT), 0.0)
        chosen.append(int(rng.choice(len(weights), p=likely / likely.sum())))
        apart = np.minimum(apart, np.abs(places - chosen[-1]))
    return sorted(chosen)


def _starts_s(rng: np.random.Generator, chosen: list[int], hops: int, seconds: float) -> list[float]:
    """Within the hop that was chosen, anywhere."""
    latest_s = max(0.0, hops * HOP_S - seconds)
    return sorted(float(min(latest_s, (hop + rng.random()) * HOP_S)) for hop in chosen)
