"""The only door to the recursive kernels: checks shapes and picks the backend.

Numpy audio goes to the compiled kernels (`kernels.cpu_forward`), and so do tensors of float32 on the CPU, with
gradients (`kernels.cpu`); all other tensors go to plain torch (`kernels.scan`). `kernels.reference` defines what all
compute. Gradients reach the audio, the coefficients, the dynamics and the mixing gains, not the states. All arguments
of a call are of one library.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from diffmst.arrays import Array, library
from diffmst.dsp.kernels.reference import StripState

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "StripState",
    "add_hop_gradient",
    "compress",
    "equalize",
    "hop_energies",
    "is_warm",
    "strip",
    "warm_up",
]


def equalize(x: Array, coefficients: Array, state: Array | None = None) -> tuple[Array, Array]:
    """Biquads in cascade.

    Args:
        x: signal, float32; a tensor may be float64.
        coefficients: b0, b1, b2, a1, a2 of every stage (a0 = 1), float64.
        state: state after the previous block; zero if None.

    Returns:
        The signal, and the state after its last sample.

    Shape: x [batch, rows, time]; coefficients [batch, rows, stages, 5]; state [batch, rows, stages, 2].

    Raises:
        ValueError: if the shapes do not agree, or there are no rows.
    """
    _check_rows(x, coefficients=coefficients)
    _check_state("state", state, coefficients[..., :2])
    return _backend(x).equalize(x, coefficients, state)


def compress(x: Array, dynamics: Array, channels: tuple[int, ...], state: Array | None = None) -> tuple[Array, Array]:
    """Feed-forward compressor, linked over the channels of a track.

    Args:
        x: signal, float32; a tensor may be float64.
        dynamics: threshold_db, slope, knee_db, attack, release, makeup_db as `dynamics.compressor_dynamics` gives
            them, float64; equal for the rows of one track.
        channels: channels of every track, 1 or 2, in the order of the rows.
        state: state after the previous block; zero if None.

    Returns:
        The signal, and the state after its last sample.

    Shape: x [batch, rows, time]; dynamics [batch, rows, 6]; state [batch, rows].

    Raises:
        ValueError: if the shapes do not agree, there are no rows, or a track has neither one channel nor two.
    """
    _check_rows(x, dynamics=dynamics)
    _check_state("state", state, dynamics[..., 0])
    _check_channels(x, channels)
    return _backend(x).compress(x, dynamics, channels, state)


def strip(
    x: Array,
    coefficients: Array,
    dynamics: Array,
    mixing: Array,
    channels: tuple[int, ...],
    state: StripState[Array] | None = None,
) -> tuple[Array, StripState[Array]]:
    """Equalizer and compressor, then every row added to the output buses with its own gains.

    Args:
        x: signal, float32; a tensor may be float64.
        coefficients: as in `equalize`.
        dynamics: as in `compress`.
        mixing: amplitude of every row in every output.
        channels: as in `compress`.
        state: state after the previous block; zero if None.

    Returns:
        The buses, and the state after the last sample.

    Shape: x [batch, rows, time]; coefficients [batch, rows, stages, 5]; dynamics [batch, rows, 6];
        mixing [batch, rows, outputs]; returns buses [batch, outputs, time].

    Raises:
        ValueError: as `equalize` and `compress`.
    """
    _check_rows(x, coefficients=coefficients, dynamics=dynamics, mixing=mixing)
    if state is not None:
        _check_state("state.filters", state.filters, coefficients[..., :2])
        _check_state("state.gain_db", state.gain_db, dynamics[..., 0])
    _check_channels(x, channels)
    return _backend(x).strip(x, coefficients, dynamics, mixing, channels, state)


def hop_energies(x: Tensor, sos: np.ndarray, hop: int) -> tuple[Tensor, Tensor]:
    """Mean square of every whole hop of filtered rows; not differentiated, for which see `add_hop_gradient`.

    Args:
        x: signal, float32 or float64.
        sos: second-order sections of scipy, for all rows: any biquad, then a high pass.
        hop: samples.

    Returns:
        The energies, and the whole hops of the filtered rows.

    Shape: x [batch, rows, time]; sos [2, 6]; returns [batch, rows, hops] and [batch, rows, hops * hop].

    Raises:
        ValueError: if the shapes do not agree.
    """
    _check_rows(x)
    if sos.shape != (2, 6):
        raise ValueError(f"sos must be [2, 6], got {list(sos.shape)}")
    return _hop_kernels(x).hop_energies(x, sos, hop)


def add_hop_gradient(filtered: Tensor, sos: np.ndarray, gradient: Tensor, dx: Tensor) -> None:
    """Add to `dx` the gradient to rows, from that to their `hop_energies`.

    With y = F x and e the mean square of a hop, dL/dx = F' (2 / hop dL/de y), and F' is F in reversed time.

    Args:
        filtered: as `hop_energies` returned it.
        sos: as in `hop_energies`.
        gradient: to the energies.
        dx: added to, contiguous.

    Shape: gradient [batch, rows, hops]; dx [batch, rows, time].
    """
    _hop_kernels(filtered).add_hop_gradient(filtered, sos, gradient, dx)


def _hop_kernels(x: Tensor) -> ModuleType:
    if x.dtype == library(x).float32 and x.device.type == "cpu":
        from diffmst.dsp.kernels import cpu_energy

        return cpu_energy
    from diffmst.dsp.kernels import scan_energy

    return scan_energy


def is_warm(*, gradients: bool) -> bool:
    """Whether the compiled kernels are ready, so that their first use takes no longer than any other.

    Args:
        gradients: those that give gradients, too.
    """
    return _compiled(gradients).is_warm()


def warm_up(*, gradients: bool) -> None:
    """Compiles the kernels ahead of their first use: several seconds, once per machine and version.

    Args:
        gradients: those that give gradients, too.
    """
    _compiled(gradients).warm_up()


def _compiled(gradients: bool) -> ModuleType:
    """The compiled kernels, loaded when first used: numba takes a while, and tensors need torch."""
    if gradients:
        from diffmst.dsp.kernels import cpu

        return cpu
    from diffmst.dsp.kernels import cpu_forward

    return cpu_forward


def _backend(x: Tensor | np.ndarray) -> ModuleType:
    """The kernels for audio of this library, device and type."""
    is_float32 = x.dtype == library(x).float32
    if isinstance(x, np.ndarray):
        if not is_float32:
            raise ValueError(f"an array of audio must be float32, got {x.dtype}")
        return _compiled(gradients=False)
    if is_float32 and x.device.type == "cpu":
        return _compiled(gradients=True)
    from diffmst.dsp.kernels import scan

    return scan


def _check_rows(x: Tensor | np.ndarray, **settings: Tensor | np.ndarray) -> None:
    """Refuse a signal or settings whose leading axes do not agree."""
    if x.ndim != 3:
        raise ValueError(f"x must be [batch, rows, time], got {list(x.shape)}")
    if 0 in x.shape[:2]:
        raise ValueError(f"x must have at least one item and one row, got {list(x.shape)}")
    for name, values in settings.items():
        if values.shape[:2] != x.shape[:2]:
            raise ValueError(f"{name} must begin with [batch, rows] = {list(x.shape[:2])}, got {list(values.shape)}")


def _check_state(name: str, state: Array | None, like: Array) -> None:
    """Refuse a state of other rows or stages."""
    if state is not None and state.shape != like.shape:
        raise ValueError(f"{name} must be {list(like.shape)}, got {list(state.shape)}")


def _check_channels(x: Tensor | np.ndarray, channels: tuple[int, ...]) -> None:
    """Refuse a channel layout that does not describe the rows."""
    if any(count not in (1, 2) for count in channels):
        raise ValueError(f"a track must have 1 or 2 channels, got {channels}")
    if sum(channels) != x.shape[1]:
        raise ValueError(f"channels must add up to {x.shape[1]} rows, got {channels}")
