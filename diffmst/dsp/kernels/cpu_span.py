"""A strip over one span of time: all groups of lanes, on all threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np

from diffmst.dsp.kernels import cpu_chunks, cpu_strip
from diffmst.dsp.kernels import cpu_pack as pack
from diffmst.dsp.kernels import cpu_workspace as workspace
from diffmst.dsp.kernels.cpu_chunks import Span
from diffmst.dsp.kernels.cpu_lanes import assign
from diffmst.dsp.kernels.cpu_records import Carry, Memory, Route, Signals, Sums, Tape
from diffmst.dsp.kernels.host import BLOCK, LANES
from diffmst.dsp.kernels.threads import for_each

MOST_PARTS = 8  # copies of the buses, so that groups of the same item may run at the same time
NO_AUDIO = np.empty(0, np.float32)

Record = TypeVar("Record", Memory, Carry, Sums)


@dataclass(frozen=True, eq=False)
class Strip:
    """Settings of a strip, float64, each part absent (None) or for every batch item and row.

    Shape: coefficients [batch, rows, stages, 5]; dynamics [batch, rows, 6]; mixing [batch, rows, outputs].
    """

    coefficients: np.ndarray | None
    dynamics: np.ndarray | None
    mixing: np.ndarray | None
    channels: tuple[int, ...]
    _after: dict[tuple[int, bool], tuple[cpu_chunks.Cascade, int]] = field(default_factory=dict, init=False, repr=False)

    @property
    def stages(self) -> int:
        """Stages of the equalizer."""
        return 0 if self.coefficients is None else self.coefficients.shape[-2]

    def after(self, frames: int, *, adjoint: bool = False) -> tuple[cpu_chunks.Cascade, int]:
        """How the equalizer's states move over so many samples, see `cpu_chunks.power`; computed once."""
        if (frames, adjoint) not in self._after:
            assert self.coefficients is not None
            transition = cpu_chunks.adjoint_transition if adjoint else cpu_chunks.transition
            self._after[frames, adjoint] = cpu_chunks.power(transition(self.coefficients), frames)
        return self._after[frames, adjoint]


class States(NamedTuple):
    """States at one edge of a span, forward or of the adjoint: filters [batch, rows, stages, 2], gain [batch, rows]."""

    filters: np.ndarray
    gain: np.ndarray


Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]
"""To the coefficients, the dynamics and the mixing of a `Strip`."""


class SpanRun:
    """A strip over one span of a batch of rows, every row in one piece.

    Records of arrays with a leading axis of groups stand for those of every group of lanes.

    Args:
        strip: the settings.
        rows: the input.
        span: which samples of it.
        keeps: whether `backward` will be called.

    Attributes:
        kept: what `forward` keeps for `backward`.
    """

    def __init__(self, strip: Strip, rows: pack.Rows, span: Span, *, keeps: bool) -> None:
        self._strip, self._span, self._x = strip, span, rows.memory
        self._batch = len(rows.offsets)
        self._lanes = assign(self._batch * span.chunks, strip.channels)
        self._settings = pack.pack_settings(
            self._lanes, *map(self._for_chunks, (strip.coefficients, strip.dynamics, strip.mixing))
        )
        self._stages = self._settings[0].stages
        self._routes = self._find_routes(rows)
        self._blocks = -(-span.frames // BLOCK)
        self.kept = pack.room_for_states(self._lanes, self._stages, self._blocks if keeps else 0)

    def _find_routes(self, rows: pack.Rows) -> list[Route]:
        span, count = self._span, rows.offsets.shape[1]
        starts = span.start + np.tile(np.arange(span.chunks) * span.frames, self._batch)
        item = np.repeat(np.arange(self._batch), span.chunks)
        return pack.routes(
            self._lanes,
            inputs=rows.offsets[item] + starts[:, None],
            rows=(item[:, None] * count + np.arange(count)) * rows.time + starts[:, None],
            buses=item * self._settings[0].outputs * rows.time + starts,
            time=span.frames,
            bus_stride=rows.time,
        )

    @property
    def parts(self) -> int:
        """Copies of the buses that `forward` may add to at the same time."""
        return min(self._lanes.groups_per_item, max(1, MOST_PARTS // self._lanes.items))

    # --- forward ------------------------------------------------------------------------------------------------------

    def forward(self, copies: list[np.ndarray], state: States) -> States:
        """Writes rows, or adds to buses, of which there are `parts` copies; returns the states after the span."""
        memory = self._run_forward(copies, state)
        filters = self._by_chunk(pack.unpack_states(self._lanes, memory.filters, self._strip.stages))
        return States(filters[:, -1], self._by_chunk(self._lanes.unpack(memory.gain))[:, -1])

    def _run_forward(self, copies: list[np.ndarray], state: States) -> Memory:
        memory = self._memory(state.filters[:, None], state.gain[:, None])
        self._forward_phases(cpu_strip.FORWARD, copies, memory)
        return memory

    def _forward_phases(
        self, phases: int, copies: list[np.ndarray], memory: Memory, tapes: list[Tape] | None = None
    ) -> None:
        """Groups of one item run one after the other, or add to different copies of the buses."""
        groups, parts = self._lanes.groups_per_item, len(copies)
        tasks = [
            (part, range(first + part, first + groups, parts))
            for first in range(0, self._lanes.groups, groups)
            for part in range(parts)
        ]

        def run(task: tuple[int, range]) -> None:
            part, groups = task
            signals = Signals(self._x, copies[part].reshape(-1), NO_AUDIO)
            for group in groups:
                cpu_strip.forward(
                    self._settings[group],
                    self._routes[group],
                    signals,
                    of_group(memory, group),
                    of_group(self.kept, group),
                    self.kept.gain.size > 0,
                    tapes[group] if tapes else workspace.single_tape(),
                    phases,
                    workspace.scratch(self._stages),
                )

        for_each(run, tasks)

    # --- backward -----------------------------------------------------------------------------------------------------

    def backward(self, kept: Memory, dy: np.ndarray, dx: np.ndarray, carry: States) -> tuple[States, Gradients]:
        """Writes `dx`, unless it is of size zero, and returns the gradients to the settings.

        Takes and returns what the adjoint carries at the two edges of the span.
        """
        sums = self._no_sums()
        carries = self._run_backward(kept, Signals(self._x, dy, dx), carry, sums)
        filters = self._by_chunk(pack.unpack_states(self._lanes, carries.filters, self._strip.stages))
        before = States(filters[:, 0], self._by_chunk(self._lanes.unpack(carries.gain))[:, 0])
        coefficients, dynamics, mixing = pack.unpack_sums(self._lanes, sums, self._strip.stages)
        return before, tuple(self._by_chunk(sum_).sum(1) for sum_ in (coefficients, dynamics, mixing))

    def _run_backward(self, kept: Memory, signals: Signals, carry: States, sums: Sums) -> Carry:
        carries = self._carry(carry.filters[:, None], carry.gain[:, None])
        self._backward_phases(cpu_strip.BACKWARD, kept, signals, carries, sums)
        return carries

    def _backward_phases(
        self,
        phases: int,
        kept: Memory,
        signals: Signals,
        carry: Carry,
        sums: Sums,
        tapes: list[Tape] | None = None,
        frames: int | None = None,
    ) -> None:
        """Phases over all groups, or over the first `frames` of each lane."""

        def run(group: int) -> None:
            route = self._routes[group]
            cpu_strip.backward(
                self._settings[group],
                route if frames is None else route._replace(time=frames),
                signals,
                signals.dx.size > 0,
                pack.memory_at_rest(self._stages),
                of_group(kept, group),
                of_group(carry, group),
                of_group(sums, group),
                tapes[group] if tapes else workspace.single_tape(),
                phases,
                workspace.scratch(self._stages),
            )

        self._for_groups(run)

    # --- groups, chunks and batch items -------------------------------------------------------------------------------

    def _for_groups(self, run: Callable[[int], None]) -> None:
        for_each(run, range(self._lanes.groups))

    def _no_sums(self) -> Sums:
        return pack.no_sums(self._settings)

    def _memory(self, filters: np.ndarray, gain: np.ndarray) -> Memory:
        """States [batch, chunks, rows, ...] of all groups of lanes."""
        filters, gain = (values.reshape(self._lanes.items, *values.shape[2:]) for values in (filters, gain))
        return Memory(pack.pack_states(self._lanes, self._stages, filters), self._lanes.pack(gain))

    def _carry(self, filters: np.ndarray, gain: np.ndarray) -> Carry:
        """The same for the adjoint."""
        return Carry(*self._memory(filters, gain), np.ones((self._lanes.groups, LANES)))

    def _for_chunks(self, values: np.ndarray | None) -> np.ndarray | None:
        """Values of every batch item for each of its chunks."""
        return None if values is None else np.repeat(values, self._span.chunks, 0)

    def _by_chunk(self, values: np.ndarray) -> np.ndarray:
        """[items, ...] to [batch, chunks, ...]."""
        return values.reshape(self._batch, self._span.chunks, *values.shape[1:])


def of_group(record: Record, group: int) -> Record:
    """One group's part of a record of arrays with a leading axis of groups."""
    return type(record)(*(values[group] for values in record))


def totals(gradients: Iterable[Gradients]) -> Gradients:
    """Gradients of several spans together."""
    coefficients, dynamics, mixing = (np.sum(parts, axis=0) for parts in zip(*gradients, strict=True))
    return coefficients, dynamics, mixing
