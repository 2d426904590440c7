"""A library in memory, with what examples are made of: songs of tones and noise."""

from dataclasses import dataclass, field

import numpy as np
from scipy.signal import butter, sosfilt

from diffmst.data.random_windows import Windows

RATE = 22_050
SECONDS = 16.0

# Role, name, channels, and the band of its noise in Hz.
STEMS = (
    ("kick", "Kick", 1, (40, 120)),
    ("snare", "Snare", 1, (200, 6000)),
    ("bass", "Bass", 1, (50, 200)),
    ("guitar", "Gtr L", 1, (150, 4000)),
    ("guitar", "Gtr R", 1, (150, 4000)),
    ("keys", "Keys", 2, (200, 4000)),
    ("lead", "Lead", 1, (300, 6000)),
    ("", "Track 8", 2, (200, 3000)),
)


@dataclass(frozen=True)
class Track:
    name: str
    role: str
    channels: int
    audio: np.ndarray
    loudness_lufs: float = -20.0
    low_share: float = 0.0


@dataclass(frozen=True, eq=False)
class Reference:
    name: str
    audio: np.ndarray

    def choose(self, rng, seconds, windows):
        return sorted(rng.uniform(0, SECONDS - seconds, windows).tolist())


@dataclass(frozen=True, eq=False)
class Song:
    name: str
    tracks: tuple
    mix: Reference | None = None

    def choose(self, rng, seconds, windows, tracks=None):
        chosen = np.arange(len(self.tracks))
        if tracks is not None and tracks < len(chosen):
            chosen = np.sort(rng.choice(chosen, tracks, replace=False))
        return Windows(sorted(rng.uniform(0, SECONDS - seconds, windows).tolist()), chosen.tolist())


@dataclass
class SongLibrary:
    songs: tuple
    references: tuple = ()
    reads: list = field(default_factory=list)

    def read(self, song, tracks, starts_s, seconds, sample_rate):
        assert sample_rate == RATE
        self.reads.append((song.name, tuple(tracks)))
        rows = np.concatenate([song.tracks[track].audio for track in tracks])
        return _windows(rows, starts_s, seconds)

    def read_reference(self, reference, starts_s, seconds, sample_rate):
        return _windows(reference.audio, starts_s, seconds)


def _windows(rows, starts_s, seconds):
    time = round(seconds * RATE)
    padded = np.pad(rows, ((0, 0), (2 * RATE, time)))
    starts = [round(start_s * RATE) + 2 * RATE for start_s in starts_s]
    return np.stack([padded[:, start : start + time] for start in starts]).astype(np.float32)


def make_song(seed, stems=STEMS):
    rng = np.random.default_rng(seed)
    strikes = np.exp(-4 * (np.arange(round(SECONDS * RATE)) / RATE * 2 % 1))
    tracks = []
    for role, name, channels, band_hz in stems:
        noise = rng.standard_normal((channels, len(strikes)))
        x = sosfilt(butter(2, band_hz, "bandpass", fs=RATE, output="sos"), noise) * strikes
        x *= 0.1 / np.sqrt(np.square(x).mean())
        low_share = 0.9 if band_hz[1] <= 200 else 0.0
        tracks.append(Track(name, role, channels, x.astype(np.float32), low_share=low_share))
    own_mix = Reference(f"song {seed}", _stereo(sum(track.audio for track in tracks)))
    return Song(f"song {seed}", tuple(tracks), own_mix)


def _stereo(x):
    return np.broadcast_to(x, (2, x.shape[-1])).copy()


def make_library(songs=3):
    songs = tuple(make_song(seed) for seed in range(songs))
    other = Reference("finished", np.random.default_rng(99).standard_normal((2, round(SECONDS * RATE))) * 0.1)
    return SongLibrary(songs, (*(song.mix for song in songs), other))
