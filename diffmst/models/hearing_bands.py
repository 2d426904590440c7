"""Scenes as band powers: what a model that hears levels in bands is given, one by one or as a padded batch."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffmst.dsp.band_powers import band_powers
from diffmst.excerpts import Excerpts
from diffmst.models.scene import ROLE_NAMES, Scene
from diffmst.strips import Channels


class SceneBands(NamedTuple):
    """A scene in band powers, see `dsp.band_powers`; frames last the same whatever the sample rate was.

    Attributes:
        tracks: staged, without what was played before the windows, [tracks, windows, 3, frames, bands].
        reference: [windows, 3, frames, bands]; its windows may have other numbers of frames.
        roles: probabilities of `ROLE_NAMES`, [tracks, roles].
        sides: see `Scene`, [tracks].
        mono: which tracks have one channel, bool [tracks].
    """

    tracks: Tensor
    reference: Tensor
    roles: Tensor
    sides: Tensor
    mono: Tensor


class BandBatch(NamedTuple):
    """Scenes side by side, filled up with zeros to the longest of each axis; the masks tell what is not filling.

    Attributes:
        tracks: [batch, tracks, windows, 3, frames, bands].
        reference: [batch, windows, 3, frames, bands].
        roles: [batch, tracks, roles]; a track that is none is of unknown role.
        sides: [batch, tracks].
        mono: bool [batch, tracks].
        has_track: bool [batch, tracks].
        has_frame: frames of the tracks, bool [batch, windows, frames].
        has_reference_frame: frames of the reference, bool [batch, windows, frames].
    """

    tracks: Tensor
    reference: Tensor
    roles: Tensor
    sides: Tensor
    mono: Tensor
    has_track: Tensor
    has_frame: Tensor
    has_reference_frame: Tensor


def excerpt_powers(excerpts: Excerpts) -> Tensor:
    """Those of the tracks, without what is played before the windows; [windows, tracks, 3, frames, bands]."""
    audio = excerpts.audio[..., excerpts.lead_frames :].transpose(0, 1)
    return track_powers(audio, excerpts.channels, excerpts.sample_rate).transpose(0, 1)


def scene_bands(scene: Scene) -> SceneBands:
    """What is heard of a scene; differentiable in its audio."""
    excerpts = scene.excerpts
    tracks, audio = excerpt_powers(excerpts).transpose(0, 1), excerpts.audio
    mono = torch.tensor([count == 1 for count in excerpts.channels], device=audio.device)
    reference = band_powers(scene.reference, excerpts.sample_rate)
    return SceneBands(tracks, reference, scene.roles.to(audio), scene.sides.to(audio), mono)


def band_batch(scenes: Sequence[SceneBands]) -> BandBatch:
    """Scenes as one batch.

    Raises:
        ValueError: there is no scene.
    """
    if not scenes:
        raise ValueError("a batch needs at least one scene, got none")
    roles = _stacked([scene.roles for scene in scenes])
    has_track = _stacked([torch.ones_like(scene.mono) for scene in scenes])
    unknown = torch.zeros_like(roles)
    unknown[..., ROLE_NAMES.index("")] = 1
    return BandBatch(
        tracks=_stacked([scene.tracks for scene in scenes]),
        reference=_stacked([scene.reference for scene in scenes]),
        roles=torch.where(has_track[..., None], roles, unknown),
        sides=_stacked([scene.sides for scene in scenes]),
        mono=_stacked([scene.mono for scene in scenes]),
        has_track=has_track,
        has_frame=_stacked([_frames_of(scene.tracks[0]) for scene in scenes]),
        has_reference_frame=_stacked([_frames_of(scene.reference) for scene in scenes]),
    )


def track_powers(rows: Tensor, channels: Channels, sample_rate: int) -> Tensor:
    """Of rows [rows, windows, time], the powers of each track, [tracks, windows, 3, frames, bands]."""
    files = rows.transpose(0, 1).split(list(channels), dim=1)  # heard one by one: rows are large to copy
    return torch.stack([band_powers(audio, sample_rate) for audio in files])


def _frames_of(windows: Tensor) -> Tensor:
    """True for each frame of windows [windows, 3, frames, bands]; [windows, frames]."""
    return torch.ones_like(windows[:, 0, :, 0], dtype=torch.bool)


def _stacked(parts: Sequence[Tensor]) -> Tensor:
    """Tensors of one number of axes, each filled up with zeros (false) to the longest, side by side."""
    shape = [max(sizes) for sizes in zip(*(part.shape for part in parts), strict=True)]
    return torch.stack([pad(part, _missing(part, shape)) for part in parts])


def _missing(part: Tensor, shape: Sequence[int]) -> list[int]:
    """What `pad` has to put before and behind each axis, the last first, to reach a shape."""
    sizes = zip(reversed(part.shape), reversed(shape), strict=True)
    return [count for size, wanted in sizes for count in (0, wanted - size)]
