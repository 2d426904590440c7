"""The recursive kernels for float32 audio on a CPU, compiled by numba; numpy in, numpy out, torch not needed.

Rows are the lanes of vectors, time runs in blocks, groups of lanes run on several threads. Filters, smoothers and sums
are float64. See `cpu_strip` for the kernels, `reference` for what they compute, and `cpu` for gradients.
"""

from __future__ import annotations

import numpy as np

from diffmst.dsp.kernels import cpu_pack as pack
from diffmst.dsp.kernels import cpu_strip
from diffmst.dsp.kernels.cpu_chunked import ChunkedRun
from diffmst.dsp.kernels.cpu_chunks import GROUPS, SHORTEST_CHUNK, Span, cut
from diffmst.dsp.kernels.cpu_span import SpanRun, States, Strip
from diffmst.dsp.kernels.host import LANES, is_compiled
from diffmst.dsp.kernels.reference import StripState


def equalize(x: np.ndarray, coefficients: np.ndarray, state: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Biquads in cascade; see `reference.equalize`."""
    settings = Strip(coefficients, None, None, (1,) * x.shape[1])
    y, after, _ = run(x, settings, states(x, settings, state, None))
    return y, after.filters


def compress(
    x: np.ndarray, dynamics: np.ndarray, channels: tuple[int, ...], state: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Feed-forward compressor; see `reference.compress`."""
    settings = Strip(None, dynamics, None, channels)
    y, after, _ = run(x, settings, states(x, settings, None, state))
    return y, after.gain


def strip(
    x: np.ndarray,
    coefficients: np.ndarray,
    dynamics: np.ndarray,
    mixing: np.ndarray,
    channels: tuple[int, ...],
    state: StripState[np.ndarray] | None = None,
) -> tuple[np.ndarray, StripState[np.ndarray]]:
    """Equalizer, compressor, then every row added to the output buses; see `reference.strip`."""
    settings = Strip(coefficients, dynamics, mixing, channels)
    buses, after, _ = run(x, settings, states(x, settings, *(state or (None, None))))
    return buses, StripState(after.filters, after.gain)


def run(
    x: np.ndarray, settings: Strip, state: States, *, keeps: bool = False
) -> tuple[np.ndarray, States, list[SpanRun]]:
    """A channel strip of which each of equalizer, compressor and mixer may be absent.

    Args:
        x: signal, float32.
        settings: of the strip.
        state: before the first sample.
        keeps: whether the adjoint will be run.

    Returns:
        The rows, or the buses if there is a mixer; the state after the last sample; and the runs, one per span of time.

    Shape: x [batch, rows, time].
    """
    rows = pack.flat_memory(x)
    spans = _spans(x, settings)
    runs = [(ChunkedRun if span.chunks > 1 else SpanRun)(settings, rows, span, keeps=keeps) for span in spans]
    copies = _outputs(x, settings, runs[0].parts)
    for one in runs:
        state = one.forward(copies, state)
    if settings.mixing is not None:
        for extra in copies[1:]:
            copies[0] += extra
    return copies[0], state, runs


def states(x: np.ndarray, settings: Strip, filters: np.ndarray | None, gain_db: np.ndarray | None) -> States:
    """The states to begin with, zero where None."""
    return States(
        np.zeros((*x.shape[:2], settings.stages, 2)) if filters is None else filters,
        np.zeros(x.shape[:2]) if gain_db is None else gain_db,
    )


def is_warm() -> bool:
    """Whether the kernels are compiled already, in this process or on disk."""
    return is_compiled(cpu_strip.forward) and is_compiled(cpu_strip.coast)


def warm_up() -> None:
    """Compiles the kernels, or loads them from disk, by running them on rows so few that they are cut into chunks."""
    compress(np.zeros((1, 1, GROUPS * LANES * SHORTEST_CHUNK), np.float32), np.zeros((1, 1, 6)), (1,))


def _spans(x: np.ndarray, settings: Strip) -> list[Span]:
    """`cut`, but in one piece where a filter grows without limit: its chunks could not be joined."""
    spans = cut(*x.shape)
    chunked = [] if settings.coefficients is None else [span.frames for span in spans if span.chunks > 1]
    if all(np.isfinite(settings.after(frames)[0].matrix).all() for frames in chunked):
        return spans
    return [Span(0, x.shape[-1], 1)]


def _outputs(x: np.ndarray, settings: Strip, parts: int) -> list[np.ndarray]:
    """Room for the rows, or buses of which several copies are summed afterwards, in a fixed order.

    So the result does not depend on which thread is first.
    """
    if settings.mixing is None:
        return [np.empty(x.shape, np.float32)] * parts
    shape = x.shape[0], settings.mixing.shape[-1], x.shape[-1]
    return [np.zeros(shape, np.float32) for _ in range(parts)]
