import json

import pytest
from tasks import Task

from bench import memory
from bench.__main__ import main
from bench.workers import Stopped, Worker, extra_peak, interleaved, invoke

linux = pytest.mark.skipif(not memory.MEASURABLE, reason="only Linux tells the peak of a process")


@pytest.fixture(scope="module")
def worker():
    with Worker(Task, threads=1) as made:
        yield made


def test_a_worker_keeps_its_object_between_calls(worker):
    before = worker.call(invoke, "count")
    worker.call(invoke, "work")
    assert worker.call(invoke, "count") == before + 1


def test_what_goes_wrong_in_a_worker_is_a_result(worker):
    with pytest.raises(Stopped, match="RuntimeError: a peer's own fault"):
        worker.call(invoke, "fail")
    worker.call(invoke, "work")


@linux
def test_extra_memory_is_what_a_call_takes(worker):
    extra_mb = worker.call(extra_peak, "allocate_100_mb")
    assert extra_mb == pytest.approx(100, abs=5)  # pages of the interpreter


@linux
def test_who_takes_too_much_memory_is_ended_and_drops_out(worker):
    with Worker(Task, True, threads=1, limit_mb=300) as greedy:
        outcomes = interleaved({"greedy": greedy, "modest": worker}, "work", rounds=2, least_s=0, budget_s=60)
    assert not outcomes["greedy"].turns and outcomes["greedy"].note == "out of memory above 0.3 GB"
    assert len(outcomes["modest"].turns) == 2


def test_a_turn_lasts_as_long_as_it_should(worker):
    before = worker.call(invoke, "count")
    outcome = interleaved({"only": worker}, "work", rounds=3, least_s=0.02, budget_s=60)["only"]
    assert len(outcome.turns) == 3 and not outcome.note
    assert worker.call(invoke, "count") > before + 3  # many calls, of which the median is the sample


def test_no_round_begins_after_the_budget(worker):
    outcome = interleaved({"only": worker}, "work", rounds=50, least_s=0.02, budget_s=0.0)["only"]
    assert len(outcome.turns) == 1


def test_a_quick_run_of_our_own_side_writes_its_results(tmp_path):
    assert main(["console", "--quick", "--only", "diffmst", "--out", str(tmp_path / "results.json")]) == 0
    data = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert data["format"] == "diffmst.bench" and data["quick"] is True
    assert data["machine"]["cores"] >= 1 and data["versions"]["torch"]
    found = {one["what"]: one for one in data["measurements"]}
    assert found.keys() == {"console forward", "console forward + backward"}
    for one in found.values():
        assert one["unit"] == "s" and one["n"] == len(one["samples"]) == 1 and 0 < one["low"] <= one["value"]
        assert one["at"]["tracks"] == 16 and one["at"]["seconds"] == 10


def test_a_case_that_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["concole"])
    assert "there is no case 'concole'" in capsys.readouterr().err
