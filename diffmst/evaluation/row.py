"""What is known of one system: on one pair, and on all pairs of a task together."""

from dataclasses import dataclass, field

from diffmst.statistics import UNKNOWN, Interval


@dataclass(frozen=True)
class Row:
    """One system on one pair.

    Attributes:
        pair: its name.
        song: of the pair.
        reference: name of the file that the mix is compared with.
        task: of the pair.
        system: its name.
        wrong: whether the system heard the wrong reference; what it is compared with is the right one all the same.
        figures: by the key of their metric; what does not apply is not there.
        error: why there are no figures, one line.
        mix: path of the mix that was kept, relative to the folder of results; empty if none was.
    """

    pair: str
    song: str
    reference: str
    task: str
    system: str
    wrong: bool = False
    figures: dict[str, float] = field(default_factory=dict)
    error: str = ""
    mix: str = ""


@dataclass(frozen=True)
class SetFigure:
    """A figure of all mixes of one system together, as a Fréchet distance is.

    Attributes:
        task: of the pairs.
        system: its name.
        wrong: whether the system heard the wrong references.
        key: of the metric.
        value: of the figure.
        interval: of the same.
        note: what must be known of it, one line; empty for nothing.
    """

    task: str
    system: str
    wrong: bool
    key: str
    value: float
    interval: Interval = UNKNOWN
    note: str = ""
