"""Finished mixes as vectors, one for every window: read in a stream, at one loudness, without what is near silence."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import AudioReader
from diffmst.dsp.loudness import HOP_S, LoudnessMeter, energy_to_lufs
from diffmst.errors import UserError
from diffmst.evaluation.frechet.embedding import Embedding, Windows

QUIET_LU = -20.0
"""Windows this far under the loudness of the file are pauses, intros and fades: they say nothing about its mix."""

_AT_ONCE = 8  # windows, few enough that a network with its layers in between stays small
_BLOCK_FRAMES = 65_536


def embed_file(path: Path, embedding: Embedding) -> NDArray[np.float32]:
    """What a finished mix sounds like, window by window, in constant memory.

    The file is read twice: once to know its loudness, once at `embedding.loudness_lufs` to be heard. A file shorter
    than a window is followed by silence; what is left over at the end of a longer one is not heard.

    Args:
        path: of an audio file, mono or stereo.
        embedding: what hears it.

    Shape: returns [windows, embedding.dims], at least one window.

    Raises:
        UserError: the file cannot be read, or is silent.
    """
    meter = _metered(path)
    loudness_lufs = meter.integrated_lufs
    if not np.isfinite(loudness_lufs):
        raise UserError(f"{path}: is silent (under -70 LUFS throughout); there is nothing to compare")
    gain = np.float32(10 ** ((embedding.loudness_lufs - loudness_lufs) / 20))
    energy = meter.hop_energies.sum(0)
    heard = (
        window
        for number, window in enumerate(_windows(path, embedding))
        if _level_lufs(energy, number * embedding.hop_s, embedding.window_s) >= loudness_lufs + QUIET_LU
    )
    # Where only the end is loud, and too short for a window, what there is must do.
    vectors = _embedded(heard, gain, embedding) or _embedded(_windows(path, embedding), gain, embedding)
    return _checked(np.concatenate(vectors), path, embedding)


def _embedded(windows: Iterator[Windows], gain: np.float32, embedding: Embedding) -> list[NDArray[np.float32]]:
    """Vectors of windows, in the parts in which they are made."""
    parts = []
    while batch := list(islice(windows, _AT_ONCE)):
        parts.append(np.asarray(embedding(gain * np.stack(batch)), np.float32))
    return parts


def _metered(path: Path) -> LoudnessMeter:
    with AudioReader(path) as reader:
        meter = LoudnessMeter(reader.sample_rate, channels=2)
        for block in reader.blocks(_BLOCK_FRAMES):
            meter.add(np.broadcast_to(block, (2, block.shape[1])))
    return meter


def _windows(path: Path, embedding: Embedding) -> Iterator[Windows]:
    """The windows of a file one after the other, [2, time] each."""
    length, hop = (round(seconds * embedding.sample_rate) for seconds in (embedding.window_s, embedding.hop_s))
    window = np.zeros((2, length), np.float32)
    with AudioReader(path, embedding.sample_rate) as reader:
        read = reader.read(length)
        window[:, : read.shape[1]] = read
        while True:
            yield window
            read = reader.read(hop)
            if read.shape[1] < hop:
                return
            window = np.concatenate([window[:, hop:], np.broadcast_to(read, (2, hop))], axis=1)


def _level_lufs(energy: NDArray[np.float64], start_s: float, seconds: float) -> float:
    """Loudness, without gates, of what a window hears, from the energies of hops [hops]."""
    first, last = round(start_s / HOP_S), round((start_s + seconds) / HOP_S)
    heard = energy[first:last]
    return float(energy_to_lufs(heard.mean())) if len(heard) else -np.inf


def _checked(vectors: NDArray[np.float32], path: Path, embedding: Embedding) -> NDArray[np.float32]:
    if vectors.shape[1:] != (embedding.dims,):
        raise UserError(f"{embedding.name}: vectors must have {embedding.dims} numbers, got {list(vectors.shape[1:])}")
    if not np.isfinite(vectors).all():
        raise UserError(f"{path}: {embedding.name} hears numbers in it that are not finite")
    return vectors
