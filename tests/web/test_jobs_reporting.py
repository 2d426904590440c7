"""What jobs tell, and how they hear that they are to end."""

import threading

import pytest

from diffmst.descent import Step
from diffmst.web.jobs.job import Happened, Phase
from diffmst.web.jobs.reporting import INTERVAL_S, CancelledError, Reporter


class Told:
    """A reporter with a clock of its own."""

    def __init__(self, monkeypatch, weights, usual_shares):
        self.now_s, self.contents = 100.0, []
        monkeypatch.setattr("diffmst.web.jobs.reporting.time.monotonic", lambda: self.now_s)
        self.stopping, self.cancelled = threading.Event(), threading.Event()
        self.reporter = Reporter(self.contents.append, weights, usual_shares, self.stopping, self.cancelled)

    def phases(self):
        return [one for one in self.contents if isinstance(one, Phase)]

    def steps(self):
        return [one.event["step"] for one in self.contents if isinstance(one, Happened)]


@pytest.fixture
def told(monkeypatch):
    return Told(monkeypatch, {"reading": 3.0, "writing": 1.0}, {"writing": 0.5})


def step(number, stage="tracks"):
    return Step(stage, number, 50, number / 50, {"tone": 0.5}, 0.5)


def test_ten_messages_a_second_at_most(told):
    with told.reporter.phase("reading", 1000) as advance:
        for _ in range(1000):
            told.now_s += 0.001
            advance(1)
    assert 8 <= len(told.phases()) <= 1 + 1 / INTERVAL_S


def test_the_share_is_that_of_the_whole_job(told):
    with told.reporter.phase("reading", 2) as advance:
        told.now_s += 1
        advance(1)
    with told.reporter.phase("writing", 1):
        pass
    shares = [(phase.phase, phase.share) for phase in told.phases()]
    assert ("reading", 1.5 / 4) in shares and ("writing", 0.75) in shares


def test_the_time_left_follows_from_what_was_done(told):
    with told.reporter.phase("reading", 2) as advance:
        told.now_s += 3
        advance(1)
    assert told.phases()[0].seconds_left is None
    assert told.phases()[1].seconds_left == pytest.approx(3 / (1.5 / 4) - 3, abs=0.1)


def test_nothing_is_said_of_the_time_left_as_long_as_it_is_a_guess(told):
    with told.reporter.phase("reading", 100) as advance:
        for seconds in (0.2, 2.0):
            told.now_s = 100 + seconds
            advance(1)
        told.now_s = 106
        advance(1)
    assert [phase.seconds_left is None for phase in told.phases()] == [True, True, True, False]


def test_of_a_phase_that_is_mostly_over_early_less_is_left(told):
    with told.reporter.phase("reading", 1):
        pass
    with told.reporter.phase("writing", 1) as advance:
        for _ in range(2):
            told.now_s += 1
            advance(0.25)
    shares = [phase.share for phase in told.phases()]
    assert shares[-2:] == pytest.approx([(3 + 0.5) / 4, (3 + 0.8) / 4])


def test_a_phase_that_nobody_foresaw_does_not_throw_the_share_back(told):
    for description in ("reading", "compiling", "writing"):
        with told.reporter.phase(description, 1) as advance:
            told.now_s += 1
            advance(1)
    shares = [phase.share for phase in told.phases()]
    assert shares == sorted(shares) and shares[-1] == 1


def test_a_phase_that_is_left_out_is_not_waited_for(told):
    with told.reporter.phase("writing", 1) as advance:
        told.now_s += 1
        advance(0.25)
    assert told.phases()[-1].share == pytest.approx(0.5) and told.phases()[-1].seconds_left == pytest.approx(1)


def test_a_phase_of_nothing_is_done_at_once(told):
    with told.reporter.phase("reading", 0) as advance:
        told.now_s += 1
        advance(0)
    assert told.phases()[-1].phase_share == 1


def test_of_quick_steps_the_last_of_each_stage_is_told(told):
    with told.reporter.phase("matching", 1):
        for number in range(1, 6):
            told.reporter.observe(step(number, "master"))
        for number in range(1, 4):
            told.reporter.observe(step(number))
    assert told.steps() == [1, 5, 3]


def test_slow_steps_are_all_told(told):
    for number in range(1, 4):
        told.now_s += 1
        assert told.reporter.observe(step(number)) is False
    assert told.steps() == [1, 2, 3]


def test_distances_that_are_no_numbers_are_not_told_as_json_has_none(told):
    told.reporter.observe(step(1)._replace(terms={"tone": float("nan")}))
    told.reporter.observe(step(2)._replace(best=float("inf")))
    assert told.steps() == []


def test_who_asks_to_stop_is_heard_at_the_next_step(told):
    told.stopping.set()
    assert told.reporter.observe(step(1)) is True


def test_a_cancelled_job_ends_wherever_it_tells_something(told):
    with pytest.raises(CancelledError), told.reporter.phase("reading", 1) as advance:
        told.cancelled.set()
        advance(0.5)
    with pytest.raises(CancelledError):
        told.reporter.observe(step(1))
    with pytest.raises(CancelledError), told.reporter.phase("writing", 1):
        pass
