"""Windowed frames of the sum and the difference of two float32 rows, cut in one pass, and the adjoint in another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from diffmst.dsp.kernels import torch_frames
from diffmst.dsp.kernels.cpu_pack import flat_memory
from diffmst.dsp.kernels.host import WIDTH, kernel, part
from diffmst.dsp.kernels.simd import load, pointers, shifted, store


class Frames(NamedTuple):
    """Some frames of one pair of rows.

    Attributes:
        number: how many frames.
        size: samples of each.
        hop: samples from one to the next.
        begin: where the first begins; what lies outside the rows is mirrored at their ends.
        time: samples of the rows.
        left: where the first row begins in `x`.
        right: where the second does.
        x: memory of the rows, float32: the signal, or the gradient to it.
        frames: float32, flat [2, number, size], of the sum and of the difference: windowed, or gradients to that.
        window: float32 [size].
    """

    number: int
    size: int
    hop: int
    begin: int
    time: int
    left: int
    right: int
    x: np.ndarray
    frames: np.ndarray
    window: np.ndarray


def cut(x: Tensor, hop: int, begin: int, window: Tensor, frames: Tensor, *, mid_side: bool) -> None:
    """See `torch_frames.cut`, which also serves for frames of the rows as they are."""
    if not mid_side:
        torch_frames.cut(x, hop, begin, window, frames, mid_side=False)
        return
    for task in _tasks(x, hop, begin, window, frames):
        cut_frames(task)


def add(frames: Tensor, hop: int, begin: int, window: Tensor, dx: Tensor, *, mid_side: bool) -> None:
    """See `torch_frames.add`, and `cut`."""
    if not mid_side:
        torch_frames.add(frames, hop, begin, window, dx, mid_side=False)
        return
    for task in _tasks(dx, hop, begin, window, frames):
        add_frames(task)


def _tasks(x: Tensor, hop: int, begin: int, window: Tensor, frames: Tensor) -> list[Frames]:
    rows, (number, size) = flat_memory(x.detach().numpy()), frames.shape[-2:]
    return [
        Frames(
            number=number,
            size=size,
            hop=hop,
            begin=begin,
            time=rows.time,
            left=int(left),
            right=int(right),
            x=rows.memory,
            frames=item.numpy().reshape(-1),
            window=window.numpy(),
        )
        for (left, right), item in zip(rows.offsets, frames, strict=True)
    ]


@kernel
def cut_frames(task):
    """Write the frames."""
    data = pointers(task)
    left, right = shifted(data.x, data.left), shifted(data.x, data.right)
    for frame in range(data.number):
        start, mid, side = _frame(data, frame)
        first, last = _inside(start, data.size, data.time)
        for n in range(first, last, WIDTH):
            x, y, w = load(left, start + n, WIDTH), load(right, start + n, WIDTH), load(data.window, n, WIDTH)
            store(mid, n, (x + y) * w)
            store(side, n, (x - y) * w)
        for rest in range(first + data.size - last):
            n, at = _outside(rest, first, last, start, data.time)
            mid[n] = (left[at] + right[at]) * data.window[n]
            side[n] = (left[at] - right[at]) * data.window[n]


@kernel
def add_frames(task):
    """Add the frames, windowed, to the rows."""
    data = pointers(task)
    left, right = shifted(data.x, data.left), shifted(data.x, data.right)
    for frame in range(data.number):
        start, mid, side = _frame(data, frame)
        first, last = _inside(start, data.size, data.time)
        for n in range(first, last, WIDTH):
            m, s, w = load(mid, n, WIDTH), load(side, n, WIDTH), load(data.window, n, WIDTH)
            store(left, start + n, load(left, start + n, WIDTH) + (m + s) * w)
            store(right, start + n, load(right, start + n, WIDTH) + (m - s) * w)
        for rest in range(first + data.size - last):
            n, at = _outside(rest, first, last, start, data.time)
            left[at] += (mid[n] + side[n]) * data.window[n]
            right[at] += (mid[n] - side[n]) * data.window[n]


@part
def _frame(data, frame):
    """Where a frame starts in the rows, and its sum and its difference."""
    mid = shifted(data.frames, frame * data.size)
    return data.begin + frame * data.hop, mid, shifted(mid, data.number * data.size)


@part
def _inside(start, size, time):
    """From where to where a frame lies inside the rows, to whole vectors."""
    first = min(max(-start, 0), size)
    last = max(min(time - start, size), first)
    return first, last - (last - first) % WIDTH


@part
def _outside(rest, first, last, start, time):
    """The samples of a frame that `_inside` leaves, one by one, and where in the rows they come from."""
    n = rest if rest < first else last + rest - first
    at = abs(start + n)
    return n, min(at, 2 * (time - 1) - at)
