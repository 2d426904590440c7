"""Work for systems, on small songs."""

from pathlib import Path

from diffmst.evaluation.pair import Pair
from diffmst.evaluation.system import Job
from diffmst.listening import listen
from diffmst.progress import SILENT


def job(stems: Path, reference: Path, folder: Path, seed: int = 1, wrong: Path | None = None, hear_wrong: bool = False):
    """A pair called `pair`, and all that a system is given for it."""
    pair = Pair("pair", "song", stems, reference, wrong_reference=wrong)
    folder.mkdir(parents=True, exist_ok=True)
    return Job(pair, listen([stems], wrong if hear_wrong else reference, SILENT), folder, seed)
