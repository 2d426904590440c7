"""Staged songs of synthesised stems, for drawing mixes of."""

import numpy as np
import torch
from scipy.signal import butter, sosfilt

from diffmst.dsp.loudness import integrated_loudness
from diffmst.excerpts import Excerpts
from diffmst.prior import NOMINAL_LUFS, Stem
from diffmst.random_mix.song_sound import hear_song
from diffmst.roles import BY_NAME

RATE = 22_050
SECONDS = 4.0
WINDOWS = 2

# Where the sound of each role lies, Hz, and how often a second it is struck; 0 is sustained.
SOUNDS = {
    "kick": (40, 120, 2),
    "snare": (150, 5000, 2),
    "hats": (6000, 10_000, 4),
    "bass": (45, 200, 1),
    "guitar": (150, 4000, 2),
    "keys": (200, 3000, 1),
    "pad": (200, 2500, 0),
    "lead": (250, 6000, 1),
    "backing": (300, 6000, 1),
    "": (200, 4000, 1),
}


def stem_audio(role, rng, channels=1, dull_db=0.0, seconds=SECONDS):
    """Noise of a role, [channels, time]; dull: with its upper half turned down."""
    low_hz, high_hz, strikes = SOUNDS[role]
    time = round(seconds * RATE)
    x = sosfilt(butter(2, (low_hz, high_hz), "bandpass", fs=RATE, output="sos"), rng.standard_normal((channels, time)))
    if dull_db:
        upper = sosfilt(butter(2, 2000, "highpass", fs=RATE, output="sos"), x)
        x = x - (1 - 10 ** (-dull_db / 20)) * upper
    phase = (np.arange(time) / RATE * max(1, strikes)) % 1
    return (x * (np.exp(-5 * phase) if strikes else 1.0)).astype(np.float32)


def staged(roles, seed=0, channels=None, sides=None, dull_db=0.0, seconds=SECONDS):
    """Excerpts and stems of a song with these roles, every track at its nominal loudness."""
    rng = np.random.default_rng(seed)
    channels, sides = channels or (1,) * len(roles), sides or (0,) * len(roles)
    rows, stems = [], []
    for role, count, side in zip(roles, channels, sides, strict=True):
        x = torch.from_numpy(stem_audio(role, rng, count, dull_db, seconds))
        rows.append(x * 10 ** ((NOMINAL_LUFS - integrated_loudness(x[None], RATE)) / 20))
        stems.append(Stem(NOMINAL_LUFS, count, 0.95 if role in ("kick", "bass") else 0.0, BY_NAME[role], side))
    audio = torch.cat(rows).unflatten(-1, (WINDOWS, -1)).transpose(0, 1).contiguous()
    return Excerpts(audio, tuple(channels), 0, RATE), stems


def heard(*args, **kwargs):
    return hear_song(*staged(*args, **kwargs))
