"""Keys, chords and voicings."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}
# Steps of a mode that clash with no chord of it: the pentatonic scale, on which melodies move.
PENTATONIC_STEPS = {"major": (0, 1, 2, 4, 5), "minor": (0, 2, 3, 4, 6), "dorian": (0, 2, 3, 4, 6)}


@dataclass(frozen=True)
class Chord:
    """A chord as pitch classes, 0 = C, in thirds above its root."""

    classes: tuple[int, ...]

    @property
    def root(self) -> int:
        """Pitch class of the root."""
        return self.classes[0]

    @property
    def fifth(self) -> int:
        """Pitch class of the fifth."""
        return self.classes[2]


@dataclass(frozen=True)
class Key:
    """A tonic, as a pitch class, and a mode.

    >>> Key(9, "minor").name, Key(0, "major").chord(4, 4).classes
    ('A minor', (7, 11, 2, 5))
    """

    tonic: int
    mode: str

    @property
    def name(self) -> str:
        """Name of the key, as `F# minor`."""
        return f"{NAMES[self.tonic]} {self.mode}"

    @property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes of the scale, from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    def chord(self, degree: int, size: int) -> Chord:
        """Chord of up to `size` notes in thirds on a degree of the scale, 0 = tonic; a minor ninth is left out."""
        classes = tuple(self.classes[(degree + 2 * third) % 7] for third in range(size))
        minor_ninth = size > 4 and (classes[4] - classes[0]) % 12 == 1
        return Chord(classes[:4] if minor_ninth else classes)

    def melodic_pitches(self, low: int, high: int) -> list[int]:
        """Pitches of the pentatonic scale of the key, from `low` to `high`."""
        allowed = tuple(self.classes[step] for step in PENTATONIC_STEPS[self.mode])
        return list(_pitches(allowed, low, high))


def lead_voices(
    chords: Sequence[Chord], *, voices: int, low: int, high: int, rootless: bool = False
) -> list[tuple[int, ...]]:
    """Voicings of the chords, in which each voice moves as little as it can.

    Args:
        voices: notes per chord; a chord with fewer pitch classes doubles its lowest ones.
        low: lowest pitch that may be used.
        high: highest pitch that may be used.
        rootless: whether to leave the root of chords of more than `voices` notes to the bass.
    """
    middle = (low + high) / 2
    line: list[tuple[int, ...]] = []
    for chord in chords:
        classes = chord.classes[1:] if rootless and len(chord.classes) > voices else chord.classes

        def effort(voicing: tuple[int, ...]) -> float:
            off_centre = abs(sum(voicing) / voices - middle)
            if not line:
                return off_centre
            return 0.35 * off_centre + sum(abs(new - old) for new, old in zip(voicing, line[-1], strict=True))

        line.append(min(_voicings(classes, voices, low, high), key=effort))
    return line


def _voicings(classes: Sequence[int], voices: int, low: int, high: int) -> list[tuple[int, ...]]:
    """Close positions, and those with the second voice from the top an octave down."""
    found = []
    for bottom in range(low, high + 1):
        if bottom % 12 not in classes:
            continue
        close = [pitch for pitch in range(bottom, bottom + 36) if pitch % 12 in classes][:voices]
        dropped = sorted([*close[:-2], close[-2] - 12, close[-1]])
        found += [tuple(voicing) for voicing in (close, dropped) if low <= voicing[0] and voicing[-1] <= high]
    return found


def nearest(classes: Sequence[int], target: float, low: int, high: int) -> int:
    """Pitch of one of the classes, within the range, nearest to a target.

    >>> nearest([0, 4, 7], 65, 48, 72)
    64
    """
    return min(_pitches(tuple(classes), low, high), key=lambda pitch: abs(pitch - target))


@functools.lru_cache(maxsize=4096)
def _pitches(classes: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """Pitches of some classes, from `low` to `high`."""
    return tuple(pitch for pitch in range(low, high + 1) if pitch % 12 in classes)
