"""The console on a CUDA device, where there is one: our plain torch path, and the peer that runs there."""

from __future__ import annotations

import torch

from bench.cases.console import FORWARD_BACKWARD, contest
from bench.contenders import DASP
from bench.measurements import OURS
from bench.plan import CORES, MAIN, Bench

CASE = "accelerator"


def run(bench: Bench) -> None:
    """The main size."""
    if torch.cuda.is_available():
        contest(bench, CASE, [MAIN], (OURS, DASP), "cuda", threads=CORES)
    else:
        bench.add(CASE, FORWARD_BACKWARD, OURS, "s", at={"device": "cuda", **MAIN.at}, note="no CUDA device")
