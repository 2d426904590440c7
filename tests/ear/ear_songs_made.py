"""Songs that an ear can learn from in seconds: a thump, a hiss and a chord, recorded and made."""

from types import SimpleNamespace

import torch

from diffmst.ear.material import EarSong, levels_of_powers
from diffmst.ear.sound import stem_sounds
from diffmst.models.scene import role_places

RATE = 44_100
NAMES = ("kick", "hats", "pad")


def time_s(seconds):
    return torch.arange(round(seconds * RATE)) / RATE


def thump(seconds, freq_hz=55.0, beat_s=0.5):
    time = time_s(seconds) % beat_s
    return torch.sin(2 * torch.pi * freq_hz * time) * torch.exp(-12 * time)


def hiss(seconds, generator, beat_s=0.25):
    time = time_s(seconds)
    bright = torch.randn(len(time), generator=generator).diff(prepend=torch.zeros(1)).diff(prepend=torch.zeros(1))
    return 0.2 * bright * torch.exp(-40 * (time % beat_s))


def chord(seconds, freq_hz=220.0):
    time = time_s(seconds)
    return sum(torch.sin(2 * torch.pi * freq_hz * ratio * time) for ratio in (1.0, 1.25, 1.5, 2.0)) / 4


def song(generator, *, made=True, windows=2, seconds=3.0, split="train"):
    """One with the three stems in other keys and tempi each time."""
    low, beat = torch.rand(2, generator=generator).tolist()
    whole = windows * seconds
    rows = [
        thump(whole, 45 + 25 * low, 0.4 + 0.3 * beat),
        hiss(whole, generator, 0.2 + 0.15 * beat),
        chord(whole, 180 + 200 * low),
    ]
    audio = torch.stack(rows).unflatten(-1, (windows, -1)).transpose(0, 1)
    sounds = stem_sounds(audio, (1, 1, 1), RATE)
    return EarSong(
        SimpleNamespace(name="song", split=split),
        made,
        role_places(NAMES),
        levels_of_powers(sounds.powers),
        sounds.sides,
    )
