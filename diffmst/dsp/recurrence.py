"""The only door to the recursive kernels: checks shapes and picks the backend.

CPU audio in float32 goes to the compiled kernels (`kernels.cpu`), everything else to plain torch (`kernels.scan`).
`kernels.reference` defines what both compute. Gradients reach the audio, the coefficients, the dynamics and the mixing
gains, not the states.
"""

from __future__ import annotations

from types import ModuleType

import torch
from torch import Tensor

from diffmst.dsp.kernels import scan
from diffmst.dsp.kernels.reference import StripState
from diffmst.dsp.kernels.scan_dynamics import soft_knee

__all__ = ["StripState", "compress", "equalize", "is_warm", "soft_knee", "strip", "warm_up"]


def equalize(x: Tensor, coefficients: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Biquads in cascade.

    Args:
        x: signal, float32 or float64.
        coefficients: b0, b1, b2, a1, a2 of every stage (a0 = 1), float64.
        state: state after the previous block; zero if None.

    Returns:
        The signal, and the state after its last sample.

    Shape: x [batch, rows, time]; coefficients [batch, rows, stages, 5]; state [batch, rows, stages, 2].

    Raises:
        ValueError: if the shapes do not agree.
    """
    _check_rows(x, coefficients=coefficients)
    return _backend(x).equalize(x, coefficients, state)


def compress(
    x: Tensor, dynamics: Tensor, channels: tuple[int, ...], state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Feed-forward compressor, linked over the channels of a track.

    Args:
        x: signal, float32 or float64.
        dynamics: threshold_db, slope, knee_db, attack, release, makeup_db as `dynamics.compressor_dynamics` gives
            them, float64; equal for the rows of one track.
        channels: channels of every track, 1 or 2, in the order of the rows.
        state: state after the previous block; zero if None.

    Returns:
        The signal, and the state after its last sample.

    Shape: x [batch, rows, time]; dynamics [batch, rows, 6]; state [batch, rows].

    Raises:
        ValueError: if the shapes do not agree, or a track has neither one channel nor two.
    """
    _check_rows(x, dynamics=dynamics)
    _check_channels(x, channels)
    return _backend(x).compress(x, dynamics, channels, state)


def strip(
    x: Tensor,
    coefficients: Tensor,
    dynamics: Tensor,
    mixing: Tensor,
    channels: tuple[int, ...],
    state: StripState | None = None,
) -> tuple[Tensor, StripState]:
    """Equalizer and compressor, then every row added to the output buses with its own gains.

    Args:
        x: signal, float32 or float64.
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
    _check_channels(x, channels)
    return _backend(x).strip(x, coefficients, dynamics, mixing, channels, state)


def is_warm() -> bool:
    """Whether the compiled kernels are ready, so that their first use takes no longer than any other."""
    from diffmst.dsp.kernels import cpu

    return cpu.is_warm()


def warm_up() -> None:
    """Compiles the kernels ahead of their first use: several seconds, once per machine and version."""
    from diffmst.dsp.kernels import cpu

    cpu.warm_up()


def _backend(x: Tensor) -> ModuleType:
    """The kernels for audio of this device and dtype."""
    if x.device.type == "cpu" and x.dtype == torch.float32:
        from diffmst.dsp.kernels import cpu  # when first used: numba takes a second to load

        return cpu
    return scan


def _check_rows(x: Tensor, **settings: Tensor) -> None:
    """Refuse a signal or settings whose leading axes do not agree."""
    if x.ndim != 3:
        raise ValueError(f"x must be [batch, rows, time], got {list(x.shape)}")
    for name, tensor in settings.items():
        if tensor.shape[:2] != x.shape[:2]:
            raise ValueError(f"{name} must begin with [batch, rows] = {list(x.shape[:2])}, got {list(tensor.shape)}")


def _check_channels(x: Tensor, channels: tuple[int, ...]) -> None:
    """Refuse a channel layout that does not describe the rows."""
    if any(count not in (1, 2) for count in channels):
        raise ValueError(f"a track must have 1 or 2 channels, got {channels}")
    if sum(channels) != x.shape[1]:
        raise ValueError(f"channels must add up to {x.shape[1]} rows, got {channels}")
