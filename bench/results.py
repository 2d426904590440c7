"""The file of results: the figures that are quoted, by name, and every measurement behind them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases import accuracy, console, first_use, memory, refinement, render
from bench.contenders import DASP, GRAFX, TORCHLPC
from bench.measurements import OURS, At, Measurement, Ratio, paired_ratio, select, single
from bench.plan import CORES, FULL, MAIN
from bench.signals import Size

FORMAT = "diffmst.bench"
_DIRECTIONS = {"fwd": console.FORWARD, "fwd_bwd": console.FORWARD_BACKWARD}
_PEERS = {"dasp": DASP, "torchlpc_torchcomp": TORCHLPC, "grafx": GRAFX}

Figures = dict[str, Ratio | float]


@dataclass(frozen=True)
class Results:
    """One run.

    Attributes:
        quick: whether it was only to see that it runs.
        machine: that it was measured on.
        versions: of all packages.
        measurements: all of them.
    """

    quick: bool
    machine: dict[str, Any]
    versions: dict[str, str | None]
    measurements: tuple[Measurement, ...]

    def write(self, path: Path) -> None:
        """As JSON: the figures by their names on the top level, then the measurements."""
        figures = {
            name: figure.to_json() if isinstance(figure, Ratio) else figure
            for name, figure in quoted(self.measurements).items()
        }
        data = {
            "format": FORMAT,
            "quick": self.quick,
            "machine": self.machine,
            "versions": self.versions,
            **figures,
            "measurements": [found.to_json() for found in self.measurements],
        }
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Results:
        """What `write` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        measurements = tuple(Measurement.from_json(found) for found in data["measurements"])
        return cls(data["quick"], data["machine"], data["versions"], measurements)


def quoted(measurements: Sequence[Measurement]) -> Figures:
    """The figures that are quoted, as far as they were measured at the sizes that their names say."""
    figures: Figures = dict(_console_ratios(measurements))
    figures |= _render_figures(measurements)
    figures |= _numbers(measurements)
    return figures


def _console_ratios(measurements: Sequence[Measurement]) -> Iterator[tuple[str, Ratio]]:
    """Such as `console_fwd_bwd_16x10_vs_dasp`; `_1_thread` behind those that are not of all cores."""
    for size in (MAIN, *FULL.consoles):
        for threads in sorted({CORES, 1}, reverse=True):
            for direction, what in _DIRECTIONS.items():
                at: At = {"threads": threads, **size.at}
                for short, peer in _PEERS.items():
                    if ratio := _ratio(measurements, console.CASE, what, peer, at):
                        suffix = "" if threads == CORES else "_1_thread"
                        yield f"console_{direction}_{_short(size)}_vs_{short}{suffix}", ratio


def _render_figures(measurements: Sequence[Measurement]) -> Figures:
    figures: Figures = {}
    size, at = FULL.render, FULL.render.at
    if ratio := _ratio(measurements, render.CASE, render.RENDER, render.PEDALBOARD, at):
        figures[f"render_{_short(size)}_vs_pedalboard"] = ratio
    for name, what in (("render", render.RENDER), ("render_full", render.WHOLE)):
        ours = single(measurements, what, at=at)
        if ours and ours.value:
            played = size.seconds
            figures[f"{name}_{_short(size)}_realtime_factor"] = Ratio(
                ours.value, played, "s", tuple(played / took for took in ours.samples), f"{what}, real time over {OURS}"
            )
    return figures


def _numbers(measurements: Sequence[Measurement]) -> dict[str, float]:
    """Figures of ours alone; of errors and of memory the worst, of times the median."""
    errors = {
        f"{effect}_gradient_max_relative_error": select(measurements, accuracy.GRADIENTS, OURS, {"effect": name})
        for effect, name in (("eq", "eq"), ("compressor", "compressor"))
    }
    worst = {
        f"extra_peak_mb_fwd_bwd_{_short(MAIN)}": select(measurements, memory.EXTRA, OURS, MAIN.at),
        f"peak_mb_render_{_short(FULL.long_render)}": select(measurements, render.LONG_PEAK, OURS, FULL.long_render.at),
        "eq_max_relative_error": select(measurements, accuracy.EQUALIZER, OURS),
        **errors,
    }
    middle = {
        "refinement_steps_per_second": select(measurements, refinement.STEPS, OURS),
        "import_s": select(measurements, first_use.IMPORT, OURS),
        "help_s": select(measurements, first_use.HELP, OURS),
        "compile_s": select(measurements, first_use.COMPILE, OURS),
    }
    return _reduced(worst, max) | _reduced(middle, lambda samples: sorted(samples)[len(samples) // 2])


def _reduced(found: dict[str, list[Measurement]], reduce: Callable[[Sequence[float]], float]) -> dict[str, float]:
    samples = {name: [sample for one in group for sample in one.samples] for name, group in found.items()}
    return {name: float(f"{reduce(values):.4g}") for name, values in samples.items() if values}


def _ratio(measurements: Sequence[Measurement], case: str, what: str, peer: str, at: At) -> Ratio | None:
    of_case = [found for found in measurements if found.case == case]
    ours, theirs = single(of_case, what, at=at), single(of_case, what, peer, at)
    return paired_ratio(ours, theirs) if ours and theirs else None


def _short(size: Size) -> str:
    """`16x10`."""
    return f"{size.tracks}x{size.seconds:g}"
