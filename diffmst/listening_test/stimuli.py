"""Sounds ready to be compared: excerpts of one length and loudness, under one ceiling, as 16-bit samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from diffmst.audio import AudioReader, probe, read
from diffmst.dsp.loudness import HOP_S, LoudnessMeter
from diffmst.errors import UserError
from diffmst.listening_test.anchors import NAMES, Anchor, low_passed
from diffmst.listening_test.sources import REFERENCE, Role, StimulusFile, TrialFiles

CEILING_DBTP = -1.0
FADE_S = 0.01
SHORTEST_S = 1.0

_LEAST_RATE_HZ, _MOST_RATE_HZ = 44_100, 48_000
_BLOCK_FRAMES = 65_536
_FULL_SCALE = 32_767

Audio = NDArray[np.float32]
Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Cut:
    """Where the excerpts of a trial lie in their files.

    Attributes:
        start_s: in the versions of the song.
        reference_start_s: in the file of the reference.
        seconds: length of all.
    """

    start_s: float
    reference_start_s: float
    seconds: float


@dataclass(frozen=True)
class Sound:
    """A sound to play.

    Attributes:
        system: that made it.
        role: of the system.
        path: it was cut from.
        audio: float32 [2, time].
        gain_db: that was applied since it was read.
    """

    system: str
    role: Role
    path: Path
    audio: Audio
    gain_db: float = 0.0


@dataclass(frozen=True)
class Prepared:
    """The sounds of one trial, all of one length and loudness.

    Attributes:
        song: its name.
        cut: where they lie in their files.
        loudness_lufs: of each.
        stimuli: to rate, the hidden reference and anchors among them.
        reference: played openly.
    """

    song: str
    cut: Cut
    loudness_lufs: float
    stimuli: tuple[Sound, ...]
    reference: Sound | None


def common_rate(trials: Sequence[TrialFiles]) -> int:
    """The rate at which a test is played: the highest of its files, but 44.1 kHz at least and 48 kHz at most."""
    files = [file for trial in trials for file in (*trial.stimuli, *filter(None, [trial.reference]))]
    return min(max(_LEAST_RATE_HZ, *(probe(file.path).sample_rate for file in files)), _MOST_RATE_HZ)


def choose_cut(trial: TrialFiles, *, start_s: float | None, seconds: float, same_song: bool) -> Cut:
    """Where the excerpts of a trial lie.

    Without a start from the table or from the caller it is the loudest passage, found in one file for all versions, as
    they run in step; the reference has its own where it is another song.

    Args:
        trial: the files.
        start_s: where to begin; as the table says, or at the loudest passage, when not given.
        seconds: the length wanted; less where a file ends before.
        same_song: the reference is a version of the song.

    Raises:
        UserError: a file cannot be read, or ends too early.
    """
    guide = trial.reference if same_song and trial.reference else trial.stimuli[0]
    start_s = trial.start_s if trial.start_s is not None else start_s
    start_s = _loudest_start_s(guide.path, seconds) if start_s is None else start_s
    starts_s = [(file, start_s) for file in trial.stimuli]
    reference_start_s = start_s
    if trial.reference:
        reference_start_s = start_s if same_song else _loudest_start_s(trial.reference.path, seconds)
        starts_s.append((trial.reference, reference_start_s))
    return Cut(start_s, reference_start_s, min(seconds, *(_left_s(file, at_s) for file, at_s in starts_s)))


def _left_s(file: StimulusFile, start_s: float) -> float:
    """How much of a file there is behind a point."""
    left_s = probe(file.path).duration_s - start_s
    if left_s < SHORTEST_S:
        raise UserError(f"{file.path}: has less than {SHORTEST_S:g} s behind {start_s:g} s; choose an earlier start")
    return left_s


def _loudest_start_s(path: Path, seconds: float) -> float:
    """Where the passage of so many seconds with the most K-weighted energy begins."""
    with AudioReader(path) as reader:
        meter = LoudnessMeter(reader.sample_rate, reader.channels)
        for block in reader.blocks(_BLOCK_FRAMES):
            meter.add(block)
    energy = meter.hop_energies.sum(0)
    hops = round(seconds / HOP_S)
    if len(energy) <= hops:
        return 0.0
    return round(float(np.argmax(sliding_window_view(energy, hops).mean(-1))) * HOP_S, 1)


def prepare(
    trial: TrialFiles, cut: Cut, sample_rate: int, *, loudness_lufs: float, hidden: bool, anchors: Sequence[Anchor]
) -> Prepared:
    """The sounds of a trial as they will be heard.

    Args:
        trial: the files.
        cut: where the excerpts lie.
        sample_rate: of the sounds, Hz.
        loudness_lufs: wanted, integrated over the excerpt; less for all where one would pass the ceiling.
        hidden: the reference is among what is rated.
        anchors: to be made of the reference.

    Raises:
        UserError: a file cannot be read, or is silent.
    """
    frames = round(cut.seconds * sample_rate)
    stimuli = [_excerpt(file, cut.start_s, frames, sample_rate) for file in trial.stimuli]
    reference = None
    if trial.reference:
        reference = _excerpt(trial.reference, cut.reference_start_s, frames, sample_rate)
        if hidden:
            stimuli.append(reference)
        for anchor in anchors:
            dull = low_passed(reference.audio, sample_rate, anchor)
            stimuli.append(replace(reference, system=NAMES[anchor], role="anchor", audio=dull))
    sounds, level_lufs = _matched([*stimuli, *filter(None, [reference])], sample_rate, loudness_lufs)
    return Prepared(
        trial.song, cut, level_lufs, tuple(sounds[: len(stimuli)]), sounds[len(stimuli)] if reference else None
    )


def _excerpt(file: StimulusFile, start_s: float, frames: int, sample_rate: int) -> Sound:
    """A part of a file in stereo, faded at both ends."""
    audio = read(file.path, start_s, frames / sample_rate, sample_rate)
    out = np.zeros((2, frames), np.float32)
    out[:, : audio.shape[1]] = audio[:, :frames]  # What a file lacks of its promised length is silence.
    ramp = np.sin(np.linspace(0, math.pi / 2, round(FADE_S * sample_rate), dtype=np.float32)) ** 2
    out[:, : len(ramp)] *= ramp
    out[:, frames - len(ramp) :] *= ramp[::-1]
    return Sound(REFERENCE if file.role == "reference" else file.system, file.role, file.path, out)


def _matched(sounds: Sequence[Sound], sample_rate: int, loudness_lufs: float) -> tuple[list[Sound], float]:
    """All sounds at one loudness, and which: the one wanted, or the highest at which none passes the ceiling."""
    meters = []
    for sound in sounds:
        meter = LoudnessMeter(sample_rate, channels=2)
        meter.add(sound.audio)
        if not math.isfinite(meter.integrated_lufs):
            raise UserError(f"{sound.path}: is silent in the excerpt; choose another start")
        meters.append(meter)
    level_lufs = min(loudness_lufs, *(m.integrated_lufs + CEILING_DBTP - m.true_peak_dbtp for m in meters))
    gains_db = [level_lufs - meter.integrated_lufs for meter in meters]
    return [
        replace(sound, audio=sound.audio * np.float32(10 ** (gain_db / 20)), gain_db=gain_db)
        for sound, gain_db in zip(sounds, gains_db, strict=True)
    ], level_lufs


def to_16_bits(audio: Audio, generator: np.random.Generator) -> Samples:
    """Samples with triangular dither of two steps, so that rounding adds a steady hiss at -96 dB and no distortion.

    The dither of two copies of a sound differs: a listener who compares the bytes of the hidden reference with those
    of the open one learns nothing.

    Shape: audio [channels, time]; returns the same.

    Reference: Lipshitz, Wannamaker, Vanderkooy, "Quantization and dither: a theoretical survey", JAES 40(5), 1992.
    """
    dither = generator.random(audio.shape, np.float32) - generator.random(audio.shape, np.float32)
    return np.rint(np.clip(audio * np.float32(_FULL_SCALE) + dither, -_FULL_SCALE - 1, _FULL_SCALE)).astype(np.int16)
