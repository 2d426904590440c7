import os
import threading
from functools import partial
from threading import Barrier, Event

import pytest

from diffmst.data.parallel import Ahead, in_processes

PATIENCE_S = 20  # only a test that fails waits so long


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_items_come_in_order_and_once(depth):
    with Ahead(range(100), depth) as items:
        assert list(items) == list(range(100))
        assert list(items) == []


@pytest.mark.parametrize("depth", [1, 3])
def test_no_more_than_the_depth_is_made_ahead(depth):
    made, enough = [], Event()

    def source():
        for item in range(100):
            made.append(item)
            if len(made) == depth + 5:
                enough.set()
            yield item

    with Ahead(source(), depth) as items:
        for _ in range(5):
            next(items)
        assert enough.wait(PATIENCE_S)
    assert len(made) == depth + 5


def test_without_depth_items_are_made_where_they_are_asked_for():
    with Ahead((threading.get_ident() for _ in range(3)), depth=0) as items:
        assert set(items) == {threading.get_ident()}
    with Ahead((threading.get_ident() for _ in range(3)), depth=1) as items:
        (worker,) = set(items)
        assert worker != threading.get_ident()


def test_stages_work_at_the_same_time():
    """Each stage waits until the other two are at work as well; the first and the last items have nobody to meet."""
    together = Barrier(3, timeout=PATIENCE_S)

    def stage(number, item):
        if 2 - number <= item < 20 - number:
            together.wait()
        return item

    with (
        Ahead(map(partial(stage, 0), range(20))) as first,
        Ahead(map(partial(stage, 1), first)) as second,
        Ahead(map(partial(stage, 2), second)) as third,
    ):
        assert list(third) == list(range(20))


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_comes_out_where_its_item_is_asked_for(depth, error):
    def stage(item):
        if item == 3:
            raise error
        return item

    with Ahead(map(stage, range(10)), depth) as first, Ahead(map(abs, first), depth) as second:
        assert [next(second) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(error):
            next(second)


def test_a_pipeline_left_early_ends_its_threads():
    before = threading.active_count()

    def interrupted():
        with Ahead(iter(int, 1)) as endless, Ahead(map(abs, endless)) as second:
            next(second)
            assert threading.active_count() == before + 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert threading.active_count() == before


def squared(number):
    if number == 13:
        raise ValueError("unlucky")
    return number**2, os.getpid(), os.environ.get("OPENBLAS_NUM_THREADS")


def test_processes_do_all_items_each_on_one_thread_and_leave_the_surroundings_as_they_were():
    before = dict(os.environ)
    results = list(in_processes(squared, range(5), 2))
    assert sorted(square for square, _, _ in results) == [0, 1, 4, 9, 16]
    assert os.getpid() not in {process for _, process, _ in results}
    assert {threads for _, _, threads in results} == {"1"}
    assert dict(os.environ) == before


def test_one_job_works_in_this_process():
    assert {process for _, process, _ in in_processes(squared, range(3), 1)} == {os.getpid()}


def test_an_exception_in_a_process_comes_out():
    with pytest.raises(ValueError, match="unlucky"):
        list(in_processes(squared, (13, 1, 2), 2))
