"""Small songs on disk, for the tests that begin with files."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 22_050


def tone(freq_hz, seconds, rate=RATE, level=0.2):
    """Plucked twice a second, so that there are dynamics."""
    time_s = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * freq_hz * time_s) * np.exp(-4 * (time_s % 0.5))).astype(np.float32)


def noise(seconds, seed=0, rate=RATE, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def write(path: Path, audio, rate=RATE, subtype="PCM_24"):
    """audio [time] or [channels, time]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.asarray(audio).T, rate, subtype=subtype)
    return path


def write_song(folder: Path, seconds=8.0, rate=RATE):
    """Bass, keys in stereo and hats: three stems in a folder."""
    write(folder / "bass.wav", tone(60, seconds, rate), rate)
    keys = np.stack([tone(440, seconds, rate), tone(660, seconds, rate, level=0.1)])
    write(folder / "keys.wav", keys, rate)
    write(folder / "hats.wav", np.diff(noise(seconds, 1, rate), prepend=0), rate)
    return folder


def write_reference(path: Path, seconds=8.0, rate=RATE):
    """Wide and bright."""
    left = tone(80, seconds, rate) + noise(seconds, 2, rate)
    right = tone(80, seconds, rate) + noise(seconds, 3, rate)
    return write(path, np.stack([left, right]), rate)
