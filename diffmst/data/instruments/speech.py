"""What is sung: vowels, consonants and syllables."""

from typing import NamedTuple

# Centre frequencies of the formants of an alto in Hz: a e i o u from the Csound manual (formant values), the others
# from Peterson, Barney, "Control methods used in a study of the vowels", JASA 24(2), 1952, women.
VOWELS_HZ = {
    "a": (800, 1150, 2800, 3500, 4950),
    "e": (400, 1600, 2700, 3300, 4950),
    "i": (350, 1700, 2700, 3700, 4950),
    "o": (450, 800, 2830, 3500, 4950),
    "u": (325, 700, 2530, 3500, 4950),
    "E": (610, 2330, 2990, 3700, 4950),
    "V": (760, 1400, 2780, 3500, 4950),
    "R": (500, 1640, 1960, 3400, 4950),
    "M": (280, 950, 2300, 3300, 4800),
}
EFFORTS = (0.45, 0.9, 1.7)
"""Corner of the spectrum of a soft, a usual and a loud voice, against the usual one of the singer."""


class Consonant(NamedTuple):
    """How a syllable begins.

    Attributes:
        strength: of its noise; 0 for a nasal or a glide.
        before_s: time of its noise before the vowel.
        width_s: length of its noise, as a standard deviation.
        low_hz: lower end of the band of its noise.
        high_hz: upper end.
        closed_s: time for which it interrupts the voice.
        open_share: what is heard of the voice meanwhile.
    """

    strength: float
    before_s: float
    width_s: float
    low_hz: float
    high_hz: float
    closed_s: float
    open_share: float = 0.02


CONSONANTS = {
    "s": Consonant(1.6, 0.05, 0.028, 4800, 15_000, 0.1),
    "sh": Consonant(1.6, 0.05, 0.03, 2200, 8000, 0.1),
    "f": Consonant(0.35, 0.045, 0.025, 1500, 14_000, 0.09),
    "t": Consonant(1.8, 0.012, 0.007, 2200, 8000, 0.07),
    "k": Consonant(1.5, 0.014, 0.009, 1300, 4000, 0.07),
    "p": Consonant(1.2, 0.01, 0.007, 200, 2000, 0.07),
    "d": Consonant(0.8, 0.012, 0.007, 2200, 6000, 0.05, 0.1),
    "b": Consonant(0.6, 0.01, 0.007, 150, 1500, 0.05, 0.1),
    "h": Consonant(0.5, 0.025, 0.025, 900, 5000, 0.06),
    "z": Consonant(0.8, 0.04, 0.025, 4500, 13_000, 0.08, 0.4),
    "m": Consonant(0.0, 0, 0, 0, 0, 0.07, 0.4),
    "n": Consonant(0.0, 0, 0, 0, 0, 0.06, 0.45),
    "l": Consonant(0.0, 0, 0, 0, 0, 0.05, 0.55),
    "r": Consonant(0.0, 0, 0, 0, 0, 0.05, 0.6),
    "w": Consonant(0.0, 0, 0, 0, 0, 0.06, 0.5),
}
AIR = Consonant(1.0, 0.2, 0.06, 1100, 6000, 0.0)
SYLLABLES = (
    *("da", "no", "la", "so", "hi", "me", "sa", "na", "to", "li", "du", "he", "ta", "shi", "fV", "ka", "wi"),
    *("bE", "mo", "zV", "rV", "pE", "lo", "kE", "sho", "tu", "wE", "hV", "mi", "nE", "ba", "fo", "si", "ri"),
)


def vowel_of(symbol: str) -> str:
    """The vowel that a syllable is held on; `a` where the symbol names none.

    >>> vowel_of("sho"), vowel_of("u"), vowel_of("x")
    ('o', 'u', 'a')
    """
    return symbol[-1] if symbol[-1] in VOWELS_HZ else "a"
