"""How far equalizer, compressor and gradients are from float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import sosfilt
from torch import Tensor

from bench.contenders import CONSOLES, TORCHLPC, ConsoleRun, effects, missing
from bench.measurements import OURS, At
from bench.plan import Bench
from bench.signals import SAMPLE_RATE, Size, tracks, unit_settings
from bench.workers import Stopped, Worker, invoke
from diffmst.dsp.dynamics import compressor_dynamics
from diffmst.dsp.filters import equalizer_coefficients
from diffmst.dsp.kernels import reference
from diffmst.layout import DEFAULT

CASE = "accuracy"
EQUALIZER = "equalizer, largest error over largest output"
COMPRESSOR = "compressor, largest error of the gain"
GRADIENTS = "console gradients, largest error over largest gradient"
SPECIFICATION = "the specification, a plain loop in float64"
_SCIPY = "against scipy's sosfilt in float64"
_HARD_RATES = (44_100, 96_000, 192_000)
_ROWS = 16
_GRADIENT_SIZE = Size(8, 2.0)
_AUDIBLE = 1e-3  # of the peak: where less comes out, rounding of the output hides the gain


def run(bench: Bench) -> None:
    """Every contender that can be had."""
    for who in filter(bench.takes_in, CONSOLES):
        if missing(who):
            continue
        bench.tell(f"accuracy of {who}")
        try:
            with Worker(_nothing, threads=1) as worker:
                _equalizer(bench, who, worker)
                _compressor(bench, who, worker)
            _gradients(bench, who)
        except Stopped as stopped:
            bench.add(CASE, EQUALIZER, who, "", note=str(stopped))


class _EqualizerCase(NamedTuple):
    signal: str
    sample_rate: int
    x: Tensor
    controls: dict[str, Tensor]


def _equalizer(bench: Bench, who: str, worker: Worker) -> None:
    for case in _equalizer_cases(bench.plan.accuracy_seconds):
        y = worker.call(_run_effect, who, "equalizer", case.x, case.sample_rate, case.controls)
        stages = equalizer_coefficients(case.sample_rate, **case.controls).numpy()
        sections = np.insert(stages, 3, 1.0, -1)  # a0
        exact = np.stack([sosfilt(rows, x) for rows, x in zip(sections, case.x[:, 0].double().numpy(), strict=True)])
        error = np.abs(y[:, 0] - exact).max(-1) / np.abs(exact).max(-1)
        at: At = {"signal": case.signal, "sample_rate": case.sample_rate}
        bench.add(CASE, EQUALIZER, who, "", float(error.max()), at=at, note=_SCIPY)


def _equalizer_cases(seconds: float) -> Iterator[_EqualizerCase]:
    """All bands at work on ordinary tracks, then the hardest band on white and on brown noise at rising rates."""
    values = DEFAULT.from_unit(unit_settings(_ROWS)).tracks[0]
    x = _odd(tracks(Size(_ROWS, seconds))[0][:, None])
    yield _EqualizerCase("6 bands on 16 tracks", SAMPLE_RATE, x, DEFAULT.track.controls(values, "eq"))
    flat, one = torch.zeros(1, 6, dtype=torch.float64), torch.ones(1, 6, dtype=torch.float64)
    gain_db, freq_hz, q = flat.clone(), 1000 * one, one.clone()
    gain_db[0, 1], freq_hz[0, 1], q[0, 1] = 12, 20, 5
    generator = torch.Generator().manual_seed(3)
    for rate in _HARD_RATES:
        white = _odd(0.1 * torch.randn(1, 1, round(seconds * rate), generator=generator))
        brown = white.double().cumsum(-1)
        brown = (0.5 * brown / brown.abs().max()).float()
        for name, noise in (("white", white), ("brown", brown)):
            controls = {"gain_db": gain_db, "freq_hz": freq_hz, "q": q}
            yield _EqualizerCase(f"+12 dB at 20 Hz, Q 5, {name} noise", rate, noise, controls)


def _odd(x: Tensor) -> Tensor:
    """An odd number of samples: of an even number, grafx 0.6.0 returns a signal of one sample less, stretched."""
    return x[..., : x.shape[-1] - 1 + x.shape[-1] % 2]


def _compressor(bench: Bench, who: str, worker: Worker) -> None:
    """Against the specification where the contender means to follow it, else against itself in float64."""
    size = Size(_ROWS, min(2.0, bench.plan.accuracy_seconds))
    controls = DEFAULT.track.controls(DEFAULT.from_unit(unit_settings(_ROWS)).tracks[0], "compressor")
    x = tracks(size)[0][:, None]
    y = worker.call(_run_effect, who, "compressor", x, size.sample_rate, controls)
    if who in (OURS, TORCHLPC):
        exact, against = _specified(x, size.sample_rate, controls), SPECIFICATION
    else:
        exact = worker.call(_run_effect, who, "compressor", x.double(), size.sample_rate, controls)
        against = "itself in float64"
    audible = np.abs(exact) > _AUDIBLE * np.abs(exact).max()
    error_db = np.abs(20 * np.log10(y[audible] / exact[audible])).max()
    bench.add(CASE, COMPRESSOR, who, "dB", float(error_db), note=f"against {against}")


def _specified(x: Tensor, sample_rate: int, controls: dict[str, Tensor]) -> NDArray[np.float64]:
    dynamics = compressor_dynamics(sample_rate, **controls)
    rows = x.transpose(0, 1)  # the loop takes rows, each a mono track
    return reference.compress(rows, dynamics[None], (1,) * len(x))[0].transpose(1, 0, 2)


def _gradients(bench: Bench, who: str) -> None:
    """Against the contender itself in float64, and ours against another software in float64 besides."""
    found = _console_gradients(who, torch.float32)
    references = [who, TORCHLPC] if who == OURS and not missing(TORCHLPC) else [who]
    for other in references:
        exact = _console_gradients(other, torch.float64)
        for effect, error in _errors_by_effect(found, exact).items():
            at = {"effect": effect, "reference": f"{other} in float64"}
            bench.add(CASE, GRADIENTS, who, "", error, at=at)


def _console_gradients(who: str, dtype: torch.dtype) -> tuple[Tensor, ...]:
    with Worker(ConsoleRun, who, "cpu", dtype, threads=1) as worker:
        worker.call(invoke, "load", _GRADIENT_SIZE)
        gradients: tuple[Tensor, ...] = worker.call(invoke, "forward_backward")
    return gradients


def _errors_by_effect(found: tuple[Tensor, ...], exact: tuple[Tensor, ...]) -> dict[str, float]:
    """The worst control of every effect: its largest error over all strips, over its largest gradient."""
    errors: dict[str, float] = {}
    for section, mine, theirs in zip((DEFAULT.track, DEFAULT.master), found, exact, strict=True):
        for column, name in enumerate(section.params):
            largest = float(theirs[..., column].abs().max())
            if largest > 0:  # a send is off
                error = float((mine - theirs)[..., column].abs().max()) / largest
                effect = name.partition(".")[0]
                errors[effect] = max(error, errors.get(effect, 0.0))
    return errors


def _nothing() -> None:
    """Holds nothing."""


def _run_effect(
    held: None, who: str, effect: str, x: Tensor, sample_rate: int, controls: dict[str, Tensor]
) -> NDArray[Any]:
    """An effect of a contender, in the precision of x; as float64."""
    cast = {name: value.to(x.dtype) for name, value in controls.items()}
    if who == OURS:
        cast = controls
    with torch.no_grad():
        return getattr(effects(who), effect)(x, sample_rate, cast).double().numpy()
