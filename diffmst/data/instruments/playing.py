"""What instruments share: the tone they are asked for, and laying their sounds on a track."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.synth import Samples

SHORTEST_RECORDING_S = 0.25
LAYERS = (0.4, 0.65, 0.9)
"""Strengths at which the tones of keys and strings are recorded."""


class Tone(NamedTuple):
    """One note as it is played.

    Attributes:
        start_s: onset, from the start of the song.
        length_s: time the key is held or the string is let ring.
        pitch: MIDI pitch; drums ignore it where they have one pitch only.
        velocity: strength of the stroke, 0 to 1.
        symbol: the way it is played, as the score writes it.
    """

    start_s: float
    length_s: float
    pitch: int
    velocity: float
    symbol: str = "x"


class Stage(NamedTuple):
    """Where a part is recorded: the length of the song, its sample rate, and this player's own source of chance."""

    samples: int
    sample_rate: int
    rng: np.random.Generator

    def seconds(self, length_s: float) -> int:
        """Number of samples in a time."""
        return max(1, int(length_s * self.sample_rate))


Play = Callable[[Sequence[Tone], Stage], NDArray[np.floating]]
"""An instrument in the hands of its player: from tones to a track, [1 or 2, samples]."""


def lay(
    tones: Iterable[Tone], stage: Stage, sound: Callable[[Tone], Samples], channels: int = 1
) -> NDArray[np.float32]:
    """Track of the sounds of all tones, each at its start; what would ring past the end of the song is cut.

    Shape: sound returns [channels, time] or [time]; returns [channels, samples].
    """
    track = np.zeros((channels, stage.samples), np.float32)
    for tone in tones:
        add_at(track, sound(tone), round(tone.start_s * stage.sample_rate))
    return track


def add_at(track: Samples, sound: Samples, start: int) -> None:
    """Add a sound to a track in place, from the sample `start`; what lies outside the track is cut."""
    sound, start = sound[..., max(0, -start) :], max(0, start)
    heard = sound[..., : max(0, track.shape[-1] - start)]
    track[..., start : start + heard.shape[-1]] += heard


def struck(
    make: Callable[[float], Samples], layers: Sequence[float] = (0.3, 0.5, 0.7, 0.85, 1.0), takes: int = 2
) -> Callable[[Tone], Samples]:
    """Player that strikes from a small bank of recordings, in turn, as a sampler does.

    Args:
        make: sound of a stroke of a given velocity.
        layers: velocities that are recorded; a stroke takes the nearest and is scaled to its own.
        takes: recordings per layer, so that equal strokes do not sound the same twice.
    """
    bank: dict[tuple[int, int], Samples] = {}
    strokes = 0

    def play(tone: Tone) -> Samples:
        nonlocal strokes
        strokes += 1
        layer = _nearest(layers, tone.velocity)
        if (layer, strokes % takes) not in bank:
            bank[layer, strokes % takes] = make(layers[layer]).astype(np.float32)
        return bank[layer, strokes % takes] * np.float32(tone.velocity / layers[layer])

    return play


def held(
    make: Callable[[Tone], Samples], stage: Stage, release_s: float, layers: Sequence[float] = LAYERS
) -> Callable[[Tone], Samples]:
    """Player of tones that end when their key is let go, from a bank of recordings.

    A recording of a pitch, a symbol and a strength is made when it is first asked for, twice as long as one that was
    too short; every tone is the beginning of one, faded over its release.

    Args:
        make: sound of a tone from its attack, without an end, for the length that it says.
        release_s: time in which a tone dies when its key is let go.
        layers: velocities that are recorded; a tone takes the nearest and is scaled to its own.
    """
    bank: dict[tuple[int, str, int], Samples] = {}
    release = stage.seconds(release_s)
    slope = (0.5 + 0.5 * np.cos(np.pi * np.arange(release) / release)).astype(np.float32)

    def play(tone: Tone) -> Samples:
        layer = _nearest(layers, tone.velocity)
        key = tone.pitch, tone.symbol, layer
        needed_s = max(tone.length_s, 0.0) + release_s
        length = stage.seconds(needed_s)
        if key not in bank or bank[key].shape[-1] < length:
            recorded_s = SHORTEST_RECORDING_S * 2 ** np.ceil(np.log2(max(1.0, needed_s / SHORTEST_RECORDING_S)))
            bank[key] = make(tone._replace(length_s=float(recorded_s), velocity=layers[layer])).astype(np.float32)
        sound = bank[key][..., :length] * np.float32(tone.velocity / layers[layer])
        tail = min(release, sound.shape[-1])
        sound[..., sound.shape[-1] - tail :] *= slope[release - tail :]
        return sound

    return play


def _nearest(layers: Sequence[float], velocity: float) -> int:
    return min(range(len(layers)), key=lambda layer: abs(velocity - layers[layer]))


def pan(x: Samples, position: float | Samples) -> Samples:
    """Mono sound placed between left (-1) and right (1) at constant power. Shape: [time] to [2, time]."""
    angle = (position + 1) * np.pi / 4
    return np.stack([np.cos(angle) * x, np.sin(angle) * x])
