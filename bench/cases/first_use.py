"""What a user waits for before anything happens: imports, help, the first compilation; each in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

from bench.measurements import OURS
from bench.plan import Bench

CASE = "first use"
PYTHON, IMPORT, IMPORT_ALL = "python alone", "import diffmst", "import all that a mix needs"
HELP, COMPILE, LOAD = "diffmst --help", "kernels compiled, empty cache", "kernels loaded from the cache"
FIRST = "first forward + backward with compiled kernels cached"

_WARM_UP = """
import json, time
from diffmst.progress import SILENT
from diffmst.render import compile_kernels
began = time.perf_counter()
compile_kernels(SILENT)
warm = time.perf_counter()
import torch
from diffmst.console import mix
from diffmst.layout import DEFAULT
settings = DEFAULT.defaults(16)
settings.tracks.requires_grad_()
mix(torch.zeros(1, 16, 44_100), 44_100, settings, (1,) * 16, fx=False).sum().backward()
print(json.dumps([warm - began, time.perf_counter() - warm]))
"""


def run(bench: Bench) -> None:
    """Every one several times."""
    if not bench.takes_in(OURS):
        return
    commands = {
        PYTHON: ["-c", ""],
        IMPORT: ["-c", "import diffmst"],
        IMPORT_ALL: ["-c", "import diffmst.match, diffmst.render"],
        HELP: ["-m", "diffmst", "--help"],
    }
    for what, arguments in commands.items():
        bench.tell(what)
        times_s = [_process_seconds(arguments) for _ in range(2 * bench.plan.fresh_processes)]
        bench.add(CASE, what, OURS, "s", *times_s, note="a whole process, begin to end")
    bench.tell(COMPILE)
    found = [_compile_and_load(bench) for _ in range(bench.plan.fresh_processes)]
    for what, samples in zip((COMPILE, LOAD, FIRST), zip(*found, strict=True), strict=True):
        bench.add(CASE, what, OURS, "s", *samples, note="within a process, after imports")


def _process_seconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _compile_and_load(bench: Bench) -> tuple[float, float, float]:
    """With an empty cache, then in another process with what the first has left."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        (compiled_s, _), (loaded_s, first_s) = (
            json.loads(subprocess.check_output([sys.executable, "-c", _WARM_UP], env=environment)) for _ in range(2)
        )
    return compiled_s, loaded_s, first_s
