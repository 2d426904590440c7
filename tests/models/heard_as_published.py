"""Scenes as the published model hears them, and configurations of it that run in milliseconds."""

import torch

from diffmst.excerpts import Excerpts
from diffmst.models.diff_mst import PUBLISHED_HEARING, DiffMSTConfig
from diffmst.models.scene import ROLE_NAMES, Scene

SAMPLES = 6_000
SMALL = {"width": 16, "encoder_channels": (4, 6, 8), "layers": 2, "heads": 2, "feedforward": 24}


def small_config(**changes):
    hearing = PUBLISHED_HEARING._replace(window_s=SAMPLES / 44_100)
    return DiffMSTConfig(**{"hearing": hearing, **SMALL, **changes})


def make_scene(tracks, seed=0, *, windows=1, lead=0, samples=SAMPLES, dtype=torch.float32):
    """Noises of all levels and colours, so that no two tracks sound alike."""
    generator = torch.Generator().manual_seed(seed)

    def noise(rows, time):
        x = torch.randn(windows, rows, time, generator=generator, dtype=dtype)
        levels = 10 ** (-2 * torch.rand(rows, 1, generator=generator, dtype=dtype))
        smooth = torch.rand(rows, 1, generator=generator, dtype=dtype)
        return levels * (x + smooth * x.roll(1, -1))

    excerpts = Excerpts(noise(tracks, lead + samples), (1,) * tracks, lead, 44_100)
    return Scene(
        excerpts, torch.ones(tracks, len(ROLE_NAMES)) / len(ROLE_NAMES), torch.zeros(tracks), noise(2, samples)
    )


def permuted(scene, order):
    excerpts = scene.excerpts._replace(audio=scene.excerpts.audio[:, order])
    return scene._replace(excerpts=excerpts, roles=scene.roles[order])
