"""What is known of one system on one pair."""

from dataclasses import dataclass, field


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
