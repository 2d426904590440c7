"""What the players of SoundFonts and of SFZ instruments share: MIDI notes, keys of drums, what is done if silent."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.data.instruments.playing import Play, Stage, Tone

INAUDIBLE = 1e-4
DRUM_KEYS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "kick": {"": (36, 35)},
    "snare": {"": (38, 40)},
    "hats": {"o": (46, 42), "": (42, 44)},
    "cymbals": {"c": (49, 57), "d": (57, 49), "": (51, 59, 53)},
    "tom 1": {"": (50, 48)},
    "tom 2": {"": (47, 45)},
    "tom 3": {"": (43, 41)},
    "percussion": {"s": (82, 70, 69), "t": (54,), "i": (37, 75), "h": (63, 62, 60), "": (64, 61)},
}
"""Keys of General MIDI for the pieces of a drum set by the symbols of tones, the first choice first."""


class Note(NamedTuple):
    """A note as MIDI has it: onset and length in seconds, key 0 to 127, velocity 1 to 127."""

    start_s: float
    length_s: float
    key: int
    velocity: int


def note(tone: Tone, key: int) -> Note:
    """A tone as a note of a key."""
    return Note(tone.start_s, tone.length_s, key, min(max(round(127 * tone.velocity), 1), 127))


def drum_keys(piece: str, tone: Tone) -> tuple[int, ...]:
    """Keys for a stroke on a piece of a drum set, the first choice first."""
    keys = DRUM_KEYS[piece]
    return keys.get(tone.symbol, keys[""])


def on_track(
    tones: Sequence[Tone], stage: Stage, otherwise: Play, render: Callable[[], NDArray[np.float32]]
) -> NDArray[np.floating]:
    """The track of a sampled instrument; where it is silent, that of the other one.

    Args:
        tones: to be played; of none, there is silence.
        stage: where.
        otherwise: the other instrument.
        render: the sound of the tones from the start of the song on. Shape: returns [2, time], of any length.

    Shape: returns [1 or 2, samples]; what sounds the same on both sides is one channel.
    """
    if not tones:
        return np.zeros((1, stage.samples), np.float32)
    sound = render()[:, : stage.samples]
    if not sound.size or np.abs(sound).max() < INAUDIBLE:
        return otherwise(tones, stage)
    track = np.zeros((2, stage.samples), np.float32)
    track[:, : sound.shape[-1]] = sound
    return track[:1] if np.array_equal(track[0], track[1]) else track
