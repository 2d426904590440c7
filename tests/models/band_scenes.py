"""Made-up scenes in band powers, for the tests of what hears them."""

import torch

from diffmst.dsp.band_powers import BANDS
from diffmst.models.hearing_bands import SceneBands
from diffmst.models.scene import ROLE_NAMES


def powers(generator, *shape, frames=20, level_db=-45.0):
    """Powers [*shape, 3, frames, bands] of bursts in both sides, related more or less."""
    size = (*shape, frames, BANDS)
    both_db, left_db, right_db = (level_db + 6 * torch.randn(size, generator=generator) for _ in range(3))
    both, left, right = (10 ** (db / 10) for db in (both_db, left_db, right_db))
    return torch.stack([both + left, both + right, both], -3)


def scene(generator, tracks=5, windows=3, reference_windows=4, frames=20):
    """Tracks, of which every other is mono and two are a pair, of mixed knowledge about their roles."""
    mono = torch.arange(tracks) % 2 == 0
    heard = powers(generator, tracks, windows, frames=frames)
    heard = torch.where(mono[:, None, None, None, None], heard[..., 2:, :, :], heard)
    roles = torch.zeros(tracks, len(ROLE_NAMES))
    for track in range(tracks):
        roles[track, track % (len(ROLE_NAMES) - 1)] = 0.25 * (track % 5)
    roles[:, -1] = 1 - roles.sum(-1)
    reference = powers(generator, reference_windows, frames=frames, level_db=-30.0)
    sides = torch.zeros(tracks)
    if tracks > 2:
        sides[0], sides[2] = -1, 1
    return SceneBands(heard, reference, roles, sides, mono)


def permuted(scene, order):
    """The scene with its tracks in another order."""
    return scene._replace(
        tracks=scene.tracks[order], roles=scene.roles[order], sides=scene.sides[order], mono=scene.mono[order]
    )
