"""What the contenders are fed: synthesised tracks, and settings that an engineer could have made."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch

import torch
from torch import Tensor

from bench.measurements import Condition
from diffmst.layout import DEFAULT, Section, Settings
from diffmst.params import Param

SAMPLE_RATE = 44_100

_RANGES = {
    "input.gain_db": (-6, 6),
    "eq.*.gain_db": (-9, 9),
    "eq.*.q": (0.4, 4),
    "compressor.threshold_db": (-40, -15),
    "compressor.ratio": (1.5, 8),
    "compressor.attack_ms": (1, 60),
    "compressor.release_ms": (30, 400),
    "compressor.knee_db": (3, 12),
    "compressor.makeup_db": (0, 6),
    "panner.pan": (-0.8, 0.8),
    "image.width": (1, 1),  # no contender has it
    "fader.gain_db": (-10, 2),
    "send.gain_db": (-80, -80),
}


@dataclass(frozen=True)
class Size:
    """A song: mono tracks of one length."""

    tracks: int
    seconds: float
    sample_rate: int = SAMPLE_RATE

    @property
    def frames(self) -> int:
        """Samples per track."""
        return round(self.seconds * self.sample_rate)

    @property
    def at(self) -> dict[str, Condition]:
        """As conditions of a measurement."""
        return {"tracks": self.tracks, "seconds": self.seconds}

    def __str__(self) -> str:
        return f"{self.tracks} x {self.seconds:g} s"


def tracks(size: Size, seed: int = 0) -> Tensor:
    """Noise plucked at a tempo of its own on every track, so that compressors work; [1, tracks, time] float32."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, size.tracks, size.frames, generator=generator)
    beat_s = 0.3 + 0.5 * torch.rand(size.tracks, 1, generator=generator)
    time_s = torch.arange(size.frames) / size.sample_rate
    return noise.mul_(0.2 * torch.exp(-8 * (time_s % beat_s)) + 0.005)


def unit_settings(count: int, seed: int = 1) -> Settings:
    """Positions of all controls in the unit interval, batch of one, float64; sends are off."""
    generator = torch.Generator().manual_seed(seed)
    return Settings(
        _drawn(DEFAULT.track, (1, count), generator),
        _drawn(DEFAULT.fx, (1,), generator),
        _drawn(DEFAULT.master, (1,), generator),
    )


def _drawn(section: Section, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    low, high = (torch.stack([_position(name, param, end) for name, param in section.params.items()]) for end in (0, 1))
    return low + (high - low) * torch.rand(*shape, len(section), generator=generator, dtype=torch.float64)


def _position(name: str, param: Param, end: int) -> Tensor:
    """Where the range that a control is drawn from begins or ends."""
    ends = next((ends for pattern, ends in _RANGES.items() if fnmatch(name, pattern)), None)
    if ends is None:
        return torch.tensor((0.2, 0.8)[end], dtype=torch.float64)
    return param.to_unit(torch.tensor(ends[end], dtype=torch.float64))
