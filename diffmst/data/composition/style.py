"""What a style of music consists of; the styles themselves are data in `styles`."""

from collections.abc import Mapping
from dataclasses import dataclass

Patterns = Mapping[str, tuple[str, ...]]
"""Per part the patterns a song may choose from, in sixteenths, of one bar or two; an absent part is silent.

Drums: `x` a stroke, a capital an accent, `g` a ghost note; hats `x` closed and `o` open; cymbals, percussion and toms
by the letters of their instruments. Bass: `r` root, `o` octave, `f` fifth, `a` a step into the next chord. Chords: `x`,
guitar `m` muted; backing voices by their vowel. Melodies: `x` a syllable.
"""


@dataclass(frozen=True)
class Voicing:
    """How a part plays chords: notes at once, their range, and `kind`.

    `full` plays the chord, `rootless` leaves the root of large chords to the bass, `power` is root, fifth and octave,
    `broken` plays the notes one after the other.
    """

    voices: int
    low: int
    high: int
    kind: str = "full"


@dataclass(frozen=True)
class Feel:
    """How a part sits on the beat: `late_ms` behind it on the whole, `jitter_ms` at random (standard deviation)."""

    late_ms: float = 0.0
    jitter_ms: float = 4.0


@dataclass(frozen=True)
class Style:
    """A style of music, as data.

    Attributes:
        tempo_bpm: slowest and fastest tempo.
        swing: where the second sixteenth of a pair falls; 0.5 is straight, 0.667 a triplet.
        modes: modes a key may have.
        chord_size: notes of a chord: 3 triads, 4 sevenths, 5 ninths.
        progressions: per section, progressions of degrees (0 = tonic), one chord per bar.
        patterns: per section, the patterns of every part that plays in it.
        fills: what may be played in the last two beats of a section; the parts named replace what they would play.
        voicings: per part that plays chords, how.
        feels: per part, how it sits on the beat; `Feel()` where not named.
        registers: per section, lowest and highest pitch of the melody.
    """

    name: str
    tempo_bpm: tuple[int, int]
    swing: float
    modes: tuple[str, ...]
    chord_size: int
    progressions: Mapping[str, tuple[tuple[int, ...], ...]]
    patterns: Mapping[str, Patterns]
    fills: tuple[Mapping[str, str], ...]
    voicings: Mapping[str, Voicing]
    feels: Mapping[str, Feel]
    registers: Mapping[str, tuple[int, int]]

    def swung(self, beats: float) -> float:
        """Position of a straight position in beats, once the sixteenths swing."""
        eighth, within = divmod(2 * beats, 1)
        late = 2 * within * self.swing if within < 0.5 else self.swing + (2 * within - 1) * (1 - self.swing)
        return (eighth + late) / 2
