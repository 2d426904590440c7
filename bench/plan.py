"""How much is measured: sizes, repetitions and budgets of time, whole or quick."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.measurements import NOWHERE, At, Measurement
from bench.signals import Size
from bench.workers import Outcome

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

MAIN = Size(16, 10.0)
"""The song of which the figures are quoted."""


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Attributes:
        quick: whether this is only to see that it runs.
        rounds: of interleaved turns at most.
        turn_s: length of one turn at least.
        budget_s: for one contest; a round that would end later does not begin.
        consoles: songs for the console, beside the main one.
        render: song to render.
        render_peer_s: of it, what is given to peers that are slower than real time would allow.
        long_render: song whose render's memory is measured.
        refine_steps: to take.
        growth_tracks: numbers of tracks, of 10 s.
        growth_seconds: lengths of 8 tracks, forward and backward.
        growth_stream_seconds: lengths of 8 tracks, streamed.
        accuracy_seconds: of the signals that errors are measured on.
        fresh_processes: repetitions of what needs a process of its own.
    """

    quick: bool
    rounds: int
    turn_s: float
    budget_s: float
    consoles: tuple[Size, ...]
    render: Size
    render_peer_s: float
    long_render: Size
    refine_steps: int
    growth_tracks: tuple[int, ...]
    growth_seconds: tuple[float, ...]
    growth_stream_seconds: tuple[float, ...]
    accuracy_seconds: float
    fresh_processes: int


FULL = Plan(
    quick=False,
    rounds=5,
    turn_s=0.4,
    budget_s=40.0,
    consoles=(Size(8, 10.0), Size(32, 30.0)),
    render=Size(16, 240.0),
    render_peer_s=30.0,
    long_render=Size(16, 3600.0),
    refine_steps=40,
    growth_tracks=(1, 2, 4, 8, 16, 32, 64, 128),
    growth_seconds=(1, 3, 10, 30, 100, 300),
    growth_stream_seconds=(1, 10, 60, 600, 3600),
    accuracy_seconds=10.0,
    fresh_processes=3,
)
QUICK = Plan(
    quick=True,
    rounds=1,
    turn_s=0.1,
    budget_s=5.0,
    consoles=(),
    render=Size(16, 10.0),
    render_peer_s=2.0,
    long_render=Size(16, 60.0),
    refine_steps=3,
    growth_tracks=(1, 4),
    growth_seconds=(1, 3),
    growth_stream_seconds=(1, 10),
    accuracy_seconds=1.0,
    fresh_processes=1,
)


@dataclass
class Bench:
    """One run: what it is to do, and what it has found.

    Attributes:
        plan: how much.
        who: contenders taken in; all that are installed if None.
        folder: for files, emptied afterwards.
        tell: told what is being measured.
        measurements: found so far.
    """

    plan: Plan
    who: tuple[str, ...] | None
    folder: Path
    tell: Callable[[str], None] = lambda text: None
    measurements: list[Measurement] = field(default_factory=list)

    def takes_in(self, who: str) -> bool:
        """Whether a contender was asked for."""
        return self.who is None or who in self.who

    def add(
        self,
        case: str,
        what: str,
        who: str,
        unit: str,
        *samples: float,
        at: At = NOWHERE,
        note: str = "",
        cpu_s: float | None = None,
    ) -> Measurement:
        """Takes down a measurement."""
        found = Measurement(case, what, who, unit, samples, at, note, cpu_s)
        self.measurements.append(found)
        return found

    def add_outcome(self, case: str, what: str, who: str, outcome: Outcome, at: At) -> Measurement:
        """Takes down the times of a contender's turns."""
        cpu_s = sorted(turn.cpu_s for turn in outcome.turns)
        return self.add(
            case,
            what,
            who,
            "s",
            *(turn.wall_s for turn in outcome.turns),
            at=at,
            note=outcome.note,
            cpu_s=cpu_s[len(cpu_s) // 2] if cpu_s else None,
        )
