"""The software that is measured: each a module with `gain`, `equalizer`, `compressor` and `panned_sum`, or a `mix`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import cast

import torch
from torch import Tensor

from bench.contenders import composition
from bench.measurements import OURS
from bench.signals import Size, tracks, unit_settings
from diffmst.layout import DEFAULT, Settings

Mixer = Callable[[Tensor, int, Settings], Tensor]
"""From tracks [1, tracks, time], the sample rate and physical settings to the mix [1, 2, time]."""

DASP, TORCHLPC, GRAFX = "dasp", "torchlpc+torchcomp", "grafx"
CONSOLES = (OURS, DASP, TORCHLPC, GRAFX)
_MODULES = {OURS: "ours", DASP: "dasp", TORCHLPC: "torchlpc_torchcomp", GRAFX: "grafx_processors"}
_WARM_UP_S = 0.5


def effects(who: str) -> ModuleType:
    """The module of a contender; raises ImportError where the contender is not installed."""
    return import_module(f"bench.contenders.{_MODULES[who]}")


def missing(who: str) -> str:
    """Why a contender cannot be measured here; empty if it can."""
    try:
        effects(who)
    except (ImportError, OSError) as error:  # OSError: a compiled part that does not load
        return f"not installed: {error}"
    return ""


def mixer(who: str) -> Mixer:
    """The console of a contender."""
    chosen = effects(who)
    return cast("Mixer", chosen.mix) if who == OURS else composition.mixer(cast("composition.Effects", chosen))


class ConsoleRun:
    """A console, ready to run: no reverb, gradients to all settings and not to the audio.

    The settings are positions in the unit interval, in float64, as refinement and networks have them; mapping them to
    physical units is part of the work, of which it is far less than a hundredth.

    Args:
        who: the contender.
        device: to run on.
        dtype: of the audio.
    """

    def __init__(self, who: str, device: str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        self._mix = mixer(who)
        self._device, self._dtype = torch.device(device), dtype

    def load(self, size: Size) -> None:
        """Takes a song and settings, and half a second of it to get warm: to compile, and to start all threads."""
        self._rate = size.sample_rate
        unit = unit_settings(size.tracks)
        self._settings = unit._replace(
            tracks=unit.tracks.to(self._device).requires_grad_(), master=unit.master.to(self._device).requires_grad_()
        )
        self._audio = tracks(size).to(self._device, self._dtype)
        generator = torch.Generator().manual_seed(2)
        output_gradient = torch.randn(1, 2, size.frames, generator=generator)
        self._output_gradient = output_gradient.to(self._device, self._dtype)
        frames = min(round(_WARM_UP_S * self._rate), size.frames)
        for _ in range(2):
            self._gradients(self._audio[..., :frames].contiguous(), self._output_gradient[..., :frames])

    @torch.no_grad()
    def forward(self) -> Tensor:
        """The mix, [1, 2, time]."""
        return self._finished(self._mix(self._audio, self._rate, DEFAULT.from_unit(self._settings)))

    def forward_backward(self) -> tuple[Tensor, ...]:
        """The gradients to the settings of tracks and master, [1, tracks, controls] and [1, controls]."""
        return self._gradients(self._audio, self._output_gradient)

    def _gradients(self, audio: Tensor, output_gradient: Tensor) -> tuple[Tensor, ...]:
        mixed = self._mix(audio, self._rate, DEFAULT.from_unit(self._settings))
        gradients = torch.autograd.grad(mixed, (self._settings.tracks, self._settings.master), output_gradient)
        self._finished(mixed)
        return gradients

    def _finished(self, mixed: Tensor) -> Tensor:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return mixed
