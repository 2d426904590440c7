"""Processed stems, measured in the same way whoever processed them: our console, or any other mixer by its exports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from diffmst.data.song import Song
from diffmst.dsp.band_powers import CROSS, band_edges_hz, band_powers, frame_samples, k_weights
from diffmst.dsp.bark_energies import BARK_EDGES_HZ
from diffmst.dsp.loudness import LoudnessMeter, integrated_loudness_from_hops
from diffmst.evaluation.metrics.gain_and_tone import fit_gain_and_tone
from diffmst.layout import Layout, Settings
from diffmst.strips import master_width, track_strips

Audio = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Blocks = Iterable[tuple[Audio, Audio]]
"""A stem before and after processing, piece by piece: [1 or 2, time] and [2, time], of one length."""

BARK_BANDS = len(BARK_EDGES_HZ) - 1
WIDEST_DB = 30.0
"""Between left and right; a stem that is further on one side counts as this far."""

_BLOCK_FRAMES = 2**18
_TONE_RANGE_DB = -50.0  # a band this far under the strongest of the raw stem has nothing to be equalized
_ONE_SIDED = 1e-4  # share of the power, under which a side is as good as silent
_NOTHING = 1e-30


@dataclass(frozen=True, eq=False)
class ProcessedStem:
    """What became of a stem in a mix, before the master, but for the width that this gives to all.

    Attributes:
        energies: K-weighted mean squares of left and right in hops of 100 ms, [2, hops].
        tone_db: what was done to the Bark bands beyond a change of level of either side, NaN where the raw stem has
            nothing, [BARK_BANDS].
        gain_reduction_db: by how much a compressor turns the stem down; NaN if it cannot be told.
    """

    energies: FloatArray
    tone_db: FloatArray
    gain_reduction_db: float

    @cached_property
    def sounds(self) -> bool:
        """Whether there is anything to hear."""
        return bool(self.energies.any())

    @cached_property
    def sides_db(self) -> float:
        """Level of left over right, at most `WIDEST_DB` either way; 0 for silence."""
        left, right = self.energies.sum(1) + _NOTHING
        return float(np.clip(10 * np.log10(left / right), -WIDEST_DB, WIDEST_DB))


def levels_lu(stems: Sequence[ProcessedStem]) -> FloatArray:
    """Loudness of every stem where it sounds, relative to that of all together, [stems]; -inf for silent ones.

    All together have the sum of the energies, as if no stem knew of another: the same tone in two stems is not taken
    to add up or to cancel.
    """
    together = np.zeros((2, max(stem.energies.shape[1] for stem in stems)))
    for stem in stems:
        together[:, : stem.energies.shape[1]] += stem.energies
    if not together.any():
        return np.full(len(stems), -np.inf)
    return np.array([_loudness_lufs(stem.energies) for stem in stems]) - _loudness_lufs(together)


def measure_stem(blocks: Blocks, sample_rate: int) -> ProcessedStem:
    """What became of one stem.

    Args:
        blocks: of it, at least one sample in all.
        sample_rate: of both, Hz.
    """
    meter = LoudnessMeter(sample_rate, channels=2)
    before, after = _powers_of(_metered(blocks, meter), sample_rate)
    fit = fit_gain_and_tone(*(powers.transpose(1, 0, 2).reshape(powers.shape[1], -1) for powers in (before, after)))
    return ProcessedStem(
        energies=meter.hop_energies,
        tone_db=_tone_db(before.mean(1), fit.tone.reshape(2, -1)),
        gain_reduction_db=fit.gain_reduction_db,
    )


def silent_stem() -> ProcessedStem:
    """A stem that is muted."""
    return ProcessedStem(np.zeros((2, 1)), np.full(BARK_BANDS, np.nan), float("nan"))


def console_stems(song: Song, settings: Settings, layout: Layout, muted: Sequence[bool]) -> tuple[ProcessedStem, ...]:
    """What a console makes of the stems of a song, one at a time in memory.

    Args:
        song: of these stems.
        settings: physical, batch of one.
        layout: what they are settings of.
        muted: tracks that are not heard, in order.

    Raises:
        UserError: a stem cannot be read.
    """
    return tuple(
        silent_stem() if mute else measure_stem(_through_console(song, index, settings, layout), song.sample_rate)
        for index, mute in enumerate(muted)
    )


def _through_console(song: Song, index: int, settings: Settings, layout: Layout) -> Iterator[tuple[Audio, Audio]]:
    track, state, (tracks, _, master) = song.tracks[index], None, settings.arrays()
    strips = track_strips(layout.track, tracks[:, index : index + 1], (track.channels,), song.sample_rate)
    width = master_width(layout.master, master)[0].astype(np.float32)
    with Song((track,), song.sample_rate).reader(_BLOCK_FRAMES) as blocks:
        for block in blocks:
            stems, state = strips.to_stems(block[None], state)
            yield block, width @ stems[0, 0]


def _metered(blocks: Blocks, meter: LoudnessMeter) -> Iterator[tuple[Audio, Audio]]:
    """The same blocks, of which the meter hears what was processed."""
    for before, after in blocks:
        meter.add(after)
        yield before, after


def _powers_of(blocks: Blocks, sample_rate: int) -> tuple[FloatArray, FloatArray]:
    """Powers of left and right in frames and bands, before and after; [2, frames, bands] each."""
    size = frame_samples(sample_rate)
    hop, parts = size // 2, []
    waiting = np.zeros((2, 2, 0), np.float32)
    for before, after in blocks:
        waiting = np.concatenate([waiting, [np.broadcast_to(before, after.shape), after]], axis=-1)
        if frames := max(0, (waiting.shape[-1] - size) // hop + 1):
            parts.append(_powers(waiting[..., : (frames + 1) * hop], sample_rate))
            waiting = waiting[..., frames * hop :]
    parts = parts or [_powers(waiting, sample_rate)]  # shorter than a frame: followed by silence
    before_powers, after_powers = np.concatenate(parts, axis=2).astype(np.float64)
    return before_powers, after_powers


def _powers(audio: Audio, sample_rate: int) -> np.ndarray:
    powers: np.ndarray = band_powers(torch.from_numpy(np.ascontiguousarray(audio)), sample_rate).numpy()
    return powers[:, :CROSS]


def _loudness_lufs(energies: FloatArray) -> float:
    """Gated loudness of hops, with an absolute gate that moves with the level: a gain changes nothing but the level.

    >>> quiet = np.full((2, 100), 1e-12)
    >>> round(_loudness_lufs(100 * quiet) - _loudness_lufs(quiet), 9)
    20.0
    """
    if not (mean := float(energies.mean())):
        return -np.inf
    return integrated_loudness_from_hops(energies / mean) + 10 * math.log10(mean)


def _tone_db(before: FloatArray, tone: FloatArray) -> FloatArray:
    """The fitted curve in Bark bands, each side brought to the loudness that it had; [2, bands] twice.

    So neither the level nor the pan shows in it. A side that is as good as silent says nothing.
    """
    after, weights = before * tone, k_weights().numpy()
    gains = (after @ weights) / np.maximum(before @ weights, _NOTHING)
    loud = after @ weights > _ONE_SIDED * (after @ weights).sum()
    shares = _bark_shares()
    raw = before[loud].sum(0) @ shares
    curve = (after[loud] / np.maximum(gains[loud, None], _NOTHING)).sum(0) @ shares
    heard = raw > raw.max(initial=0.0) * 10 ** (_TONE_RANGE_DB / 10)
    return np.where(heard, 10 * np.log10(np.maximum(curve, _NOTHING) / np.maximum(raw, _NOTHING)), np.nan)


def _bark_shares() -> FloatArray:
    """How much of every band of `band_powers` lies in every Bark band, [bands, BARK_BANDS]."""
    low, high = band_edges_hz().numpy()[:-1, None], band_edges_hz().numpy()[1:, None]
    edges = np.array(BARK_EDGES_HZ)
    shared = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
    shares: FloatArray = shared.clip(min=0) / (high - low)
    return shares
