"""Windows of a song as a model hears them: every track brought to one loudness, without those that are silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.data.library import LibraryTrack
from diffmst.dsp.loudness import block_energies, gated_loudness, hop_energies
from diffmst.excerpts import Excerpts
from diffmst.models.scene import Hearing
from diffmst.prior import Stem
from diffmst.roles import BY_NAME, sides_of
from diffmst.strips import row_tracks

FAINT_DB = -6.0
"""A track whose peaks in a passage all lie so far under its loudness, some 16 dB under its usual peaks, does not sound
there: what is left is bleed and noise."""

FEWEST_TRACKS = 2


class UnusableError(Exception):
    """What was drawn makes no example, for this reason; something else is drawn."""


class StagedSong(NamedTuple):
    """A song in excerpts.

    Attributes:
        excerpts: every track at the loudness that the model wants.
        stems: what is known of its tracks.
    """

    excerpts: Excerpts
    stems: tuple[Stem, ...]

    @property
    def roles(self) -> list[str]:
        """Of the tracks, by name."""
        return [stem.role.name for stem in self.stems]

    def first(self, tracks: int) -> StagedSong:
        """The song without what comes after so many tracks."""
        if tracks >= len(self.stems):
            return self
        channels = self.excerpts.channels[:tracks]
        audio = self.excerpts.audio[:, : sum(channels)]
        return StagedSong(self.excerpts._replace(audio=audio, channels=channels), self.stems[:tracks])

    def swap_sides(self) -> StagedSong:
        """The song with left and right in each other's place, in the same memory: new memory costs more than moving."""
        rows = row_tracks(self.excerpts.channels)
        lefts = [row for row in range(len(rows) - 1) if rows[row] == rows[row + 1]]
        for window in self.excerpts.audio.numpy():
            for left in lefts:
                window[[left, left + 1]] = window[[left + 1, left]]
        return StagedSong(self.excerpts, tuple(stem._replace(side=-stem.side) for stem in self.stems))


def stage(
    audio: np.ndarray,
    tracks: Sequence[LibraryTrack],
    hearing: Hearing,
    sample_rate: int,
    *,
    lead_frames: int,
    heard: int,
) -> StagedSong:
    """The song in windows of its tracks, without those that do not sound there.

    A track is brought to its loudness as a whole, so that windows keep their levels; of a stereo track that is split,
    each channel by what is heard of it here.

    Args:
        audio: of the tracks, which is changed, float32.
        tracks: in the order of the rows.
        hearing: how the model wants to hear them.
        sample_rate: of the audio, Hz.
        lead_frames: of each window.
        heard: a track has to sound in these windows, the first.

    Shape: audio [windows, rows, lead + time].

    Raises:
        UnusableError: there are values that are no numbers, or less than two tracks sound.
    """
    peaks = _peaks(audio[..., lead_frames:])
    if not np.isfinite(peaks.sum() + _peaks(audio[..., :lead_frames]).sum()):
        raise UnusableError("values that are no numbers")
    stems = _stems(tracks)
    if hearing.split_stereo:
        stems = _split(stems, torch.from_numpy(audio), sample_rate)
    rows = np.array(row_tracks(tuple(stem.channels for stem in stems)))
    sounds = _sounding(peaks[:heard].max(0), rows, stems)
    if np.count_nonzero(sounds) < FEWEST_TRACKS:
        raise UnusableError("less than two tracks that sound")
    if not sounds.all():
        audio, rows = audio[:, sounds[rows]], rows[sounds[rows]]
    gain_db = np.array([hearing.track_lufs - stem.loudness_lufs for stem in stems])
    audio *= (10 ** (gain_db[rows, None] / 20)).astype(np.float32)
    kept = [stem._replace(loudness_lufs=hearing.track_lufs) for stem, sound in zip(stems, sounds, strict=True) if sound]
    channels = tuple(stem.channels for stem in kept)
    return StagedSong(Excerpts(torch.from_numpy(audio), channels, lead_frames, sample_rate), tuple(kept))


def _peaks(audio: np.ndarray) -> np.ndarray:
    """Largest magnitudes [windows, rows], NaN where there is one; audio [windows, rows, time]."""
    peaks: np.ndarray = np.maximum(audio.max(-1, initial=0), -audio.min(-1, initial=0))
    return peaks


def _stems(tracks: Sequence[LibraryTrack]) -> list[Stem]:
    sides = sides_of([track.name for track in tracks])
    return [
        Stem(track.loudness_lufs, track.channels, track.low_share, BY_NAME[track.role], side)
        for track, side in zip(tracks, sides, strict=True)
    ]


def _split(stems: Sequence[Stem], audio: Tensor, sample_rate: int) -> list[Stem]:
    """A stem for every row; the channels of one are the sides of a pair."""
    energies = hop_energies(audio, sample_rate).transpose(0, 1)  # rows first: the windows of each are gated together
    loudness_lufs = iter(gated_loudness(block_energies(energies[:, :, None]).flatten(1)).tolist())
    return [
        stem._replace(loudness_lufs=next(loudness_lufs), channels=1, side=side)
        for stem in stems
        for side in ((stem.side,) if stem.channels == 1 else (-1, 1))
    ]


def _sounding(peaks: np.ndarray, rows: np.ndarray, stems: Sequence[Stem]) -> np.ndarray:
    """Whether each track sounds, bool [tracks]; peaks [rows], rows by their tracks."""
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    loudness_lufs = np.array([stem.loudness_lufs for stem in stems])
    faint = 10 ** ((loudness_lufs + FAINT_DB) / 20)
    sounds: np.ndarray = np.isfinite(loudness_lufs) & (np.maximum.reduceat(peaks, starts) >= faint)
    return sounds
