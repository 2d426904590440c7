"""What a system is: something that makes a mix of stems, listening to a reference or not."""

from pathlib import Path
from typing import NamedTuple, Protocol

from diffmst.evaluation.pair import Pair
from diffmst.layout import Layout, Settings
from diffmst.listening import Heard


class Job(NamedTuple):
    """What a system is given.

    Attributes:
        pair: what the work is called; what is known of its truth is not for the system.
        heard: the song and the reference that is to be heard, which may be the wrong one.
        folder: empty, for whatever the system writes; removed afterwards.
        seed: of all chance; the same for every system.
    """

    pair: Pair
    heard: Heard
    folder: Path
    seed: int


class Finished(NamedTuple):
    """What a system made.

    Attributes:
        path: of the mix, an audio file, from the beginning of the stems; in the folder of the job, or left where it was
            found.
        seconds: wall time from the surveyed files to the finished mix; NaN where it is not known.
        settings: physical, batch of one, for the stems as they are; None where the system has no console.
        layout: what the settings are settings of.
    """

    path: Path
    seconds: float
    settings: Settings | None = None
    layout: Layout | None = None


class System(Protocol):
    """Makes mixes. Systems travel to other processes, so they hold paths and numbers, no networks.

    Attributes:
        name: in tables, unique in a run.
        listens: whether the reference makes a difference; only then a wrong one is worth trying.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def listens(self) -> bool: ...  # noqa: D102

    def identity(self) -> str:
        """Everything its mixes depend on but the work itself: results of another identity are not used again."""
        ...

    def mix(self, job: Job) -> Finished:
        """A mix of the whole song.

        Raises:
            UserError: it cannot be made.
        """
        ...
