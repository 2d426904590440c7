"""Samples as bytes, against Python's own integers."""

import struct

import numpy as np
import pytest

from diffmst.dsp.kernels import cpu_pcm
from diffmst.dsp.pcm import encode


def reference(x, width):
    """Frame by frame, sample by sample."""
    if width == 4:
        return b"".join(struct.pack("<f", sample) for sample in x.T.flat)
    full_scale = 2 ** (8 * width - 1)
    steps = (min(max(round(float(sample) * full_scale), -full_scale), full_scale - 1) for sample in x.T.flat)
    return b"".join(step.to_bytes(width, "little", signed=True) for step in steps)


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize(("channels", "time"), [(1, 1), (1, 127), (2, 1021), (2, 0), (3, 5000), (40, 700)])
def test_bytes_are_those_of_the_definition(channels, time, width):
    x = np.random.default_rng(0).uniform(-1.2, 1.2, (channels, time)).astype(np.float32)
    assert bytes(encode(x, width).data) == reference(x, width)


@pytest.mark.parametrize("width", [2, 3])
def test_halves_round_to_even_and_the_clipped_are_counted(width):
    full_scale = 2.0 ** (8 * width - 1)
    steps = np.array([[0.5, 1.5, -0.5, -1.5, full_scale, -full_scale, full_scale + 9, -full_scale - 9]])
    encoded = encode(steps / full_scale, width)
    assert bytes(encoded.data) == reference(steps / full_scale, width)
    assert encoded.clipped == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("width", [2, 3, 4])
def test_what_is_not_a_number_is_noticed(width, bad):
    x = np.zeros((2, 10_001), np.float32)
    assert encode(x, width).finite
    x[1, -1] = bad
    assert not encode(x, width).finite


@pytest.mark.parametrize("x", [np.ones((4, 6))[:, ::2], np.ones((6, 4), np.float32).T, np.broadcast_to(0.5, (2, 5))])
def test_any_layout_in_memory_will_do(x):
    assert bytes(encode(x, 3).data) == reference(x, 3)


def test_what_is_clipped_is_counted_once_across_tiles():
    x = np.full((1, cpu_pcm.TILE + 1), 2.0)
    assert encode(x, width=2).clipped == cpu_pcm.TILE + 1
