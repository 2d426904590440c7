"""What an engineer hears of the stems of a song before touching a control: how each one's tone and peaks are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffmst.dsp.bands import band_weights, erb_edges_hz
from diffmst.dsp.filters import frequency_response_db
from diffmst.dsp.framing import frame_size
from diffmst.dsp.loudness import energy_to_lufs, k_weighting_sos
from diffmst.excerpts import Excerpts
from diffmst.models.scene import ROLE_NAMES
from diffmst.prior import Stem

FRAME_S = 2_048 / 44_100
EVERY = 3
"""One frame of so many is heard: tone and peaks of a stem need no more."""

RANKS = 16
"""Peaks are told by so many frames, from the lowest to the highest."""

PASSAGE_FRAMES = 4
"""Of those that are heard: half a second."""

_GATE = 0.1  # of the mean power: passages 10 dB under it do not count
_PAUSE = 0.01  # of the mean power: frames 20 dB under it have no peak to speak of
_SILENCE = 1e-12
_GOLDEN_RATIO = (5**0.5 - 1) / 2
_NOMINAL_RATE = 48_000


class SongSound(NamedTuple):
    """Stems as they sound, staged.

    Attributes:
        stems: what is known of them otherwise.
        band_power: mean square in 24 bands equally wide to the ear, where a track sounds, [tracks, bands].
        peak_db: largest magnitude in frames of 46 ms, of the louder channel, dBFS, ascending, [tracks, RANKS].
    """

    stems: tuple[Stem, ...]
    band_power: np.ndarray
    peak_db: np.ndarray

    @property
    def roles(self) -> np.ndarray:
        """Their roles, as places in `ROLE_NAMES`, [tracks]."""
        return np.array([ROLE_NAMES.index(stem.role.name) for stem in self.stems])

    @property
    def loudness_lufs(self) -> np.ndarray:
        """Loudness where they sound, [tracks]."""
        loudness_lufs: np.ndarray = energy_to_lufs(self.band_power @ k_weights())
        return loudness_lufs

    @property
    def loud_peak_db(self) -> np.ndarray:
        """Peak that one frame of ten exceeds, [tracks]."""
        loud_peak_db: np.ndarray = np.quantile(self.peak_db, 0.9, axis=1)
        return loud_peak_db

    @property
    def crest_db(self) -> np.ndarray:
        """Loud peaks over the mean square, 0 for what is silent, [tracks]."""
        level_db = 10 * np.log10(np.maximum(self.band_power.sum(1), _SILENCE))
        return np.where(self.audible, self.loud_peak_db - level_db, 0)

    @property
    def audible(self) -> np.ndarray:
        """Whether they sound here at all, bool [tracks]."""
        audible: np.ndarray = self.band_power.sum(1) > 0
        return audible


def hear_song(excerpts: Excerpts, stems: Sequence[Stem]) -> SongSound:
    """How the tracks of staged excerpts sound.

    Raises:
        ValueError: there is not one stem for every track.
    """
    if len(stems) != len(excerpts.channels):
        raise ValueError(f"there must be a stem for each of {len(excerpts.channels)} tracks, got {len(stems)}")
    x = excerpts.audio[..., excerpts.lead_frames :]
    tracks = x.split(excerpts.channels, dim=1)  # one after the other: what is heard of one fits into the cache
    heard = [_of_frames(_frames(track, excerpts.sample_rate), excerpts.sample_rate) for track in tracks]
    return SongSound(tuple(stems), np.stack([power for power, _ in heard]), np.stack([peaks for _, peaks in heard]))


@cache
def band_centres_hz() -> np.ndarray:
    """Geometric centres of the bands, [bands]."""
    edges_hz = erb_edges_hz().numpy()
    return np.sqrt(edges_hz[1:] * edges_hz[:-1])


@cache
def k_weights() -> np.ndarray:
    """Power gain of the K-weighting at the band centres, [bands]."""
    coefficients = k_weighting_sos(_NOMINAL_RATE)[:, [0, 1, 2, 4, 5]]
    gain_db: np.ndarray = frequency_response_db(coefficients, _NOMINAL_RATE, band_centres_hz())
    return 10 ** (gain_db / 10)


def _frames(x: Tensor, sample_rate: int) -> Tensor:
    """One frame of `EVERY` of a track, the whole of one that is shorter.

    Frames at equal distances would keep time with the beat, and hear all of the strokes or none; so each lies elsewhere
    in its share of the time, by multiples of the golden ratio, which fall evenly for any number of them.

    Shape: x [windows, channels, time]; returns [windows, channels, frames, samples].
    """
    size = min(frame_size(sample_rate, FRAME_S), x.shape[-1])
    number = torch.arange(max(1, x.shape[-1] // (EVERY * size)))
    share = min(EVERY * size, x.shape[-1])
    starts = number * share + (number * _GOLDEN_RATIO % 1 * (share - size)).long()
    return torch.stack([x[..., start : start + size] for start in starts.tolist()], -2)


def _of_frames(frames: Tensor, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Band power [bands] and ranked peaks [RANKS] of one track; frames [windows, channels, frames, samples]."""
    size = frames.shape[-1]
    spectrum = torch.fft.rfft(frames * torch.hann_window(size, dtype=frames.dtype))
    # Parseval, one-sided; the mean of a squared Hann window is 3 / 8.
    power = spectrum.abs().square().sum(1) @ _weights(sample_rate, size) * (2 / (3 / 8 * size**2))
    peaks = frames.abs().amax((1, 3)).flatten().double().numpy()
    total = power.sum(-1).flatten().double().numpy()
    sounds = total > max(_PAUSE * total.mean(), _SILENCE)
    if not sounds.any():
        return np.zeros(power.shape[-1]), np.full(RANKS, 10 * np.log10(_SILENCE))
    ranks = (np.arange(RANKS) + 0.5) / RANKS
    peak_db = 20 * np.log10(np.maximum(peaks[sounds], _SILENCE**0.5))
    return _gated_mean(power.double().numpy()), np.quantile(peak_db, ranks)


def _gated_mean(power: np.ndarray) -> np.ndarray:
    """Mean power of the passages that are not 10 dB under the mean of all, as a loudness has it.

    A passage is long enough for a stroke to count with its decay.

    Shape: power [windows, frames, bands]; returns [bands].
    """
    starts = np.arange(0, power.shape[1], PASSAGE_FRAMES)
    lengths = np.diff(starts, append=power.shape[1])
    passages = (np.add.reduceat(power, starts, axis=1) / lengths[:, None]).reshape(-1, power.shape[2])
    total = passages.sum(1)
    mean: np.ndarray = passages[total > _GATE * total.mean()].mean(0)
    return mean


@cache
def _weights(sample_rate: int, size: int) -> Tensor:
    return band_weights(erb_edges_hz(), sample_rate, size).float()
