"""What the ear learns from and is tested on: windows of the stems of songs whose roles are known, in band powers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffmst.data.datasets.dataset import read_mapping
from diffmst.data.datasets.folders import SIDECAR
from diffmst.data.library import Library, LibrarySong
from diffmst.data.parallel import in_parallel
from diffmst.data.splits import SPLITS
from diffmst.dsp.units import db_to_amplitude
from diffmst.ear.sound import StemSounds, stem_sounds
from diffmst.models.scene import role_places
from diffmst.progress import SILENT, Progress

WINDOW_S = 6.0
WINDOWS = 6
"""Of a song, where most stems can be heard."""

SAMPLE_RATE = 44_100
"""Of the audio that powers are taken from, Hz; frames last the same at any."""

_STAGED_LUFS = -20.0
_LOWEST_DB, _STEPS_PER_DB = -120.0, 2


@dataclass(frozen=True, eq=False)
class EarSong:
    """The stems of a song, kept small: a byte for the level of a band in a frame.

    Attributes:
        song: that they are of.
        made: whether it was made by `diffmst data make`, and not recorded.
        roles: of the stems, by their place in `ROLE_NAMES`, the last for unknown, [tracks].
        levels: in steps of half a decibel, uint8 [tracks, windows, frames, bands].
        sides: see `StemSounds`, [tracks, windows, SIDES].
    """

    song: LibrarySong
    made: bool
    roles: Tensor
    levels: Tensor
    sides: Tensor

    @property
    def sounds(self) -> StemSounds:
        """What is heard of all stems in all windows."""
        return StemSounds(powers_of(self.levels), self.sides)


def ear_songs(
    library: Library, seed: int = 0, progress: Progress = SILENT, splits: Sequence[str] = SPLITS
) -> list[EarSong]:
    """Windows of the songs of a library, the same ones for the same seed.

    Args:
        library: of songs.
        seed: of the choice of windows.
        progress: told of every song.
        splits: of which songs are listened to.

    Raises:
        UserError: a file has gone or changed since the library was opened.
    """
    numbers = [number for number, song in enumerate(library.songs) if song.split in splits]
    with progress.phase("listening to stems", max(1, len(numbers))) as advance:

        def heard(number: int) -> EarSong:
            song = _heard(library, library.songs[number], np.random.default_rng([seed, number]))
            advance(1)
            return song

        return list(in_parallel(heard, numbers))


def powers_of(levels: Tensor) -> Tensor:
    """Powers of levels in steps of half a decibel, none at the lowest; any shape."""
    return torch.where(levels > 0, 10 ** ((levels.float() / _STEPS_PER_DB + _LOWEST_DB) / 10), 0.0)


def levels_of_powers(powers: Tensor) -> Tensor:
    """Levels in steps of half a decibel from -120 dBFS to 7.5 dBFS, of powers; any shape."""
    level_db = 10 * torch.log10(powers.clamp_min(10 ** (_LOWEST_DB / 10)))
    return ((level_db - _LOWEST_DB) * _STEPS_PER_DB).round().clamp_max(255).to(torch.uint8)


def _heard(library: Library, song: LibrarySong, rng: np.random.Generator) -> EarSong:
    starts_s = song.choose(rng, WINDOW_S, WINDOWS).starts_s
    audio = torch.from_numpy(library.read(song, range(len(song.tracks)), starts_s, WINDOW_S, SAMPLE_RATE))
    channels = tuple(track.channels for track in song.tracks)
    gains_db = torch.tensor([_STAGED_LUFS - track.loudness_lufs for track in song.tracks])
    audio *= db_to_amplitude(gains_db).repeat_interleave(torch.tensor(channels))[:, None].float()
    sounds = stem_sounds(audio, channels, SAMPLE_RATE)
    roles = role_places([track.role for track in song.tracks])
    return EarSong(song, _is_made(song), roles, levels_of_powers(sounds.powers), sounds.sides)


def _is_made(song: LibrarySong) -> bool:
    """Whether what lies beside the stems says so."""
    try:
        return "made_by" in read_mapping(song.tracks[0].source.info.path.parent / SIDECAR)
    except ValueError:
        return False
