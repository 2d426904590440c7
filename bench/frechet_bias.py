"""`python -m bench.frechet_bias`: what few songs do to a Fréchet distance, simulated: the table of docs/fad.md."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.evaluation.frechet import EmbeddedFile, frechet_figures
from diffmst.evaluation.frechet.distance import FloatArray, Gaussian, frechet_distance

WINDOWS = 10  # of every song
BETWEEN = 0.6  # share of the variance that all windows of a song have in common

SIZES = ((32, 40), (128, 20), (512, 2))  # dimensions, repetitions
_SONGS = (10, 20, 50, 100, 200)
_OFF = 0.3
_HEADINGS = ("dims", "songs", "truth", "as it is", "line over windows", "told here", "interval", "holds truth", "noted")


class Source(NamedTuple):
    """Where the mixes of a system come from: mean [dims] and root of the covariance [dims, dims]."""

    mean: FloatArray
    root: FloatArray

    @property
    def gaussian(self) -> Gaussian:
        """The truth, known of all mixes there are."""
        return Gaussian(self.mean, self.root @ self.root.T)

    def files(self, songs: FloatArray, kind: str = "song") -> list[EmbeddedFile]:
        """Mixes of songs [songs, windows, dims]."""
        return [EmbeddedFile(f"{kind} {index}", self.mean + song @ self.root.T) for index, song in enumerate(songs)]


class World:
    """Mixes are Gaussian vectors; the variance of their k-th direction falls as 1 / k, much as that of embeddings does.

    Songs differ, and within a song windows do. Other systems than the reference are off by some of the deviation that
    there is, in a random direction, and scaled by random factors.
    """

    def __init__(self, dims: int, seed: int = 0) -> None:
        self._generator = np.random.default_rng(seed)
        variances = 1 / np.arange(1, dims + 1)
        variances *= dims / variances.sum()
        turned = np.linalg.qr(self._generator.standard_normal((dims, dims)))[0]
        self.reference = Source(np.zeros(dims), turned * np.sqrt(variances))

    def system(self, off: float) -> Source:
        """One that is as far from the reference as `off` says, 0 for not at all."""
        dims = len(self.reference.mean)
        direction = self._generator.standard_normal(dims)
        mean = off * np.sqrt(dims) * direction / np.linalg.norm(direction)
        return Source(mean, self.reference.root * (1 + off / 2 * self._generator.standard_normal(dims)))

    def songs(self, count: int) -> FloatArray:
        """Deviations of songs and windows [songs, windows, dims], which the mixes of all systems have in common."""
        dims = len(self.reference.mean)
        song, window = (self._generator.standard_normal((count, number, dims)) for number in (1, WINDOWS))
        together: FloatArray = np.sqrt(BETWEEN) * song + np.sqrt(1 - BETWEEN) * window
        return together


class Simulated(NamedTuple):
    """Means over repetitions; `held` and `noted` are the shares of intervals that hold the truth, and of notes."""

    truth: float
    plain: float
    line: float
    ours: float
    half_width: float
    held: float
    noted: float


def simulate(dims: int, songs: int, repetitions: int, seed: int = 0) -> Simulated:
    """A system a little off, from so many songs."""
    world = World(dims, seed)
    system = world.system(_OFF)
    truth = frechet_distance(system.gaussian, world.reference.gaussian)
    rows = []
    for repetition in range(repetitions):
        mixes, references = system.files(world.songs(songs)), world.reference.files(world.songs(songs), "reference")
        figure = frechet_figures({"system": mixes}, references, repetition)["system"]
        low, high = figure.interval.low, figure.interval.high
        vectors = [np.concatenate([file.vectors for file in files]) for files in (mixes, references)]
        plain = frechet_distance(*map(Gaussian.of, vectors))
        line = _line_over_windows(vectors, np.random.default_rng(repetition))
        rows.append([truth, plain, line, figure.value, (high - low) / 2, low <= truth <= high, figure.note != ""])
    return Simulated(*np.mean(rows, axis=0))


def _line_over_windows(sets: list[FloatArray], generator: np.random.Generator, draws: int = 4) -> float:
    """The distance as it is usually corrected: as if windows of a song had nothing to do with each other."""
    shares = np.repeat(np.linspace(0.4, 1, 5), draws)
    distances = [
        frechet_distance(*(Gaussian.of(generator.permutation(x)[: round(share * len(x))]) for x in sets))
        for share in shares
    ]
    return float(np.polyfit(1 / shares, distances, 1)[1])


def table_row(dims: int, songs: int, repetitions: int) -> str:
    """A row of the table, in Markdown."""
    told = simulate(dims, songs, repetitions)
    cells = [f"{dims}", f"{songs}", *(f"{value:.1f}" for value in told[:4]), f"± {told.half_width:.1f}"]
    return f"| {' | '.join([*cells, f'{told.held:.0%}', f'{told.noted:.0%}'])} |"


def main() -> None:
    """Prints the table."""
    print(f"| {' | '.join(_HEADINGS)} |\n{'|--:' * len(_HEADINGS)}|")  # noqa: T201
    for dims, repetitions in SIZES:
        for songs in _SONGS:
            print(table_row(dims, songs, repetitions), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
