"""What a composition is written down in: notes in beats, sections, and the form of a song."""

from dataclasses import dataclass
from typing import NamedTuple

BEATS_PER_BAR = 4


class Note(NamedTuple):
    """A note of a part. Positions are in beats from the first downbeat; `symbol` says how it is played."""

    start_beats: float
    length_beats: float
    pitch: int
    velocity: float
    symbol: str = "x"


class Event(NamedTuple):
    """A stroke of a written pattern: its symbol, where it starts and how long it lasts, in beats."""

    start_beats: float
    length_beats: float
    symbol: str


@dataclass(frozen=True)
class Section:
    """Part of a song: `intro`, `verse`, `chorus` or `ending`, from a bar on, for a number of bars."""

    name: str
    start_bar: int
    bars: int

    @property
    def start_beats(self) -> float:
        """First beat of the section."""
        return float(self.start_bar * BEATS_PER_BAR)

    @property
    def end_beats(self) -> float:
        """First beat after the section."""
        return float((self.start_bar + self.bars) * BEATS_PER_BAR)


def song_form(bars: int) -> tuple[Section, ...]:
    """Sections that fill two bars or more: an intro if there is room, verses and choruses, and a bar to end on.

    >>> [(section.name, section.bars) for section in song_form(15)]
    [('intro', 2), ('verse', 4), ('chorus', 8), ('ending', 1)]
    """
    plan: list[tuple[str, int]] = []
    ending = 1 if bars >= 4 else 0
    left = bars - ending
    # The intro takes the odd bar, so that verses and choruses are made of whole phrases.
    intro = left % 2 + (2 if left >= 10 else 0) if left >= 5 else 0
    plan += [("intro", intro)] * bool(intro)
    left -= intro
    # Verse and chorus in turn, of about eight bars each; in a song of 30 s there is one of either.
    pairs = max(1, round(left / 16))
    for pair in range(pairs):
        both = left // (pairs - pair) // 2 * 2 if pair < pairs - 1 else left
        verse = both // 8 * 4 if both >= 8 else both // 2
        plan += [("verse", verse), ("chorus", both - verse)]
        left -= both
    plan += [("ending", 1)] * ending
    starts = [sum(length for _, length in plan[:index]) for index in range(len(plan))]
    return tuple(Section(name, start, length) for start, (name, length) in zip(starts, plan, strict=True))


def read_pattern(pattern: str, length_beats: float) -> list[Event]:
    """Strokes of a written pattern: a letter starts one, `-` holds it, `.` rests, blanks are for the eye.

    >>> read_pattern("x-.m", 2)
    [Event(start_beats=0.0, length_beats=1.0, symbol='x'), Event(start_beats=1.5, length_beats=0.5, symbol='m')]
    """
    cells = pattern.replace(" ", "")
    step = length_beats / len(cells)
    events = []
    for index, symbol in enumerate(cells):
        if symbol not in ".-":
            held = len(cells[index + 1 :]) - len(cells[index + 1 :].lstrip("-"))
            events.append(Event(index * step, (1 + held) * step, symbol))
    return events
