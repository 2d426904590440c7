"""A strip over a span whose rows are cut into chunks: the states at their edges are found first, see `cpu_chunks`."""

from __future__ import annotations

import numpy as np

from diffmst.dsp.kernels import cpu_chunks as chunks
from diffmst.dsp.kernels import cpu_strip
from diffmst.dsp.kernels import cpu_workspace as workspace
from diffmst.dsp.kernels.cpu_pack import unpack_states
from diffmst.dsp.kernels.cpu_records import Carry, Memory, Signals, Sums, Tape
from diffmst.dsp.kernels.cpu_span import NO_AUDIO, SpanRun, States, of_group

JOINED_DB = 1e-12  # mismatch of the smoother at the edge of a chunk that counts as none: rounding alone leaves 1e-14


class ChunkedRun(SpanRun):
    """`SpanRun` for spans of several chunks."""

    def _run_forward(self, copies: list[np.ndarray], state: States) -> Memory:
        memory = self._memory(self._filter_starts(state.filters), self._at_rest(state.gain))
        if self._strip.dynamics is None:
            self._forward_phases(cpu_strip.FORWARD, copies, memory)
            return memory
        with workspace.tapes(self._lanes.groups) as tapes:
            self._forward_phases(cpu_strip.FILTER, copies, memory, tapes)
            memory.gain[:] = self._lanes.pack(self._items(self._gain_starts(state.gain, tapes)))
            self._forward_phases(cpu_strip.FINISH, copies, memory, tapes)
        return memory

    def _filter_starts(self, first: np.ndarray) -> np.ndarray:
        """States of the filters where the chunks begin, [batch, chunks, rows, stages, 2]."""
        if self._strip.coefficients is None:
            return self._at_rest(first)
        cascade, frames = self._strip.after(self._span.frames)
        memory = self._memory(self._at_rest(first), self._at_rest(first[..., 0, 0]))

        def run(group: int) -> None:
            route = self._routes[group]
            states = of_group(memory, group)
            cpu_strip.forward(
                self._settings[group]._replace(compresses=False),
                route._replace(inputs=route.inputs + route.time - frames, time=frames),
                Signals(self._x, NO_AUDIO, NO_AUDIO),
                states,
                states,
                False,
                workspace.single_tape(),
                cpu_strip.FILTER,
                workspace.scratch(self._stages),
            )

        self._for_groups(run)
        return self._joined(cascade, memory.filters, first)

    def _gain_starts(self, first: np.ndarray, tapes: list[Tape]) -> np.ndarray:
        """States of the smoothers where the chunks begin, [batch, chunks, rows], by Newton's method."""
        starts = self._at_rest(first)
        starts[:, 0] = first
        for _ in range(self._span.chunks):
            carry = self._carry(np.empty((*starts.shape, 0, 2)), starts)

            def run(group: int, carry: Carry = carry) -> None:
                cpu_strip.coast(self._settings[group], of_group(carry, group), tapes[group], self._blocks)

            self._for_groups(run)
            ends, slope = self._gains_and_slopes(carry)
            mismatch = ends[:-1] - starts.swapaxes(0, 1)[1:]
            if np.abs(mismatch).max() <= JOINED_DB:
                break
            starts[:, 1:] += chunks.join_slopes(slope[:-1], mismatch, np.zeros_like(first))[1:].swapaxes(0, 1)
        return starts

    def _run_backward(self, kept: Memory, signals: Signals, carry: States, sums: Sums) -> Carry:
        unwanted = self._no_sums()
        with workspace.tapes(self._lanes.groups) as tapes:
            scouted = self._carry(self._at_rest(carry.filters), self._at_rest(carry.gain))
            self._backward_phases(cpu_strip.REPLAY, kept, signals, scouted, unwanted._replace(gains=sums.gains), tapes)
            carries = self._carry(self._at_rest(carry.filters), self._gain_carries(carry.gain, scouted))
            if self._strip.dynamics is not None:
                self._backward_phases(cpu_strip.DYNAMICS, kept, signals, carries, sums, tapes)
            filters = self._filter_carries(kept, signals, carry.filters, unwanted, tapes)
            carries = carries._replace(filters=self._memory(filters, self._at_rest(carry.gain)).filters)
            self._backward_phases(cpu_strip.CASCADE, kept, signals, carries, sums, tapes)
        return carries

    def _gain_carries(self, last: np.ndarray, scouted: Carry) -> np.ndarray:
        """What comes into every chunk from behind, of the smoothers' adjoint, [batch, chunks, rows]."""
        driven, slope = self._gains_and_slopes(scouted)
        return chunks.join_slopes(slope[::-1], driven[::-1], last)[-2::-1].swapaxes(0, 1)

    def _filter_carries(
        self, kept: Memory, signals: Signals, last: np.ndarray, unwanted: Sums, tapes: list[Tape]
    ) -> np.ndarray:
        """The same of the filters' adjoint, [batch, chunks, rows, stages, 2]."""
        if self._strip.coefficients is None:
            return self._at_rest(last)
        cascade, frames = self._strip.after(self._span.frames, adjoint=True)
        carry = self._carry(self._at_rest(last), self._at_rest(last[..., 0, 0]))
        self._backward_phases(cpu_strip.CARRY, kept, signals, carry, unwanted, tapes, frames)
        return self._joined(cascade, carry.filters, last, backwards=True)

    # --- edges of chunks ----------------------------------------------------------------------------------------------

    def _at_rest(self, like: np.ndarray) -> np.ndarray:
        """Zeros for every chunk: [batch, ...] to [batch, chunks, ...]."""
        return np.zeros((self._batch, self._span.chunks, *like.shape[1:]))

    def _items(self, values: np.ndarray) -> np.ndarray:
        """The inverse of `_by_chunk`."""
        return values.reshape(self._lanes.items, *values.shape[2:])

    def _gains_and_slopes(self, carry: Carry) -> tuple[np.ndarray, np.ndarray]:
        """[chunks, batch, rows] each."""
        gain, slope = (self._by_chunk(self._lanes.unpack(values)).swapaxes(0, 1) for values in carry[1:])
        return gain, slope

    def _joined(
        self, cascade: chunks.Cascade, driven: np.ndarray, first: np.ndarray, *, backwards: bool = False
    ) -> np.ndarray:
        """States of filters that come into every chunk, from what chunks at rest make of their input.

        Shape: driven [groups, ...]; first [batch, rows, stages, 2]; returns [batch, chunks, rows, stages, 2].
        """
        step = -1 if backwards else 1
        by_chunk = self._by_chunk(unpack_states(self._lanes, driven, self._strip.stages)).swapaxes(0, 1)
        return chunks.join(cascade, by_chunk[::step], first)[:-1][::step].swapaxes(0, 1)
