"""Steps of refinement per second, and what share of a step each part has."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from bench.measurements import OURS, At
from bench.plan import CORES, Bench
from bench.signals import Size, tracks
from bench.workers import Worker
from diffmst.distance import ReferenceDistance
from diffmst.dsp.loudness import pooled_loudness
from diffmst.excerpts import Excerpts
from diffmst.layout import DEFAULT, Settings
from diffmst.passages import LEAD_S
from diffmst.prior import Stem, sane_prior
from diffmst.refine import refine
from diffmst.task import REFERENCE_WINDOWS, SONG_WINDOWS

CASE = "refinement"
STEPS, SHARE = "refinement", "refinement, time of a step"
_RATE = 48_000
_CHANNELS = (2,) * 4 + (1,) * 6  # 14 rows, as many as a band on stage
_AT: At = {
    "threads": CORES,
    "windows": SONG_WINDOWS.count,
    "seconds": SONG_WINDOWS.seconds + LEAD_S,
    "rows": sum(_CHANNELS),
    "sample_rate": _RATE,
}


def run(bench: Bench) -> None:
    """Refinement as `diffmst mix` does it, on noise."""
    if not bench.takes_in(OURS):
        return
    bench.tell(STEPS)
    with Worker(Task, threads=CORES) as worker:
        rates = [worker.call(steps_per_second, bench.plan.refine_steps) for _ in range(bench.plan.fresh_processes)]
        bench.add(CASE, STEPS, OURS, "steps/s", *rates, at=_AT)
        for part, times_s in worker.call(parts, bench.plan.refine_steps).items():
            bench.add(CASE, SHARE, OURS, "s", *times_s, at={"part": part, **_AT})


class Task:
    """Excerpts, a reference and a prior, as listening to files would give them."""

    def __init__(self) -> None:
        size = Size(sum(_CHANNELS), SONG_WINDOWS.seconds + LEAD_S, _RATE)
        audio = torch.cat([tracks(size, seed) for seed in range(SONG_WINDOWS.count)])
        self.excerpts = Excerpts(audio, _CHANNELS, round(LEAD_S * _RATE), _RATE)
        window = Size(2, REFERENCE_WINDOWS.seconds, _RATE)
        reference = torch.cat([tracks(window, 100 + seed) for seed in range(REFERENCE_WINDOWS.count)])
        self.distance = ReferenceDistance(reference, _RATE)
        self.prior = sane_prior(DEFAULT, [Stem(-24.0, channels, 0.2) for channels in _CHANNELS])
        refine(self.excerpts, self.distance, self.prior, steps=2)


def steps_per_second(task: Task, steps: int) -> float:
    """Of `refine`, which may find that it has converged before it has taken all steps."""
    found = refine(task.excerpts, task.distance, task.prior, steps=steps)
    return len(found.history) / found.seconds


def parts(task: Task, times: int) -> dict[str, list[float]]:
    """Times of the parts of a step, in seconds, each taken by itself; those of the FFT and the loudness lie within.

    The rest of a step, which is the optimiser, the prior and the map of the settings, is a step less the four parts.
    """
    step = _Step(task)
    taken: dict[str, list[float]] = {}
    for _ in range(times):
        for part, time_s in step.timed().items():
            taken.setdefault(part, []).append(time_s)
    taken["of the distance: FFT"] = [_fft_seconds(step) for _ in range(3)]
    rate = median(steps_per_second(task, times) for _ in range(3))
    four = sum(median(times_s) for part, times_s in taken.items() if not part.startswith("of "))
    taken["optimiser and the rest"] = [max(0.0, 1 / rate - four)]
    return taken


class _Step:
    """One step taken apart by the audio in its middle."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._unit = Settings(*(part.clone().requires_grad_() for part in task.prior.start))

    def timed(self) -> dict[str, float]:
        """Every part once."""
        task, took = self._task, {}
        settings = DEFAULT.from_unit(self._unit)
        mixed, took["console forward"] = _timed(lambda: task.excerpts.mixed(settings, DEFAULT))
        heard = mixed.detach().requires_grad_()
        terms, took["distance forward"] = _timed(lambda: task.distance(heard))
        (gradient,), took["distance backward"] = _timed(lambda: torch.autograd.grad(_total(terms), heard))
        _, took["console backward"] = _timed(lambda: torch.autograd.grad(mixed, self._unit, gradient))
        _, took["of the distance: loudness"] = _timed(lambda: self.loudness(heard))
        return took

    def loudness(self, heard: Tensor) -> None:
        """Forward and backward, as far as the distance needs it."""
        torch.autograd.grad(pooled_loudness(heard, _RATE), heard)

    def distance(self) -> None:
        """Forward and backward."""
        heard = self._task.excerpts.mixed(DEFAULT.from_unit(self._unit), DEFAULT).detach().requires_grad_()
        torch.autograd.grad(_total(self._task.distance(heard)), heard)


class _FftClock(TorchDispatchMode):
    """Adds up the time within transforms, forward and backward, while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        result, took_s = _timed(lambda: func(*args, **(kwargs or {})))
        if "_fft_" in str(func):
            self.seconds += took_s
        return result


def _fft_seconds(step: _Step) -> float:
    """Of the distance, forward and backward."""
    with _FftClock() as clock:
        step.distance()
    return clock.seconds


def _total(terms: Mapping[str, Tensor]) -> Tensor:
    return torch.stack(list(terms.values())).sum()


def _timed(run: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    result = run()
    return result, time.perf_counter() - began
