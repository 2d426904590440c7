"""Where the time of a training step goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

import torch

Stage = Literal["data", "model", "console", "loss", "backward", "optimizer", "other"]
STAGES: tuple[Stage, ...] = ("data", "model", "console", "loss", "backward", "optimizer", "other")
"""Waiting for examples, and moving them; hearing and predicting; mixing; comparing; gradients; stepping; the rest."""


class Spent(NamedTuple):
    """Time spent.

    Attributes:
        wall_s: as the clock on the wall says.
        processor_s: of all threads of this process; workers that make examples have their own.
    """

    wall_s: float = 0.0
    processor_s: float = 0.0

    def __add__(self, other: tuple[object, ...]) -> Spent:
        assert isinstance(other, Spent)
        return Spent(self.wall_s + other.wall_s, self.processor_s + other.processor_s)

    def since(self, earlier: Spent) -> Spent:
        """What was spent from `earlier` to here."""
        return Spent(self.wall_s - earlier.wall_s, self.processor_s - earlier.processor_s)


class Stopwatch:
    """Time by stage: every moment since the last reading belongs to one.

    Work on a GPU is waited for at the borders only if `exact` is set: the waiting itself costs time.

    Attributes:
        exact: whether to wait for the GPU at the end of a stage.
    """

    def __init__(self) -> None:
        self.exact = False
        self._spent: dict[Stage, Spent] = {}
        self._stage: Stage = "other"
        self._paused = False
        self._since = _now()

    def to(self, stage: Stage) -> Stage:
        """What comes now belongs to `stage`; returns the stage that ends."""
        if self.exact and torch.cuda.is_available():
            torch.cuda.synchronize()
        now, ended = _now(), self._stage
        if not self._paused:
            self._spent[ended] = self._spent.get(ended, Spent()) + now.since(self._since)
        self._stage, self._since = stage, now
        return ended

    @contextmanager
    def during(self, stage: Stage) -> Iterator[None]:
        """What happens inside belongs to `stage`, what follows to the stage before."""
        before = self.to(stage)
        try:
            yield
        finally:
            self.to(before)

    def pause(self) -> None:
        """What comes now belongs to no stage, whatever it says, up to `resume`."""
        self.to(self._stage)
        self._paused = True

    def resume(self) -> None:
        """Time counts again."""
        self.to(self._stage)
        self._paused = False

    def read(self) -> dict[Stage, Spent]:
        """Time spent in every stage since the last reading."""
        self.to(self._stage)
        spent = {stage: self._spent.get(stage, Spent()) for stage in STAGES}
        self._spent = {}
        return spent


def _now() -> Spent:
    return Spent(time.perf_counter(), time.process_time())
