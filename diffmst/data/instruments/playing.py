"""What instruments share: the tone they are asked for, and laying their sounds on a track."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.synth import Samples


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
        layer = int(np.argmin([abs(tone.velocity - velocity) for velocity in layers]))
        if (layer, strokes % takes) not in bank:
            bank[layer, strokes % takes] = make(layers[layer])
        return bank[layer, strokes % takes] * np.float32(tone.velocity / layers[layer])

    return play


def pan(x: Samples, position: float | Samples) -> Samples:
    """Mono sound placed between left (-1) and right (1) at constant power. Shape: [time] to [2, time]."""
    angle = (position + 1) * np.pi / 4
    return np.stack([np.cos(angle) * x, np.sin(angle) * x])
