"""Audio as the bytes of a file of samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Encoded(NamedTuple):
    """Audio as bytes.

    Attributes:
        data: little endian, interleaved.
        clipped: values that exceeded full scale, and were clipped to it.
        finite: whether all values were numbers.
    """

    data: memoryview
    clipped: int
    finite: bool


def encode(x: NDArray[np.floating], width: int) -> Encoded:
    """The bytes of audio whose full scale is 1.

    Integers are rounded to the nearest step, ties to even, without dither.

    Args:
        x: the audio.
        width: bytes of a value: 2 or 3 for integers, 4 for float32.

    Shape: x [channels, time].

    >>> bytes(encode(np.array([[0.5], [-1.5]]), width=2).data).hex()
    '00400080'
    """
    from diffmst.dsp.kernels import cpu_pcm

    channels, time = x.shape
    audio = np.require(x, np.float32, ["C", "W"]).reshape(-1)
    size = audio.size * width
    data = np.empty(size + cpu_pcm.SPARE_BYTES, np.uint8)
    scratch = np.empty(cpu_pcm.TILE + cpu_pcm.WIDTH, np.float32)
    clipped, finite = cpu_pcm.encode(cpu_pcm.Samples(audio, channels, time, width, scratch, data))
    return Encoded(data.data[:size], clipped, finite)
