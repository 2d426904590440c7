"""A piece of work for every system: a song, a reference, and what is known of the mix that is wanted."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A song, a finished song to mix it like, and the truth where it is known.

    Attributes:
        name: unique in its set, fit to be the name of a file.
        song: pairs of one song belong together when chance is measured.
        stems: a folder of them.
        reference: an audio file.
        truth: the mix of these stems that is wanted: an audio file, or a mix document (`.json`) of them.
        truth_stems: a folder of the stems as they are wanted, processed, named as the raw ones and in time with them.
        wrong_reference: an audio file to be heard instead, by which a system that listens must come out worse.
        task: what kind of work it is, as `same-song`; pairs of one task make one table.
    """

    name: str
    song: str
    stems: Path
    reference: Path
    truth: Path | None = None
    truth_stems: Path | None = None
    wrong_reference: Path | None = None
    task: str = ""
