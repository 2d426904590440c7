import os
import sys
import threading

import pytest
import torch

from diffmst.dsp.kernels import threads


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    return monkeypatch


def test_there_are_as_many_threads_as_torch_is_set_to():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert threads.working_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("wanted", "count"), [("5", 5), ("4,2", 4), (" 7 ", 7)])
def test_without_torch_there_are_as_many_as_openmp_is_told(without_torch, wanted, count):
    without_torch.setenv("OMP_NUM_THREADS", wanted)
    assert threads.working_threads() == count


@pytest.mark.parametrize("wanted", ["", "0", "many"])
def test_without_either_there_is_one_for_every_processor_allowed(without_torch, wanted):
    without_torch.setenv("OMP_NUM_THREADS", wanted)
    without_torch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 3}, raising=False)
    assert threads.working_threads() == 3


def test_every_item_is_worked_on_once_and_an_error_comes_out(without_torch):
    without_torch.setenv("OMP_NUM_THREADS", "4")
    done, lock = [], threading.Lock()

    def work(item):
        with lock:
            done.append(item)
        if item == 50:
            raise ValueError(item)

    threads.for_each(work, range(50))
    assert sorted(done) == list(range(50))
    with pytest.raises(ValueError, match="50"):
        threads.for_each(work, range(100))


@pytest.mark.parametrize("failing", [0, 1, 2] * 3)  # which thread takes which item is chance
def test_an_error_comes_out_when_no_thread_is_at_work_any_more(without_torch, failing):
    without_torch.setenv("OMP_NUM_THREADS", "3")
    begun, finished = [threading.Event() for _ in range(3)], []

    def work(item):
        begun[item].set()
        assert all(event.wait(10) for event in begun)
        if item == failing:
            raise ValueError(item)
        threading.Event().wait(0.02 * ((failing - item) % 3))
        finished.append(item)

    with pytest.raises(ValueError, match=str(failing)):
        threads.for_each(work, range(3))
    assert sorted([*finished, failing]) == [0, 1, 2]
