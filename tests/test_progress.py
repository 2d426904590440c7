import numpy as np
import pytest

from diffmst.progress import SILENT, Passes

BLOCKS = [np.zeros((2, frames), np.float32) for frames in (100, 0, 250, 50)]


@pytest.mark.parametrize("trials", [0, 1, 6])
def test_passes_add_up_to_one_however_many_they_are(trials):
    told = []
    passes = Passes(400, told.append)
    for _ in range(trials):
        assert [block.shape[1] for block in passes.over(BLOCKS, 0.5)] == [100, 0, 250, 50]
    assert sum(told) == pytest.approx(1 - 0.5**trials)
    list(passes.over(BLOCKS, 1.0))
    assert sum(told) == pytest.approx(1) and min(told) >= 0


def test_work_that_ends_early_is_done():
    told = []
    passes = Passes(400, told.append)
    list(passes.over(BLOCKS, 0.9))
    passes.finish()
    passes.finish()
    assert sum(told) == pytest.approx(1)


def test_a_pass_tells_of_a_block_when_it_has_been_used():
    told = []
    blocks = Passes(400, told.append).over(BLOCKS, 1.0)
    next(blocks)
    assert told == []
    next(blocks)
    assert told == [0.25]


def test_silence_says_nothing():
    with SILENT.phase("thinking", 3) as advance:
        advance(1)
