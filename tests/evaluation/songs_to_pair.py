"""Small songs to make pairs of."""

import numpy as np
from songs import RATE, noise, tone, write

SECONDS = 16.0
"""Room for two sections of the least length, and for a choice."""


def stems(seconds=SECONDS, seed=0):
    """Audio by name: a bass, stereo keys, hats, and a lead that comes in late; another song for another seed."""
    keys = np.stack([tone(330 + 40 * seed, seconds), tone(495 + 40 * seed, seconds, level=0.1)])
    lead = tone(880 + 60 * seed, seconds)
    lead[: RATE * 2] = 0
    return {
        "bass": tone(60 + 5 * seed, seconds),
        "keys": keys,
        "hats": np.diff(noise(seconds, seed, level=0.05), prepend=0).astype(np.float32),
        "lead": lead,
    }


def write_stems(folder, **kwargs):
    for name, audio in stems(**kwargs).items():
        write(folder / f"{name}.wav", audio)
    return folder


def write_songs(folder, names=("one", "two"), **kwargs):
    """A folder of songs."""
    for seed, name in enumerate(names):
        write_stems(folder / name, seed=seed, **kwargs)
    return folder
