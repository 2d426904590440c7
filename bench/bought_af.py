"""`python -m bench.bought_af PAIRS.csv`: what it costs to descend on the audio features alone, in figures that know.

Every pair with a truth is mixed at equal loudness, by refinement, and by a descent on AF alone that knows no prior. The
table of docs/metrics.md is made of pairs from `diffmst pairs same-song --generated 4 --mixes 1`.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from diffmst.evaluation.metrics import METRICS, measure, read_mix, read_truth
from diffmst.evaluation.pair import Pair
from diffmst.evaluation.pairs_file import read_pairs
from diffmst.evaluation.system import Job
from diffmst.evaluation.systems.console_system import ConsoleSystem, listen_to
from diffmst.evaluation.systems.matching import Refine
from diffmst.evaluation.systems.without_reference import EqualLoudness
from diffmst.layout import DEFAULT, Settings
from diffmst.listening import Heard, listen
from diffmst.losses import AudioFeatureLoss
from diffmst.prior import Prior
from diffmst.progress import SILENT
from diffmst.refine import refine
from diffmst.task import Task

_SHOWN = (
    *("af", "style_tone", "level_error_lu", "worst_level_error_lu", "pan_error_db", "mrstft", "si_sdr_db"),
    *("low_off_centre_db", "quietest_lu"),
)
_STEPS = 150
_AS_GOOD_AS_NO_PRIOR = 0.5  # of the range of a control, one standard deviation


@dataclass(frozen=True)
class AfAlone(ConsoleSystem):
    """From the balanced mix down the AF distance, wherever that leads."""

    kind: ClassVar[str] = "AF alone"
    listens: ClassVar[bool] = True

    def find(self, heard: Heard, seed: int) -> tuple[Task, Settings]:
        """See `ConsoleSystem`."""
        _, task = listen_to(heard, DEFAULT, names=True)
        loss = AudioFeatureLoss(task.excerpts.sample_rate, loudness_lufs=-16.0)
        target = loss.features(task.references[0].audio).mean()

        def distance(mix: Tensor) -> dict[str, Tensor]:
            return loss(loss.features(mix).mean(), target)

        return task, refine(task.excerpts, distance, _widened(task.prior), layout=DEFAULT, steps=_STEPS).settings


def _widened(prior: Prior) -> Prior:
    """The prior with every control that it moves at all free to go anywhere."""
    widths = (torch.where(width > 0, _AS_GOOD_AS_NO_PRIOR, width) for width in prior.width)
    return prior._replace(width=Settings(*widths))


SYSTEMS = (EqualLoudness("equal-loudness"), Refine("refine"), AfAlone("AF alone"))


def figures_of(pair: Pair) -> list[dict[str, float]]:
    """Of every system on a pair."""
    heard = listen([pair.stems], pair.reference, SILENT)
    reference, truth = read_mix(pair.reference, heard.song.sample_rate), read_truth(pair, heard)
    found = []
    for system in SYSTEMS:
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(heard, system.mix(Job(pair, heard, Path(folder), 0)), reference, truth))
    return found


def main() -> None:
    """Prints a Markdown table of medians over the pairs."""
    pairs = read_pairs(Path(sys.argv[1]))
    rows = list(zip(*map(figures_of, pairs), strict=True))
    named = {metric.key: metric for metric in METRICS}
    lines = [f"| median of {len(pairs)} pairs | {' | '.join(named[key].label for key in _SHOWN)} |"]
    lines.append("|---" * (len(_SHOWN) + 1) + "|")
    for system, figures in zip(SYSTEMS, rows, strict=True):
        medians = (np.median([one[key] for one in figures if key in one]) for key in _SHOWN)
        cells = (f"{value:.{named[key].decimals}f}" for key, value in zip(_SHOWN, medians, strict=True))
        lines.append(f"| {system.name} | {' | '.join(cells)} |")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
