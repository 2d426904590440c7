"""Songs in band powers: read once, from then on mixed, folded and retuned without audio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.data.library import Library, LibrarySong
from diffmst.dsp.band_powers import CROSS, HOP_S, LEFT, RIGHT, band_centres_hz, band_powers, k_weights
from diffmst.dsp.units import db_to_amplitude
from diffmst.models.scene import Hearing
from diffmst.prior import Stem
from diffmst.random_mix import song_sound
from diffmst.random_mix.song_sound import PASSAGE_FRAMES, RANKS, SongSound
from diffmst.roles import BY_NAME, sides_of

SAMPLE_RATE = 44_100
"""Of the audio that powers are taken from, Hz; frames last the same at any."""

_LOW_HZ = 200.0
_GATE = 0.1  # of the mean power: passages 10 dB under it do not count, as in `song_sound`
_PAUSE = 0.01
_ONE_SIDED = 0.05  # of the power of the louder channel: with less there is nothing on the other side
_SILENCE = 1e-12
_PASSAGE = PASSAGE_FRAMES * song_sound.EVERY * 2  # frames that overlap by half, in the time of one of its passages


class BandSong(NamedTuple):
    """Staged tracks of a song, or windows of them.

    Attributes:
        roles: names, one for each track.
        powers: see `dsp.band_powers`, [tracks, windows, 3, frames, bands].
        peaks: largest magnitude of the louder channel in each frame, [tracks, windows, frames].
        mono: which tracks have one channel, bool [tracks].
        sides: see `models.scene.Scene`, [tracks].
    """

    roles: tuple[str, ...]
    powers: Tensor
    peaks: Tensor
    mono: Tensor
    sides: Tensor

    def windows(self, starts: Sequence[int], frames: int) -> BandSong:
        """Windows of a song that is one, from these frames on."""
        pick = [slice(start, start + frames) for start in starts]
        powers = torch.stack([self.powers[:, 0, :, part] for part in pick], 1)
        return self._replace(powers=powers, peaks=torch.stack([self.peaks[:, 0, part] for part in pick], 1))

    def tracks(self, chosen: Sequence[int]) -> BandSong:
        """Some of the tracks; one side without the other is no pair."""
        rows = torch.as_tensor(chosen)
        roles = tuple(self.roles[track] for track in chosen)
        sides = self.sides[rows]
        there = set(zip(roles, sides.tolist(), strict=True))
        paired = torch.tensor([(role, -side) in there for role, side in zip(roles, sides.tolist(), strict=True)])
        return BandSong(roles, self.powers[rows], self.peaks[rows], self.mono[rows], torch.where(paired, sides, 0.0))

    def first(self, windows: int) -> BandSong:
        """The first windows."""
        return self._replace(powers=self.powers[:, :windows], peaks=self.peaks[:, :windows])

    @property
    def energies(self) -> Tensor:
        """K-weighted mean square, [tracks]: of one channel as it is, of two their sum."""
        both = (self.powers[:, :, LEFT] + self.powers[:, :, RIGHT]).mean((1, 2)) @ k_weights().float()
        return both * torch.where(self.mono, 0.5, 1.0)

    def swapped(self) -> BandSong:
        """With left and right exchanged."""
        return self._replace(powers=self.powers[:, :, [RIGHT, LEFT, CROSS]], sides=-self.sides)

    def scaled(self, factors: Tensor) -> BandSong:
        """With the power in every band multiplied, [tracks, bands]; peaks go with the power of their frames."""
        powers = self.powers * factors[:, None, None, None]
        return self._replace(powers=powers, peaks=self.peaks * _louder(powers, self.powers).sqrt())

    def folded(self, which: Tensor) -> BandSong:
        """With some tracks, bool [tracks], summed to one channel of the same loudness."""
        left, right, cross = self.powers.unbind(2)
        middle = ((left + right + 2 * cross) / 4).clamp(min=0)
        kept = (left + right).sum((1, 2, 3)) / middle.sum((1, 2, 3)).clamp(min=_SILENCE)
        middle = (middle * kept[:, None, None, None])[:, :, None].expand_as(self.powers)
        powers = torch.where(which[:, None, None, None, None], middle, self.powers)
        peaks = torch.where(which[:, None, None], self.peaks * _louder(powers, self.powers).sqrt(), self.peaks)
        return self._replace(powers=powers, peaks=peaks, mono=self.mono | which)

    def parted(self, which: Tensor) -> BandSong:
        """With some tracks of two channels, bool [tracks], as two files, one of each, if something is on both sides.

        Either is as loud as both were.
        """
        channels = self.powers[:, :, : RIGHT + 1].mean((1, 3, 4))
        which = which & (channels.amin(-1) > _ONE_SIDED * channels.amax(-1))
        parts = [(track, side) for track, parted in enumerate(which) for side in ((LEFT, RIGHT) if parted else (None,))]
        song = self.tracks([track for track, _ in parts])
        alone = torch.tensor([side is not None for _, side in parts])
        side = torch.tensor([side or LEFT for _, side in parts])
        channel = song.powers[torch.arange(len(parts)), :, side]
        kept = song.powers[:, :, : RIGHT + 1].sum((1, 2, 3, 4)) / channel.sum((1, 2, 3)).clamp(min=_SILENCE)
        channel = (channel * kept[:, None, None, None])[:, :, None].expand_as(song.powers)
        powers = torch.where(alone[:, None, None, None, None], channel, song.powers)
        peaks = torch.where(alone[:, None, None], song.peaks * _louder(powers, song.powers).sqrt(), song.peaks)
        sides = torch.where(alone, 2.0 * side - 1, song.sides)
        return BandSong(song.roles, powers, peaks, song.mono | alone, sides)

    def sound(self, lufs: float) -> SongSound:
        """What an engineer hears of the stems, which are staged at a loudness; see `song_sound.hear_song`."""
        channels = torch.where(self.mono, 1, 2)
        both = (self.powers[:, :, LEFT] + self.powers[:, :, RIGHT]) * (channels / 2)[:, None, None, None]
        low = both[..., band_centres_hz() < _LOW_HZ].sum((1, 2, 3)) / both.sum((1, 2, 3)).clamp(min=_SILENCE)
        facts = zip(channels.tolist(), low.tolist(), self.roles, self.sides.tolist(), strict=True)
        stems = tuple(Stem(lufs, count, share, BY_NAME[role], round(side)) for count, share, role, side in facts)
        heard = [_heard(power, peaks) for power, peaks in zip(both.double().numpy(), self.peaks.numpy(), strict=True)]
        return SongSound(stems, np.stack([power for power, _ in heard]), np.stack([peaks for _, peaks in heard]))


def band_song(library: Library, song: LibrarySong, hearing: Hearing) -> BandSong:
    """The whole of a song, every track brought to `hearing.track_lufs`, as one window."""
    powers, peaks = [], []
    for number, track in enumerate(song.tracks):  # one after the other: the audio of all would fill the memory
        audio = library.read(song, [number], [0.0], song.duration_s, SAMPLE_RATE)[0]
        audio *= np.float32(db_to_amplitude(torch.tensor(hearing.track_lufs - track.loudness_lufs)))
        powers.append(band_powers(torch.from_numpy(audio), SAMPLE_RATE))
        peaks.append(_frame_peaks(audio, powers[-1].shape[-2]))
    mono = torch.tensor([track.channels == 1 for track in song.tracks])
    sides = torch.tensor([float(side) for side in sides_of([track.name for track in song.tracks])])
    roles = tuple(track.role for track in song.tracks)
    return BandSong(roles, torch.stack(powers)[:, None], torch.stack(peaks)[:, None], mono, sides)


def _frame_peaks(audio: np.ndarray, frames: int) -> Tensor:
    hop = round(SAMPLE_RATE * HOP_S)
    largest = np.abs(audio).max(0)
    largest = np.pad(largest, (0, max(0, (frames + 1) * hop - len(largest))))[: (frames + 1) * hop]
    hops = largest.reshape(-1, hop).max(1)
    return torch.from_numpy(np.maximum(hops[:-1], hops[1:]))


def _louder(powers: Tensor, than: Tensor) -> Tensor:
    """Ratio of the power of frames, [tracks, windows, frames]."""
    one, other = ((part[:, :, LEFT] + part[:, :, RIGHT]).sum(-1) for part in (powers, than))
    return (one + _SILENCE) / (other + _SILENCE)


def _heard(power: np.ndarray, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Power in the bands of `song_sound` and ranked peaks in decibels of one track; power [windows, frames, bands]."""
    total = power.sum(-1)
    sounds = total > max(_PAUSE * total.mean(), _SILENCE)
    if not sounds.any():
        return np.zeros(_GATHER.shape[1]), np.full(RANKS, 10 * np.log10(_SILENCE))
    ranks = (np.arange(RANKS) + 0.5) / RANKS
    peak_db = 20 * np.log10(np.maximum(peaks[sounds], _SILENCE**0.5))
    return _gated_mean(power) @ _GATHER, np.quantile(peak_db, ranks)


def _gated_mean(power: np.ndarray) -> np.ndarray:
    """Mean of the passages that are not 10 dB under the mean of all; power [windows, frames, bands]."""
    starts = np.arange(0, power.shape[1], _PASSAGE)
    lengths = np.diff(starts, append=power.shape[1])
    passages = (np.add.reduceat(power, starts, axis=1) / lengths[:, None]).reshape(-1, power.shape[2])
    total = passages.sum(1)
    mean: np.ndarray = passages[total > _GATE * total.mean()].mean(0)
    return mean


def _gathering() -> np.ndarray:
    """Which of the coarser bands of `song_sound` each band goes to, [bands, coarse bands]."""
    coarse = song_sound.band_centres_hz()
    nearest = np.abs(np.log(band_centres_hz().numpy()[:, None] / coarse)).argmin(1)
    return np.eye(len(coarse))[nearest]


_GATHER = _gathering()
