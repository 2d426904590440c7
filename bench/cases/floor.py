"""How near the channel strips are to what one core can do at all: the multiply-adds of their equalizers alone."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import torch

from bench.measurements import OURS, At
from bench.plan import MAIN, Bench
from bench.signals import tracks, unit_settings
from bench.workers import Worker, interleaved
from diffmst.dsp.kernels.host import LANES
from diffmst.dsp.kernels.simd import fma, load, pointers, splat, store
from diffmst.layout import DEFAULT
from diffmst.strips import Strips, track_strips

CASE = "floor"
MULTIPLY_ADD, READ = "2e9 multiply-adds in float64", "reading the audio, 16 x 10 s"
FORWARD, BOTH = "strips forward, 16 x 10 s", "strips forward and backward, 16 x 10 s"
METHODS = {MULTIPLY_ADD: "multiply_add", READ: "read", FORWARD: "forward", BOTH: "both"}

MULTIPLY_ADDS = 2e9
STAGE_FORWARD = 5  # multiply-adds of a biquad, per sample
STAGE_BOTH = 20  # forward twice, the adjoint filter 5, five sums
_WIDE = 16 * LANES  # chains of multiply-adds that do not wait for each other: more than are under way at once


def run(bench: Bench) -> None:
    """One thread, each figure the median of several turns."""
    if not bench.takes_in(OURS):
        return
    at: At = {"threads": 1}
    with Worker(FloorRun, threads=1) as worker:
        for what, method in METHODS.items():
            bench.tell(f"floor: {what}")
            outcome = interleaved({OURS: worker}, method, rounds=bench.plan.rounds, least_s=0.1, budget_s=10.0)[OURS]
            bench.add_outcome(CASE, what, OURS, outcome, at)


def least_s(what: str, multiply_add_s: float) -> float | None:
    """The time that the multiply-adds of the equalizers take at the rate of `MULTIPLY_ADD`, s."""
    per_sample = {FORWARD: STAGE_FORWARD, BOTH: STAGE_BOTH}.get(what)
    if per_sample is None:
        return None
    return MAIN.tracks * MAIN.frames * 6 * per_sample / MULTIPLY_ADDS * multiply_add_s


class FloorRun:
    """What is timed, ready to run."""

    def __init__(self) -> None:
        self._x = tracks(MAIN)
        settings = DEFAULT.from_unit(unit_settings(MAIN.tracks))
        strips = track_strips(DEFAULT.track, settings.tracks, (1,) * MAIN.tracks, MAIN.sample_rate)
        self._strips = strips._replace(mixing=strips.mixing[..., :2])
        self._numbers = _Numbers(np.ones(_WIDE))
        self.multiply_add()
        self.both()

    def multiply_add(self) -> None:
        """As fast as the processor adds products that do not wait for each other."""
        _multiply_add(self._numbers, int(MULTIPLY_ADDS / _WIDE))

    def read(self) -> None:
        """Every sample once."""
        self._x.view(torch.int32).amax()

    def forward(self) -> None:
        """All tracks to left and right."""
        with torch.no_grad():
            self._strips.to_buses(self._x)

    def both(self) -> None:
        """The same, and its gradient to all settings."""
        coefficients, dynamics, mixing = (part.detach().requires_grad_() for part in self._strips[:3])
        y, _ = Strips(coefficients, dynamics, mixing, self._strips.channels).to_buses(self._x)
        y.backward(torch.ones_like(y))


class _Numbers(NamedTuple):
    values: np.ndarray


@numba.njit(nogil=True, error_model="numpy")
def _multiply_add(numbers: _Numbers, rounds: int) -> None:
    memory = pointers(numbers).values
    a = load(memory, 0, _WIDE)
    factor, offset = splat(0.999999, a), splat(1e-6, a)
    for _ in range(rounds):
        a = fma(a, factor, offset)
    store(memory, 0, a)
