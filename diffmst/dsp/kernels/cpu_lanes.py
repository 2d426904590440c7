"""Which row runs in which lane, and the settings in the order of the lanes.

The two rows of a stereo track take an even lane and the one after it, so that linking them is one fixed shuffle.
To that end the rows of an item are put in order, stereo first; rows are addressed, never moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from diffmst.dsp.kernels.host import LANES


@dataclass(frozen=True)
class Lanes:
    """Lanes of a batch, in groups of LANES that run together.

    Lanes left over repeat a row, so that they compute what another lane computes.

    Attributes:
        item: [groups, LANES], batch item of every lane.
        row: [groups, LANES], row of every lane.
        linked: [groups, LANES], whether the row belongs to a stereo track.
        position: [batch, rows], flat lane at which each row is found.
        segment: lanes per segment; a segment belongs to one item.
        segments: [groups], segments that are items of their own.
        live: [groups], lanes of a segment that are rows of their own.
    """

    item: np.ndarray
    row: np.ndarray
    linked: np.ndarray
    position: np.ndarray
    segment: int
    segments: np.ndarray
    live: np.ndarray

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.item)

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.position)

    @property
    def groups_per_item(self) -> int:
        """Groups that one item takes; 1 also where items share a group."""
        return max(1, self.groups // self.items)

    def pack(self, values: np.ndarray) -> np.ndarray:
        """Values of every row with the lanes as the last axis: [batch, rows, ...] to [groups, ..., LANES]."""
        by_lane = values[self.item, self.row]
        return np.ascontiguousarray(by_lane.transpose(0, *range(2, by_lane.ndim), 1))

    def unpack(self, values: np.ndarray) -> np.ndarray:
        """The inverse of `pack`."""
        by_lane = values.transpose(0, values.ndim - 1, *range(1, values.ndim - 1))
        return by_lane.reshape(self.groups * LANES, *by_lane.shape[2:])[self.position]


@lru_cache(maxsize=64)
def assign(batch: int, channels: tuple[int, ...]) -> Lanes:
    """Give every row a lane.

    As many small items as fit share a group; a large item has groups of its own.

    Args:
        batch: number of items, at least 1.
        channels: channels of every track, 1 or 2; at least one track.

    Returns:
        The lanes. They depend on nothing else, in particular not on the number of threads, nor do the results.
    """
    order, linked = _stereo_first(channels)
    rows = len(order)
    items_per_group = max(1, LANES // (rows + rows % 2))
    segment = LANES // items_per_group
    item_lanes = -(-rows // segment) * segment
    groups = -(-batch * item_lanes // LANES)

    lane = np.arange(item_lanes)
    repeated = rows - 2 + (lane - rows) % 2 if linked[-1] else np.full(item_lanes, rows - 1)
    lane = np.where(lane < rows, lane, repeated)
    item = np.minimum(np.arange(groups * LANES) // item_lanes, batch - 1)
    lane = np.tile(lane, groups * LANES // item_lanes)
    first = np.arange(groups) * LANES % item_lanes
    return Lanes(
        item=item.reshape(groups, LANES),
        row=order[lane].reshape(groups, LANES),
        linked=linked[lane].reshape(groups, LANES),
        position=np.arange(batch)[:, None] * item_lanes + np.argsort(order),
        segment=segment,
        segments=np.minimum(items_per_group, batch - np.arange(groups) * LANES // item_lanes),
        live=np.minimum(segment, rows - first),
    )


def _stereo_first(channels: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows in the order of the lanes, and whether each belongs to a stereo track."""
    first = np.cumsum((0, *channels[:-1]))
    pairs = [row for at, count in zip(first, channels, strict=True) if count == 2 for row in (at, at + 1)]
    singles = [at for at, count in zip(first, channels, strict=True) if count == 1]
    return np.array(pairs + singles), np.array([True] * len(pairs) + [False] * len(singles))
