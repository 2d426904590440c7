"""A strip over one span of time: all groups of lanes on all threads, and chunks joined where there are several."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diffmst.dsp.kernels import cpu_chunks as chunks
from diffmst.dsp.kernels import cpu_pack as pack
from diffmst.dsp.kernels import cpu_strip
from diffmst.dsp.kernels import cpu_workspace as workspace
from diffmst.dsp.kernels.cpu_chunks import Span
from diffmst.dsp.kernels.cpu_lanes import assign
from diffmst.dsp.kernels.cpu_records import Carry, Memory, Signals, Sums, Tape
from diffmst.dsp.kernels.host import BLOCK, LANES
from diffmst.dsp.kernels.threads import for_each

MOST_PARTS = 8  # copies of the buses, so that groups of the same item may run at the same time
JOINED_DB = 1e-12  # mismatch of the smoother at the edge of a chunk that counts as none: rounding alone leaves 1e-14
_NO_AUDIO = np.empty(0, np.float32)


class Strip(NamedTuple):
    """Settings of a strip, float64, each part absent (None) or for every batch item and row.

    Shape: coefficients [batch, rows, stages, 5]; dynamics [batch, rows, 6]; mixing [batch, rows, outputs].
    """

    coefficients: np.ndarray | None
    dynamics: np.ndarray | None
    mixing: np.ndarray | None
    channels: tuple[int, ...]

    @property
    def stages(self) -> int:
        """Stages of the equalizer."""
        return 0 if self.coefficients is None else self.coefficients.shape[-2]


class States(NamedTuple):
    """States at one edge of a span, forward or of the adjoint: filters [batch, rows, stages, 2], gain [batch, rows]."""

    filters: np.ndarray
    gain: np.ndarray


class SpanRun:
    """A strip over one span of a batch of rows.

    Args:
        strip: the settings.
        rows: the input.
        span: which samples of it.
        keeps: whether `backward` will be called.
    """

    def __init__(self, strip: Strip, rows: pack.Rows, span: Span, *, keeps: bool) -> None:
        self._strip, self._span, self._x = strip, span, rows.memory
        self._batch, count = rows.offsets.shape
        self._lanes = lanes = assign(self._batch * span.chunks, strip.channels)
        self._settings = pack.pack_settings(lanes, *(self._chunked(part) for part in strip[:3]))
        self._stages = self._settings[0].stages
        first = np.arange(self._batch)[:, None] * count + np.arange(count)
        starts = span.start + np.tile(np.arange(span.chunks) * span.frames, self._batch)
        outputs = self._settings[0].outputs
        self._routes = pack.routes(
            lanes,
            inputs=np.repeat(rows.offsets, span.chunks, 0) + starts[:, None],
            rows=np.repeat(first, span.chunks, 0) * rows.time + starts[:, None],
            buses=np.repeat(np.arange(self._batch), span.chunks) * outputs * rows.time + starts,
            time=span.frames,
            bus_stride=rows.time,
        )
        self._blocks = -(-span.frames // BLOCK)
        self.kept = pack.room_for_states(lanes, self._stages, self._blocks if keeps else 0)

    @property
    def parts(self) -> int:
        """Copies of the buses that `forward` may add to at the same time."""
        return min(self._lanes.groups_per_item, max(1, MOST_PARTS // self._lanes.items))

    # --- forward ----------------------------------------------------------------------------------------------------

    def forward(self, copies: list[np.ndarray], state: States) -> States:
        """Writes rows, or adds to buses, of which there are `parts` copies; returns the states after the span."""
        if self._span.chunks == 1:
            memory = self._memory(state.filters[:, None], state.gain[:, None])
            self._forward(copies, memory, cpu_strip.FORWARD, None)
        else:
            memory = self._forward_chunks(copies, state)
        filters = pack.unpack_states(self._lanes, np.stack([group.filters for group in memory]), self._strip.stages)
        gain = self._lanes.unpack(np.stack([group.gain for group in memory]))
        return States(self._by_chunk(filters)[:, -1], self._by_chunk(gain)[:, -1])

    def _forward_chunks(self, copies: list[np.ndarray], state: States) -> list[Memory]:
        filters = self._filter_starts(state.filters)
        gain = np.zeros((self._batch, self._span.chunks, *state.gain.shape[1:]))
        if self._strip.dynamics is None:
            memory = self._memory(filters, gain)
            self._forward(copies, memory, cpu_strip.FORWARD, None)
            return memory
        memory = self._memory(filters, gain)
        with workspace.tapes(len(memory)) as tapes:
            self._forward(copies, memory, cpu_strip.FILTER, tapes)
            starts = self._memory(filters, self._gain_starts(state.gain, tapes))
            memory = [Memory(after.filters, start.gain) for after, start in zip(memory, starts, strict=True)]
            self._forward(copies, memory, cpu_strip.FINISH, tapes)
        return memory

    def _forward(self, copies: list[np.ndarray], memory: list[Memory], phases: int, tapes: list[Tape] | None) -> None:
        """Groups of one item run one after the other, or add to different copies of the buses."""
        groups, parts = self._lanes.groups_per_item, len(copies)
        tasks = [
            (part, range(first + part, first + groups, parts))
            for first in range(0, self._lanes.groups, groups)
            for part in range(parts)
        ]

        def run(task: tuple[int, range]) -> None:
            part, groups = task
            signals = Signals(self._x, copies[part].reshape(-1), _NO_AUDIO)
            scratch = workspace.scratch(self._stages)
            for group in groups:
                kept = Memory(self.kept.filters[group], self.kept.gain[group])
                keep = kept.gain.size > 0
                cpu_strip.forward(
                    self._settings[group],
                    self._routes[group],
                    signals,
                    memory[group],
                    kept,
                    keep,
                    tapes[group] if tapes else workspace.single_tape(),
                    phases,
                    scratch,
                )

        for_each(run, tasks)

    def _filter_starts(self, first: np.ndarray) -> np.ndarray:
        """States of the filters where the chunks begin, [batch, chunks, rows, stages, 2]."""
        if self._strip.coefficients is None:
            return np.empty((self._batch, self._span.chunks, *first.shape[1:]))
        matrix, memory_frames = chunks.power(chunks.transition(self._strip.coefficients), self._span.frames)
        memory = self._memory_at_rest()

        def run(group: int) -> None:
            route = self._routes[group]
            ends = route._replace(inputs=route.inputs + route.time - memory_frames, time=memory_frames)
            cpu_strip.forward(
                self._settings[group]._replace(compresses=False),
                ends,
                Signals(self._x, _NO_AUDIO, _NO_AUDIO),
                memory[group],
                memory[group],
                False,
                workspace.single_tape(),
                cpu_strip.FILTER,
                workspace.scratch(self._stages),
            )

        for_each(run, range(self._lanes.groups))
        return self._joined(matrix, np.stack([group.filters for group in memory]), first)

    def _gain_starts(self, first: np.ndarray, tapes: list[Tape]) -> np.ndarray:
        """States of the smoothers where the chunks begin, [batch, chunks, rows], by Newton's method."""
        starts = np.concatenate([first[:, None], np.zeros((self._batch, self._span.chunks - 1, first.shape[1]))], 1)
        for _ in range(self._span.chunks):
            carries = self._carries(np.zeros((*starts.shape, 0, 2)), starts)

            def run(group: int, carries: list[Carry] = carries) -> None:
                cpu_strip.coast(self._settings[group], carries[group], tapes[group], self._blocks)

            for_each(run, range(self._lanes.groups))
            ends, slope = self._gains_and_slopes(carries)
            mismatch = ends[:, :-1] - starts[:, 1:]
            if np.abs(mismatch).max() <= JOINED_DB:
                break
            starts[:, 1:] += chunks.join_slopes(
                np.moveaxis(slope[:, :-1], 1, 0), np.moveaxis(mismatch, 1, 0), np.zeros_like(first)
            )[1:].swapaxes(0, 1)
        return starts

    # --- backward ---------------------------------------------------------------------------------------------------

    def backward(
        self, kept: Memory, dy: np.ndarray, dx: np.ndarray, carry: States
    ) -> tuple[States, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Writes `dx`, unless it is of size zero; takes and returns what the adjoint carries at the span's two edges.

        Also returns the gradients to coefficients, dynamics and mixing.
        """
        signals = Signals(self._x, dy, dx)
        sums = [pack.zero_sums(group) for group in self._settings]
        if self._span.chunks == 1:
            carries = self._carries(carry.filters[:, None], carry.gain[:, None])
            self._backward(kept, signals, carries, sums, cpu_strip.BACKWARD, None)
        else:
            with workspace.tapes(len(sums)) as tapes:
                carries = self._backward_chunks(kept, signals, carry, sums, tapes)
        filters = pack.unpack_states(self._lanes, np.stack([group.filters for group in carries]), self._strip.stages)
        gain = self._lanes.unpack(np.stack([group.gain for group in carries]))
        before = States(self._by_chunk(filters)[:, 0], self._by_chunk(gain)[:, 0])
        gradients = pack.unpack_sums(self._lanes, sums, self._strip.stages)
        return before, tuple(self._by_chunk(gradient).sum(1) for gradient in gradients)

    def _backward_chunks(
        self, kept: Memory, signals: Signals, carry: States, sums: list[Sums], tapes: list[Tape]
    ) -> list[Carry]:
        scouted = self._carries_at_rest()
        unwanted = [pack.zero_sums(group) for group in self._settings]
        only_gains = [trash._replace(gains=group.gains) for trash, group in zip(unwanted, sums, strict=True)]
        self._backward(kept, signals, scouted, only_gains, cpu_strip.REPLAY, tapes)
        gain = self._gain_carries(carry.gain, scouted)
        at_rest = np.zeros((self._batch, self._span.chunks, *carry.filters.shape[1:]))
        if self._strip.dynamics is not None:
            carries = self._carries(at_rest, gain)
            self._backward(kept, signals, carries, sums, cpu_strip.DYNAMICS, tapes)
            gains_before = [group.gain for group in carries]
        else:
            gains_before = [group.gain for group in self._carries_at_rest()]
        filters = self._filter_carries(kept, signals, carry.filters, unwanted, tapes)
        carries = self._carries(filters, gain)
        self._backward(kept, signals, carries, sums, cpu_strip.CASCADE, tapes)
        return [group._replace(gain=before) for group, before in zip(carries, gains_before, strict=True)]

    def _backward(
        self,
        kept: Memory,
        signals: Signals,
        carries: list[Carry],
        sums: list[Sums],
        phases: int,
        tapes: list[Tape] | None,
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
                Memory(kept.filters[group], kept.gain[group]),
                carries[group],
                sums[group],
                tapes[group] if tapes else workspace.single_tape(),
                phases,
                workspace.scratch(self._stages),
            )

        for_each(run, range(self._lanes.groups))

    def _gain_carries(self, last: np.ndarray, scouted: list[Carry]) -> np.ndarray:
        """What comes into every chunk from behind, of the smoothers' adjoint, [batch, chunks, rows]."""
        driven, slope = (np.moveaxis(values, 1, 0)[::-1] for values in self._gains_and_slopes(scouted))
        return np.moveaxis(chunks.join_slopes(slope, driven, last)[-2::-1], 0, 1)

    def _filter_carries(
        self, kept: Memory, signals: Signals, last: np.ndarray, unwanted: list[Sums], tapes: list[Tape]
    ) -> np.ndarray:
        """The same of the filters' adjoint, [batch, chunks, rows, stages, 2]."""
        if self._strip.coefficients is None:
            return np.empty((self._batch, self._span.chunks, *last.shape[1:]))
        matrix, frames = chunks.power(chunks.adjoint_transition(self._strip.coefficients), self._span.frames)
        carries = self._carries_at_rest()
        self._backward(kept, signals, carries, unwanted, cpu_strip.CARRY, tapes, frames)
        return self._joined(matrix, np.stack([group.filters for group in carries]), last, backwards=True)

    # --- chunks, items and lanes --------------------------------------------------------------------------------------

    def _joined(
        self, matrix: np.ndarray, driven: np.ndarray, first: np.ndarray, *, backwards: bool = False
    ) -> np.ndarray:
        """States of filters that come into every chunk, from what chunks at rest make of their input.

        Shape: driven [groups, ...]; first [batch, rows, stages, 2]; returns [batch, chunks, rows, stages, 2].
        """
        by_chunk = self._by_chunk(pack.unpack_states(self._lanes, driven, self._strip.stages))
        in_order = np.moveaxis(by_chunk, 1, 0)[:: -1 if backwards else 1]
        flat = in_order.reshape(*in_order.shape[:-2], -1)
        states = chunks.join(matrix, flat, first.reshape(*first.shape[:-2], -1))[:-1]
        in_time = states[:: -1 if backwards else 1].reshape(in_order.shape)
        return np.moveaxis(in_time, 0, 1)

    def _gains_and_slopes(self, carries: list[Carry]) -> tuple[np.ndarray, np.ndarray]:
        """[batch, chunks, rows] each."""
        gain, slope = (np.stack([getattr(group, name) for group in carries]) for name in ("gain", "slope"))
        return self._by_chunk(self._lanes.unpack(gain)), self._by_chunk(self._lanes.unpack(slope))

    def _chunked(self, values: np.ndarray | None) -> np.ndarray | None:
        """Values of every batch item for each of its chunks."""
        return None if values is None else np.repeat(values, self._span.chunks, 0)

    def _by_chunk(self, values: np.ndarray) -> np.ndarray:
        """[items, ...] to [batch, chunks, ...]."""
        return values.reshape(self._batch, self._span.chunks, *values.shape[1:])

    def _packed(self, filters: np.ndarray, gain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States [batch, chunks, rows, ...] for all groups of lanes."""
        filters, gain = (values.reshape(self._lanes.items, *values.shape[2:]) for values in (filters, gain))
        return pack.pack_states(self._lanes, self._stages, filters), self._lanes.pack(gain)

    def _memory(self, filters: np.ndarray, gain: np.ndarray) -> list[Memory]:
        return [Memory(*group) for group in zip(*self._packed(filters, gain), strict=True)]

    def _memory_at_rest(self) -> list[Memory]:
        return [pack.memory_at_rest(self._stages) for _ in self._settings]

    def _carries(self, filters: np.ndarray, gain: np.ndarray) -> list[Carry]:
        return [Carry(*group, np.ones(LANES)) for group in zip(*self._packed(filters, gain), strict=True)]

    def _carries_at_rest(self) -> list[Carry]:
        return [Carry(*group, np.ones(LANES)) for group in self._memory_at_rest()]
