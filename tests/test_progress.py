import numpy as np
import pytest

from diffmst.progress import SILENT, Passes, Tenths

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


def lines(steps, total=100.0):
    """What is said of work in steps of (seconds, amount), by the second it is said at."""
    now_s = 0.0
    tenths, said = Tenths(total, lambda: now_s), {}
    for seconds, amount in steps:
        now_s += seconds
        if text := tenths.after(amount):
            said[now_s] = text
    return said


def test_long_work_is_told_at_every_tenth_with_the_time_left():
    said = lines([(6.0, 1.0)] * 100)
    assert list(said) == [60.0 * tenth for tenth in range(1, 10)]
    assert said[60.0] == "10 %, 0:09:00 left" and said[540.0] == "90 %, 0:01:00 left"


def test_lines_on_shorter_work_are_ten_seconds_apart():
    assert lines([(0.25, 1.0)] * 100) == {10.0: "40 %, 0:00:15 left", 20.0: "80 %, 0:00:05 left"}


@pytest.mark.parametrize(
    ("steps", "total"),
    [([(0.05, 1.0)] * 100, 100.0), ([(100.0, 0.0)] * 5, 100.0), ([(60.0, 150.0)], 100.0), ([(60.0, 1.0)], 0.0)],
)
def test_work_that_is_short_or_stands_still_or_is_done_is_not_told_of(steps, total):
    assert lines(steps, total) == {}


def test_silence_says_nothing():
    with SILENT.phase("thinking", 3) as advance:
        advance(1)
