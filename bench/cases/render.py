"""Time and memory of rendering a song from files to a file."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from bench import memory
from bench.contenders import DASP, missing
from bench.contenders.renderers import DaspRender, OursRender, PedalboardRender, WholeRender
from bench.measurements import OURS, Condition
from bench.plan import CORES, Bench
from bench.signals import Size
from bench.song import write_document, write_song
from bench.workers import Outcome, Stopped, Worker, extra_peak, interleaved

CASE = "render"
PEDALBOARD = "pedalboard"
RENDER, WHOLE = "render, console alone", "render, all that `diffmst render` does"
EXTRA = "render, extra peak memory"
LONG, LONG_PEAK = "diffmst render", "diffmst render, peak memory of the process"
_LONG_NOTE = "the command line in a fresh process (VmHWM); all tracks read one file"


def run(bench: Bench) -> None:
    """The song, a shorter one for dasp, a long one for its memory."""
    folder = bench.folder / "render"
    try:
        _contest(bench, folder / "song", bench.plan.render)
        if bench.takes_in(DASP):
            _dasp(bench, folder / "short", Size(bench.plan.render.tracks, bench.plan.render_peer_s))
        if memory.MEASURABLE and bench.takes_in(OURS):
            _long(bench, folder / "long", bench.plan.long_render)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _contest(bench: Bench, folder: Path, size: Size) -> None:
    bench.tell(f"writing {size}")
    stems = write_song(folder, size)
    equal, whole = (
        write_document(folder / f"{name}.json", stems, size.sample_rate, whole=name == "whole")
        for name in ("equal", "whole")
    )
    outputs = {what: folder / "out" / f"{number}.wav" for number, what in enumerate((RENDER, WHOLE, PEDALBOARD))}
    outputs[RENDER].parent.mkdir()
    with ExitStack() as stack:
        workers = {}
        if bench.takes_in(OURS):
            workers[RENDER] = stack.enter_context(Worker(OursRender, equal, outputs[RENDER], threads=CORES))
            workers[WHOLE] = stack.enter_context(Worker(WholeRender, whole, outputs[WHOLE], threads=CORES))
        if bench.takes_in(PEDALBOARD):
            if find_spec(PEDALBOARD):
                peer = Worker(PedalboardRender, equal, outputs[PEDALBOARD], CORES, threads=CORES)
                workers[PEDALBOARD] = stack.enter_context(peer)
            else:
                bench.add(CASE, RENDER, PEDALBOARD, "s", at=_at(size), note="not installed")
        bench.tell(f"rendering {size}")
        plan = bench.plan
        outcomes = interleaved(workers, "run", rounds=plan.rounds, least_s=0.0, budget_s=plan.budget_s)
        for name, outcome in outcomes.items():
            what, who = (RENDER, PEDALBOARD) if name == PEDALBOARD else (name, OURS)
            _add(bench, what, who, size, workers[name], outcome)


def _dasp(bench: Bench, folder: Path, size: Size) -> None:
    bench.tell(f"rendering {size} by dasp")
    document = write_document(folder / "equal.json", write_song(folder, size), size.sample_rate, whole=False)
    reason = missing(DASP)
    try:
        if not reason:
            with Worker(DaspRender, document, folder / "dasp.wav", threads=CORES) as worker:
                outcome = interleaved({DASP: worker}, "run", rounds=1, least_s=0.0, budget_s=0.0)[DASP]
                _add(bench, RENDER, DASP, size, worker, outcome)
            return
    except Stopped as stopped:
        reason = str(stopped)
    bench.add(CASE, RENDER, DASP, "s", at=_at(size), note=reason)


def _add(bench: Bench, what: str, who: str, size: Size, worker: Worker, outcome: Outcome) -> None:
    """Takes down the times, and the memory of one more render."""
    bench.add_outcome(CASE, what, who, outcome, _at(size))
    if memory.MEASURABLE and not outcome.note:
        bench.add(CASE, EXTRA, who, "MB", worker.call(extra_peak, "run"), at=_at(size), note=what)


def _at(size: Size) -> dict[str, Condition]:
    return {"threads": CORES, **size.at}


def _long(bench: Bench, folder: Path, size: Size) -> None:
    bench.tell(f"{LONG_PEAK}, {size}")
    stems = write_song(folder, size, files=1)
    document = write_document(folder / "whole.json", stems, size.sample_rate, whole=True)
    command = [sys.executable, "-m", "diffmst", "render", str(document), "--out", str(folder / "out.wav")]
    peak_mb, began = 0.0, time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        peak_mb = max(peak_mb, memory.peak_mb(process.pid))
        time.sleep(0.02)
    took_s = time.monotonic() - began
    if process.returncode:
        bench.add(CASE, LONG_PEAK, OURS, "MB", at=_at(size), note=f"exit code {process.returncode}")
        return
    bench.add(CASE, LONG_PEAK, OURS, "MB", peak_mb, at=_at(size), note=_LONG_NOTE)
    bench.add(CASE, LONG, OURS, "s", took_s, at=_at(size), note=_LONG_NOTE)
