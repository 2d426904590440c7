"""The rows of one task, by system and pair."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from diffmst.evaluation.row import Row
from diffmst.statistics import FloatArray

Heard = tuple[str, bool]
"""A system, and whether it heard the wrong reference."""


class TaskRows:
    """Rows of one task; what is asked of them is asked by the key of a metric.

    Attributes:
        rows: of the task, in their order.
        systems: by name, in the order in which they come up; those first that heard the right reference.
        pairs: likewise.
        song: of each pair, by name.

    Args:
        rows: of one task.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.systems = list(dict.fromkeys(row.system for row in sorted(rows, key=lambda row: row.wrong)))
        self.pairs = list(dict.fromkeys(row.pair for row in rows))
        self.song = {row.pair: row.song for row in rows}
        self._figures: dict[tuple[Heard, str], dict[str, float]] = {}

    @cached_property
    def done(self) -> dict[Heard, dict[str, Row]]:
        """Rows without an error, by system and pair; systems without any are not there."""
        done: dict[Heard, dict[str, Row]] = {}
        for row in self.rows:
            if not row.error:
                done.setdefault((row.system, row.wrong), {})[row.pair] = row
        return done

    @cached_property
    def common(self) -> list[str]:
        """Pairs of which every system has a mix, but for systems that have none at all."""
        right = [rows for (_, wrong), rows in self.done.items() if not wrong]
        return [pair for pair in self.pairs if right and all(pair in rows for rows in right)]

    def figures(self, heard: Heard, key: str) -> dict[str, float]:
        """A figure of a system by pair; what is missing or not finite is not there."""
        if (heard, key) not in self._figures:
            found = {pair: row.figures.get(key, math.nan) for pair, row in self.done.get(heard, {}).items()}
            self._figures[heard, key] = {pair: value for pair, value in found.items() if math.isfinite(value)}
        return self._figures[heard, key]

    def comparable(self, key: str) -> list[str]:
        """Common pairs on which every system has the figure that has it at all."""
        right = [self.figures(heard, key) for heard in self.done if not heard[1]]
        return [pair for pair in self.common if all(pair in found for found in right if found)]

    def songs(self, pairs: Iterable[str]) -> list[str]:
        """The song of each pair."""
        return [self.song[pair] for pair in pairs]

    def by_song(self, pairs: Sequence[str], values: FloatArray) -> FloatArray:
        """Means of values over the pairs of each song."""
        songs = np.array(self.songs(pairs))
        return np.array([values[songs == song].mean() for song in dict.fromkeys(songs)])
