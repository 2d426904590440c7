"""Short-time spectra, reduced to what is compared, with gradients at the price of two more transforms.

The adjoint is written out: the frames' spectra, computed once more because that costs less than keeping them, are
scaled, transformed back, windowed, and overlap and add. Frames are taken a few at a time: what lies between them and
the numbers made of them then never leaves the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.kernels import torch_frames, torch_spectra
from diffmst.dsp.measure import Measured

# Frames that are taken at once: few enough to stay in the cache, enough to be worth a plan of their transform.
GROUP_SAMPLES = 2**18
FEWEST_FRAMES = 7


class Group(NamedTuple):
    """Frames that are taken at once.

    Attributes:
        items: whose they are.
        first: the first.
        number: how many.
    """

    items: slice
    first: int
    number: int

    @property
    def frames(self) -> slice:
        """The frames."""
        return slice(self.first, self.first + self.number)


@dataclass(frozen=True)
class Frames:
    """How signals are cut into Hann-windowed frames. Only whole frames count; short signals are extended by silence.

    Attributes:
        size: samples in a frame, an even multiple of `hop`.
        hop: samples from one frame to the next.
        centered: whether frames are centred on their hops, the first on the first sample, both ends of the signal being
            mirrored by half a frame.
        mid_side: whether frames are of the sum and of the difference of two rows.
    """

    size: int
    hop: int
    centered: bool = False
    mid_side: bool = False

    def count(self, time: int) -> int:
        """Frames of a signal."""
        return (max(time, self._shortest) - (0 if self.centered else self.size)) // self.hop + 1

    def spectra(self, x: Tensor) -> Iterator[tuple[Group, Tensor]]:
        """Group by group, the spectra [items, rows, frames, bins] of signals [items, rows, time]."""
        x, window, memory = self._extended(x), _window(self.size, x.dtype, x.device), x.new_empty(0)
        for group in self._groups(x):
            part = x[group.items]
            shape = *part.shape[:2], group.number, self.size
            memory = memory if memory.numel() else x.new_empty(prod(shape))
            frames = memory[: prod(shape)].view(shape)
            _kernels(x).frames.cut(part, self.hop, self._begin(group), window, frames, mid_side=self.mid_side)
            yield group, torch.fft.rfft(frames)

    def add_gradient(self, spectra: Tensor, group: Group, dx: Tensor) -> None:
        """Add the gradient to the signals, from that to the spectra of a group in the scale of `_for_inverse`.

        With X_k = sum_n x_n exp(-2 pi i k n / N) and G_k = dL/dRe X_k + i dL/dIm X_k, dL/dx_n = Re sum_k G_k exp(+2 pi
        i k n / N), an unscaled inverse real transform.
        """
        frames = torch.fft.irfft(spectra, n=self.size, norm="forward")
        window, own = _window(self.size, dx.dtype, dx.device), dx[group.items]
        extended = self._extended(own)  # that which is long enough as it is
        _kernels(dx).frames.add(frames, self.hop, self._begin(group), window, extended, mid_side=self.mid_side)
        if extended is not own:
            own.copy_(extended[..., : own.shape[-1]])

    @property
    def _shortest(self) -> int:
        """Samples for which there is a frame: what is mirrored must be longer than the part that is."""
        return self.size // 2 + 1 if self.centered else self.size

    def _groups(self, x: Tensor) -> Iterator[Group]:
        """All frames in groups; on an accelerator, one."""
        items, rows, time = x.shape
        count = self.count(time)
        if x.device.type != "cpu":
            yield Group(slice(items), 0, count)
            return
        most = max(FEWEST_FRAMES, GROUP_SAMPLES // (rows * self.size))
        at_once = -(-count // -(-count // most))  # groups of one size, as far as can be
        for item in range(items):
            for first in range(0, count, at_once):
                yield Group(slice(item, item + 1), first, min(at_once, count - first))

    def _begin(self, group: Group) -> int:
        """Where in the signal its first frame begins."""
        return group.first * self.hop - (self.size // 2 if self.centered else 0)

    def _extended(self, x: Tensor) -> Tensor:
        return pad(x, (0, self._shortest - x.shape[-1])) if x.shape[-1] < self._shortest else x


@dataclass(frozen=True, eq=False)
class MeanMagnitude:
    """Mean over the frames of the magnitude spectrum; the gradient is zero where a magnitude is.

    Shape: of the one value, [items, rows, bins], bins = size // 2 + 1.
    """

    frames: Frames

    def measured(self, x: Tensor) -> Measured:
        """See `Measure`."""
        total = x.new_zeros(*x.shape[:-1], self.frames.size // 2 + 1)
        for group, spectra in self.frames.spectra(x):
            _kernels(x).spectra.add_magnitudes(spectra, total[group.items])
        return Measured((total / self.frames.count(x.shape[-1]),))

    def add_gradient(self, x: Tensor, kept: Tensor | None, gradients: Sequence[Tensor], dx: Tensor) -> None:
        """See `Measure`."""
        slope = _for_inverse(gradients[0] / self.frames.count(x.shape[-1]))
        for group, spectra in self.frames.spectra(x):
            _kernels(x).spectra.to_directions(spectra, slope[group.items])
            self.frames.add_gradient(spectra, group, dx)


@dataclass(frozen=True, eq=False)
class BandPower:
    """Power of two signals in bands, and their cross power (the real part of X_0 conj(X_1)), in every frame.

    Attributes:
        frames: how the signals are cut.
        weights: of the bins in each band, not differentiated, [bins, bands].

    Shape: of the one value, [items, 3, frames, bands].
    """

    frames: Frames
    weights: Tensor

    def measured(self, x: Tensor) -> Measured:
        """See `Measure`."""
        kernels = _kernels(x).spectra
        bands = kernels.bands_of(self.weights)
        power = x.new_empty(len(x), 3, self.frames.count(x.shape[-1]), self.weights.shape[-1])
        for group, spectra in self.frames.spectra(x):
            power[group.items, :, group.frames] = kernels.band_power(spectra, bands)
        return Measured((power,))

    def add_gradient(self, x: Tensor, kept: Tensor | None, gradients: Sequence[Tensor], dx: Tensor) -> None:
        """See `Measure`."""
        kernels = _kernels(x).spectra
        bands = kernels.bands_of(2 * _for_inverse(self.weights.T).T)
        for group, spectra in self.frames.spectra(x):
            kernels.to_band_gradients(spectra, gradients[0][group.items, :, group.frames], bands)
            self.frames.add_gradient(spectra, group, dx)


def _for_inverse(values: Tensor) -> Tensor:
    """Half of the values of all bins, the last axis, but the first and the last, which a real transform counts once."""
    values = values / 2
    values[..., :1] *= 2
    values[..., -1:] *= 2
    return values


class _Kernels(NamedTuple):
    """What cuts signals into frames, and what makes numbers of their spectra."""

    frames: ModuleType
    spectra: ModuleType


def _kernels(x: Tensor) -> _Kernels:
    """Those for audio of this device and dtype."""
    if x.device.type == "cpu" and x.dtype == torch.float32:
        from diffmst.dsp.kernels import cpu_frames, cpu_spectra  # when first used: numba takes a second to load

        return _Kernels(cpu_frames, cpu_spectra)
    return _Kernels(torch_frames, torch_spectra)


@cache
def _window(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.hann_window(size, dtype=dtype, device=device)
