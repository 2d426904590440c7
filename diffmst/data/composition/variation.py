"""Variation: a style of its own for every song, from those that are written down."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from diffmst.data.composition.style import Feel, Patterns, Style, Voicing
from diffmst.data.composition.styles import STYLES

DRUMS = ("kick", "snare", "hats", "cymbals", "percussion")
BORROWING, CHANGED_STROKES, HOLDING_BACK = 0.2, 0.06, 0.22
"""Chances: that a part is played as in another style, that a stroke is changed, that a part rests in a section."""
MOST_WORDS = 0.7
"""Share of the held eighths of a melody that the wordiest singer sings again."""
EXTRA: Mapping[str, tuple[str, ...]] = {
    "acoustic": ("X-x-X-xxX-x-X-xx", "x.x.x.x.x.x.x.x.", "x--.x.x-x--.x.x-", "x-------x-------"),
    "strings": ("x---------------", "x-------x-------", "x-x-x-x-x-x-x-x-", "x---x---x---x---"),
    "brass": ("x.....x.....x---", "..x-....x.x.....", "x-x-............", "x-------........"),
    "pluck": ("x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "xxxxxxxxxxxxxxxx", "x...x...x...x..."),
    "pad": ("x---------------",),
    "keys": ("x---x---x---x---", "x-------x-------", "..x...x...x...x.", "x--x--x---x--x--"),
    "guitar": ("X---x-x-x---x-x-", "m-m-m-m-M-m-m-m-", "X---------------", "..x.m.x...x.m.xm"),
}
"""What parts that a style does not know may play in it."""
VOICINGS: Mapping[str, tuple[Voicing, ...]] = {
    "acoustic": (Voicing(4, 43, 67), Voicing(4, 45, 71, "broken"), Voicing(3, 57, 76)),
    "strings": (Voicing(3, 55, 84), Voicing(2, 67, 91), Voicing(4, 48, 76)),
    "brass": (Voicing(3, 55, 77), Voicing(2, 60, 77), Voicing(4, 46, 72)),
    "pluck": (Voicing(4, 64, 86, "broken"), Voicing(3, 60, 84, "broken"), Voicing(4, 72, 96, "broken")),
    "pad": (Voicing(4, 52, 76), Voicing(4, 55, 79), Voicing(3, 43, 67)),
    "keys": (Voicing(4, 53, 76), Voicing(3, 60, 84), Voicing(4, 48, 70), Voicing(4, 52, 76, "broken")),
    "guitar": (Voicing(3, 40, 51, "power"), Voicing(3, 60, 79), Voicing(3, 52, 69), Voicing(4, 50, 72, "broken")),
    "backing": (Voicing(3, 60, 77), Voicing(2, 60, 74), Voicing(4, 52, 76)),
}


def draw_style(rng: np.random.Generator) -> Style:
    """A style for one song: a written one, at a tempo, with a swing, patterns and habits of its own.

    Parts that the style does not know are added, so that any instrument finds something to play.
    """
    base = list(STYLES.values())[int(rng.integers(len(STYLES)))]
    low, high = base.tempo_bpm
    centre_bpm = rng.uniform(0.88 * low, 1.12 * high)
    swing = base.swing if rng.random() < 0.6 else rng.uniform(0.5, 0.64)
    shift = int(rng.integers(-3, 4))
    loose = rng.lognormal(0, 0.6)
    feels = {
        part: Feel(loose * feel.late_ms, float(np.clip(loose * feel.jitter_ms, 0, 16)))
        for part, feel in base.feels.items()
    }
    return replace(
        base,
        tempo_bpm=(round(centre_bpm), round(centre_bpm) + 1),
        swing=float(swing),
        modes=base.modes if rng.random() < 0.6 else ("major", "minor", "dorian"),
        chord_size=int(np.clip(base.chord_size + rng.choice([-1, 0, 0, 1]), 3, 5)),
        patterns=_draw_patterns(base, rng),
        voicings=_draw_voicings(base, rng),
        feels=feels,
        registers={name: (low + shift, high + shift) for name, (low, high) in base.registers.items()},
    )


def _draw_voicings(base: Style, rng: np.random.Generator) -> dict[str, Voicing]:
    drawn = dict(base.voicings)
    for part, voicings in VOICINGS.items():
        if part not in drawn or rng.random() < 0.35:
            drawn[part] = voicings[int(rng.integers(len(voicings)))]
    return drawn


def _draw_patterns(base: Style, rng: np.random.Generator) -> dict[str, Patterns]:
    """Patterns of all sections: borrowed now and then, each changed a little, and some parts at rest."""
    lenders = list(STYLES.values())
    drawn: dict[str, dict[str, tuple[str, ...]]] = {}
    borrowed = {part: lenders[int(rng.integers(len(lenders)))] for part in base.patterns["chorus"]
                if part != "lead" and rng.random() < BORROWING}  # fmt: skip
    extra = {part: str(rng.choice(options)) for part, options in EXTRA.items() if part not in base.patterns["chorus"]}
    words = float(rng.uniform(0, MOST_WORDS))
    for section, patterns in base.patterns.items():
        drawn[section] = {
            part: borrowed[part].patterns[section].get(part, options) if part in borrowed else options
            for part, options in patterns.items()
            if part == "lead" or section == "chorus" or rng.random() > HOLDING_BACK
        }
        late = section == "intro" or (section == "verse" and rng.random() < 0.5)
        drawn[section] |= {part: (pattern,) for part, pattern in extra.items() if not late or rng.random() < 0.3}
        if "lead" in drawn[section]:
            drawn[section]["lead"] = tuple(_wordier(pattern, words, rng) for pattern in drawn[section]["lead"])
        for part in DRUMS:
            if part in drawn[section]:
                drawn[section][part] = tuple(_changed(pattern, rng) for pattern in drawn[section][part])
    return dict(drawn)


def _wordier(pattern: str, share: float, rng: np.random.Generator) -> str:
    """A melody with more syllables: some held notes are sung again where they would go on, on the eighth."""
    cells = list(pattern.replace(" ", ""))
    for index in range(0, len(cells), 2):
        if cells[index] == "-" and rng.random() < share:
            cells[index] = "x"
    return "".join(cells)


def _changed(pattern: str, rng: np.random.Generator) -> str:
    """A pattern of drums with strokes left out or added, its accents where they were."""
    usual = next((symbol for symbol in pattern if symbol.islower()), "x")
    cells = list(pattern.replace(" ", ""))
    for index, symbol in enumerate(cells):
        if rng.random() < CHANGED_STROKES:
            if symbol == ".":
                cells[index] = usual
            elif symbol.islower():
                cells[index] = "."
    return "".join(cells)
