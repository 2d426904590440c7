"""A song made from a seed: raw stems, composed and played, dry and unmixed, to show and to test mixing on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffmst.data.composition.arrangement import compose
from diffmst.data.composition.lineup import LINEUPS, Channel
from diffmst.data.composition.performance import perform
from diffmst.data.composition.score import BEATS_PER_BAR, Section
from diffmst.data.composition.styles import STYLES
from diffmst.data.composition.theory import Chord
from diffmst.data.instruments.playing import Stage, Tone
from diffmst.data.synth import fade, highpass, noise

SHORTEST_S = 8.0
LEAD_IN_S = 0.4
TAILS_S = (1.0, 2.4)
ROLES = ("kick", "snare", "hats", "percussion", "bass", "keys", "pad", "guitar", "lead", "backing", "effects")
HOT_PEAK_DB, QUIET_PEAK_DB = -0.2, -32.0
USUAL_PEAKS_DB = (-14.0, -4.0)


@dataclass(frozen=True)
class Stem:
    """One recorded track of a song.

    Attributes:
        name: what it says on the tape, as `Guitar L`.
        role: its part in a mix, one of `ROLES`.
        audio: samples within -1 and 1. Shape: [channels, time], one channel or two.
    """

    name: str
    role: str
    audio: NDArray[np.float32]


@dataclass(frozen=True)
class DemoSong:
    """A song and what is known of it.

    Attributes:
        key: name of the key, as `F# minor`.
        start_s: time of the first downbeat.
        sections: intro, verse, chorus and ending, in bars from the first downbeat.
        chords: one chord per bar.
    """

    seed: int
    style: str
    tempo_bpm: float
    key: str
    sample_rate: int
    start_s: float
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]
    stems: tuple[Stem, ...]


def make_song(seed: int, *, style: str = "pop-rock", seconds: float = 30.0, sample_rate: int = 44_100) -> DemoSong:
    """Song composed, played and recorded from a seed.

    The stems are as they would come from a recording: dry, some mono and some stereo, one recorded too hot and one too
    quiet, with the noise of microphones and with drums that leak into each other. The same seed gives the same samples
    on the same machine, with the same number of BLAS threads; the notes do not depend on the sample rate.

    Args:
        style: one of `pop-rock`, `soul` and `electronic`.
        seconds: length of the stems.

    Raises:
        ValueError: if the style is unknown or the song is shorter than `SHORTEST_S`.
    """
    if style not in LINEUPS:
        raise ValueError(f"style must be one of {', '.join(LINEUPS)}, got {style!r}")
    if seconds < SHORTEST_S:
        raise ValueError(f"seconds must be at least {SHORTEST_S}, got {seconds}")
    writer, player, engineer = np.random.Generator(np.random.PCG64([seed, [*LINEUPS].index(style)])).spawn(3)
    # The tempo that is drawn says how many bars there are; it then bends until they fill the song.
    bars_per_bpm = (seconds - LEAD_IN_S - writer.uniform(*TAILS_S)) / 60 / BEATS_PER_BAR
    bars = round(float(writer.uniform(*STYLES[style].tempo_bpm)) * bars_per_bpm)
    tempo_bpm = bars / bars_per_bpm
    score = compose(STYLES[style], bars, writer)
    lineup = LINEUPS[style]
    tracks = {}
    for channel, rng in zip(lineup, player.spawn(len(lineup)), strict=True):
        performer, sound = rng.spawn(2)
        tones = perform(channel.part, score.parts[channel.part], STYLES[style], tempo_bpm, LEAD_IN_S, performer)
        tracks[channel.name] = _play(channel, tones, Stage(round(seconds * sample_rate), sample_rate, sound))
    stems = _record(lineup, tracks, sample_rate, engineer)
    return DemoSong(seed, style, tempo_bpm, score.key.name, sample_rate, LEAD_IN_S, score.sections, score.chords, stems)


def _play(channel: Channel, tones: Sequence[Tone], stage: Stage) -> NDArray[np.float32]:
    """Sound of a channel at a peak of 1, without offset, faded where the song is cut. Shape: [channels, time]."""
    track = highpass(channel.play(tones, stage), stage.sample_rate, 16.0, 1)
    track = fade(track, stage.sample_rate, out_s=0.5 * TAILS_S[0])
    return (track / np.abs(track).max()).astype(np.float32)


def _record(
    lineup: Sequence[Channel], tracks: dict[str, NDArray[np.float32]], sample_rate: int, rng: np.random.Generator
) -> tuple[Stem, ...]:
    """Stems as an engineer in a hurry records them: with bleed, noise and levels all over the place."""
    peaks_db = rng.uniform(*USUAL_PEAKS_DB, len(lineup))
    hot, quiet = rng.choice(len(lineup), 2, replace=False)
    peaks_db[hot], peaks_db[quiet] = HOT_PEAK_DB, QUIET_PEAK_DB
    stems = []
    for channel, peak_db, chance in zip(lineup, peaks_db, rng.spawn(len(lineup)), strict=True):
        heard = tracks[channel.name] + _bleed(channel, tracks, sample_rate)
        audio = heard * (10 ** (peak_db / 20) / np.abs(heard).max())
        if channel.noise_db is not None:
            audio = audio + _hiss(channel.noise_db + peak_db, audio.shape, chance)
        stems.append(Stem(channel.name, channel.role, audio.astype(np.float32)))
    return tuple(stems)


def _bleed(channel: Channel, tracks: dict[str, NDArray[np.float32]], sample_rate: int) -> NDArray[np.float32]:
    """What leaks into the microphones of a channel from the drums around, as late as sound needs for the way."""
    leaked = np.zeros_like(tracks[channel.name])
    for number, (name, level_db) in enumerate(channel.bleed_db.items()):
        for side in range(leaked.shape[0]):
            source = tracks[name][min(side, tracks[name].shape[0] - 1)]
            delay = round((0.0018 + 0.0011 * number + 0.0007 * side) * sample_rate)
            leaked[side, delay:] += np.float32(10 ** (level_db / 20)) * source[:-delay]
    return leaked


def _hiss(level_db: float, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    return np.float32(10 ** (level_db / 20)) * noise(rng, shape[-1], shape[0])
