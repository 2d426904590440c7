"""The Fréchet distance of sets of mixes, freed from what it owes to their small number, with an interval.

The distance between two samples is too large, by about as much as each has more dimensions than songs: two halves of
one set are never alike. Windows of a song are no remedy, being like each other, so it is songs that are left out here.

Let T(u) be the distance to be expected from 1 / u of the songs. It grows almost as a parabola in u, and the distance of
infinitely many songs is T(0). Three points are known: T(1); the mean with one fold of the songs left out; and the mean
of halves, T(2). The parabola through them is taken at 0. With the first two alone, a line, it is the jackknife.

The interval is that of the jackknife: with G folds, the values G T - (G - 1) T_g that are told with fold g left out
scatter as if they were independent, and their mean lies on the line. All sets lose the same songs at a time, so what
they have in common cancels in the difference between two of them.

Reference: Quenouille, "Notes on bias in estimation", Biometrika 43, 1956; Tukey, "Bias and confidence in not quite
large samples", Annals of Mathematical Statistics 29, 1958; Chong, Forsyth, "Effectively unbiased FID and Inception
Score and where to find them", CVPR 2020, and Gui et al., "Adapting Frechet audio distance for generative music
evaluation", ICASSP 2024, who extrapolate a line over windows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from diffmst.evaluation.frechet.distance import FloatArray, Gaussian, frechet_distance
from diffmst.statistics import UNKNOWN, Interval, t_interval

FEWEST_SONGS = 6
"""With fewer, neither the size of the set can be corrected for nor chance be told."""

_MOST_FOLDS = 20
_HALVINGS = 8
_FEW_SONGS_PER_DIM = 0.5  # with fewer than this the value is still too high, see docs/fad.md

Key = TypeVar("Key", bound=Hashable)


class EmbeddedFile(NamedTuple):
    """A finished mix as vectors.

    Attributes:
        song: files of one song are left out together, the reference of that name too.
        vectors: of its windows, [windows, dims], at least one.
    """

    song: str
    vectors: NDArray[np.floating]


@dataclass(frozen=True)
class FrechetFigure:
    """How far one set of mixes is from the reference.

    Attributes:
        value: the distance to be expected of infinitely many songs; it may come out below 0 where there is none.
        interval: of the value over other songs and references; NaN for fewer than `FEWEST_SONGS`.
        note: why the value is not to be believed as it stands; empty if it is.
        pseudo_values: of every fold of songs, [folds]; see `difference`.
    """

    value: float
    interval: Interval
    note: str
    pseudo_values: FloatArray


def frechet_figures(
    sets: Mapping[Key, Sequence[EmbeddedFile]], reference: Sequence[EmbeddedFile], seed: int = 0
) -> dict[Key, FrechetFigure]:
    """The Fréchet distance of every set of mixes from the reference.

    Every file counts alike, however long. Compared fairly are mixes of the same songs.

    Args:
        sets: the finished mixes of every system.
        reference: finished songs.
        seed: of the folds.

    Raises:
        ValueError: a set or the reference is empty, or dimensions differ.
    """
    alike: dict[frozenset[str], dict[Key, Sequence[EmbeddedFile]]] = {}
    for key, files in sets.items():
        alike.setdefault(frozenset(_songs(files)), {})[key] = files
    figures: dict[Key, FrechetFigure] = {}
    for songs, of_songs in alike.items():
        figures |= _of_same_songs(of_songs, songs, reference, seed)
    return {key: figures[key] for key in sets}


def difference(one: FrechetFigure, other: FrechetFigure) -> tuple[float, Interval]:
    """How much farther one set is than another, with its interval.

    Both are of mixes of the same songs, and from one call. It is far more certain than either value: what few songs do
    to one set they do to the other.
    """
    value = one.value - other.value
    return value, _around(value, one.pseudo_values - other.pseudo_values)


def _of_same_songs(
    sets: Mapping[Key, Sequence[EmbeddedFile]], songs: frozenset[str], reference: Sequence[EmbeddedFile], seed: int
) -> dict[Key, FrechetFigure]:
    """See `frechet_figures`; with the same songs go the same folds."""
    of_reference = _songs(reference)
    fewest = min(len(songs), len(of_reference))
    if not fewest:
        raise ValueError("every set and the reference need at least one file")
    if fewest < FEWEST_SONGS:
        target = _Folds.together(reference)
        return {key: _uncorrected(files, target, fewest) for key, files in sets.items()}
    folds = fewest if fewest < 2 * _MOST_FOLDS else _MOST_FOLDS
    generator = np.random.default_rng(seed)
    fold_of = _dealt(songs, of_reference, folds, generator)
    parts = _parts(folds, generator)
    target_folds = _Folds(reference, fold_of, folds)
    set_folds = {key: _Folds(files, fold_of, folds) for key, files in sets.items()}
    distances: dict[Key, list[float]] = {key: [] for key in sets}
    for part in parts:  # outside, as the root of the target is what takes time
        target = target_folds.gaussian(part)
        for key, own in set_folds.items():
            distances[key].append(frechet_distance(own.gaussian(part), target))
    dims = len(target.mean)
    return {key: _figure(np.array(values), parts, folds, fewest, dims) for key, values in distances.items()}


class _Folds:
    """Moments of the files of every fold, from which those of any of them together follow."""

    def __init__(self, files: Iterable[EmbeddedFile], fold_of: Mapping[str, int], folds: int) -> None:
        files = list(files)
        dims = files[0].vectors.shape[1]
        self._counts = np.zeros(folds)
        self._means, self._squares = np.zeros((folds, dims)), np.zeros((folds, dims, dims))
        self._centre = np.mean([file.vectors.mean(0, dtype=np.float64) for file in files], axis=0)
        for file in files:
            fold, apart = fold_of[file.song], file.vectors - self._centre
            self._counts[fold] += 1
            self._means[fold] += apart.mean(0)
            self._squares[fold] += apart.T @ apart / len(apart)

    @staticmethod
    def together(files: Sequence[EmbeddedFile]) -> Gaussian:
        """That of all files."""
        return _Folds(files, dict.fromkeys((file.song for file in files), 0), 1).gaussian([0])

    def gaussian(self, part: Sequence[int]) -> Gaussian:
        """That of the files of some folds."""
        chosen = list(part)
        count = self._counts[chosen].sum()
        mean = self._means[chosen].sum(0) / count
        return Gaussian(self._centre + mean, self._squares[chosen].sum(0) / count - np.outer(mean, mean))


def _songs(files: Iterable[EmbeddedFile]) -> set[str]:
    return {file.song for file in files}


def _dealt(mixed: Set[str], reference: Set[str], folds: int, generator: np.random.Generator) -> dict[str, int]:
    """A fold for every song, so that both those that were mixed and the references are spread evenly."""
    both = mixed & reference
    fold_of: dict[str, int] = {}
    for songs, first in ((both, 0), (mixed - both, len(both)), (reference - both, len(both))):
        ordered = sorted(songs)
        places = enumerate(generator.permutation(len(ordered)), first)
        fold_of |= {ordered[index]: place % folds for place, index in places}
    return fold_of


def _parts(folds: int, generator: np.random.Generator) -> list[list[int]]:
    """Which folds are taken together: all; all but one, in turn; halves and what is left of each."""
    everything = list(range(folds))
    parts = [everything, *([other for other in everything if other != fold] for fold in everything)]
    for _ in range(_HALVINGS):
        order = generator.permutation(folds).tolist()
        parts += [sorted(order[: folds // 2]), sorted(order[folds // 2 :])]
    return parts


def _figure(distances: FloatArray, parts: Sequence[Sequence[int]], folds: int, songs: int, dims: int) -> FrechetFigure:
    kinds = [slice(0, 1), slice(1, 1 + folds), slice(1 + folds, None)]
    u = np.array([folds / len(part) for part in parts])
    powers = np.array([[np.mean(u[kind] ** power) for power in range(3)] for kind in kinds])
    value = float(np.linalg.solve(powers, [distances[kind].mean() for kind in kinds])[0])
    pseudo_values = folds * distances[0] - (folds - 1) * distances[kinds[1]]
    interval = _around(value, pseudo_values)
    bent = abs(value - pseudo_values.mean()) > interval.high - value
    few = bent or songs < _FEW_SONGS_PER_DIM * dims
    note = f"{songs} songs are few for {dims} dimensions: trust differences between systems, not the value"
    return FrechetFigure(value, interval, note if few else "", pseudo_values)


def _uncorrected(files: Sequence[EmbeddedFile], target: Gaussian, songs: int) -> FrechetFigure:
    note = f"{songs} songs: too high, as it is not corrected for their number; that takes {FEWEST_SONGS}"
    return FrechetFigure(frechet_distance(_Folds.together(files), target), UNKNOWN, note, np.array([np.nan]))


def _around(value: float, scattered: FloatArray) -> Interval:
    """The interval of a mean of scattered values, about another value."""
    interval = t_interval(scattered)
    half = (interval.high - interval.low) / 2
    return Interval(value - half, value + half)
