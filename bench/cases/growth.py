"""How time and memory grow with the number of tracks and with the length of the song."""

from __future__ import annotations

from contextlib import ExitStack

from bench import memory
from bench.cases.console import FORWARD_BACKWARD, consoles, load
from bench.contenders import CONSOLES
from bench.measurements import OURS, At
from bench.plan import CORES, Bench
from bench.signals import Size, tracks, unit_settings
from bench.workers import Worker, extra_peak, interleaved
from diffmst.layout import DEFAULT
from diffmst.stream import ConsoleStream

CASE = "growth"
STREAM, STREAM_PEAK = "console streamed", "console streamed, extra peak memory"
SECONDS, TRACKS = 10.0, 8
_TIRED_S = 6.0  # a contender that needed longer is not given the next larger song
_BLOCK_FRAMES = 65_536


def run(bench: Bench) -> None:
    """Over tracks and over length, as far as each contender goes in reasonable time."""
    _race(bench, [Size(count, SECONDS) for count in bench.plan.growth_tracks])
    _race(bench, [Size(TRACKS, seconds) for seconds in bench.plan.growth_seconds])
    if bench.takes_in(OURS):
        for seconds in bench.plan.growth_stream_seconds:
            _stream(bench, Size(TRACKS, seconds))


def _race(bench: Bench, sizes: list[Size]) -> None:
    with consoles(bench, CASE, CONSOLES, threads=CORES) as workers:
        for size in sizes:
            bench.tell(f"growth: {FORWARD_BACKWARD}, {size}")
            at: At = {"threads": CORES, **size.at}
            load(bench, CASE, workers, size, at)
            outcomes = interleaved(
                workers, "forward_backward", rounds=3, least_s=bench.plan.turn_s / 2, budget_s=2 * _TIRED_S
            )
            for who, outcome in outcomes.items():
                found = bench.add_outcome(CASE, FORWARD_BACKWARD, who, outcome, at)
                if found.value is None or found.value > _TIRED_S:
                    workers.pop(who).close()


def _stream(bench: Bench, size: Size) -> None:
    bench.tell(f"growth: {STREAM}, {size}")
    at: At = {"threads": CORES, **size.at}
    with ExitStack() as stack:
        worker = stack.enter_context(Worker(StreamRun, size, threads=CORES))
        if memory.MEASURABLE:
            bench.add(CASE, STREAM_PEAK, OURS, "MB", worker.call(extra_peak, "run"), at=at)
        rounds = 1 if size.seconds > 1000 else 3
        outcome = interleaved({OURS: worker}, "run", rounds=rounds, least_s=0.0, budget_s=60.0)[OURS]
        bench.add_outcome(CASE, STREAM, OURS, outcome, at)


class StreamRun:
    """A song that passes through the console in blocks; one block over and over, as reading is measured elsewhere."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._block = tracks(Size(size.tracks, _BLOCK_FRAMES / size.sample_rate, size.sample_rate))[0].numpy()
        self._settings = DEFAULT.from_unit(unit_settings(size.tracks))
        self._stream(_BLOCK_FRAMES)

    def run(self) -> None:
        """The whole song."""
        self._stream(self._size.frames)

    def _stream(self, frames: int) -> None:
        stream = ConsoleStream(self._size.sample_rate, self._settings, (1,) * self._size.tracks)
        for start in range(0, frames, _BLOCK_FRAMES):
            stream.process(self._block[:, : frames - start])
