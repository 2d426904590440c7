"""The queue of jobs, and the working process that is killed, frozen and replaced."""

import multiprocessing
import os
import signal

import pytest
from job_sessions import (
    RecordingHub,
    Working,
    at_rest,
    cached,
    contents,
    done,
    ended,
    leftovers,
    session_with_song,
    wait_for,
)

from diffmst.web.jobs.process import WorkerDiedError
from diffmst.web.jobs.runner import Runner, TooManyJobsError
from diffmst.web.jobs.scratch import scratch, sweep
from diffmst.web.session_info import SessionInfo
from diffmst.web.store import Store

signals = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def frozen(tmp_path):
    """A session, and a runner whose process hears nothing: a job that it gets stays in the middle of it."""
    one = Working(tmp_path / "sessions")
    session = session_with_song(one.store)
    process = wait_for(lambda: one.runner.worker_pid)
    os.kill(process, signal.SIGSTOP)
    yield one, session, process
    one.runner.close()


@signals
def test_a_process_that_is_killed_fails_its_job_and_is_replaced(frozen):
    working, session, process = frozen
    before = contents(session.folder)
    job = working.runner.add(session, "prepare", {})
    wait_for(lambda: working.runner.job(session, job.id).state == "running")
    os.kill(process, signal.SIGKILL)
    failed = ended(working.runner, session, job.id)
    assert failed.state == "failed" and "nothing was changed" in failed.message and "\n" not in failed.message
    assert contents(session.folder) == before and not leftovers(session.folder)
    done(working.runner, session, "prepare")
    assert working.runner.worker_pid != process


@signals
def test_a_process_that_was_killed_while_it_had_nothing_to_do_is_replaced_for_the_next_job(frozen):
    working, session, process = frozen
    os.kill(process, signal.SIGKILL)
    wait_for(lambda: process not in [child.pid for child in multiprocessing.active_children()])
    done(working.runner, session, "prepare")
    assert working.runner.worker_pid != process


class Stillborn:
    """A working process that ends as soon as it is started."""

    alive, pid, started = False, None, 0

    def __init__(self):
        Stillborn.started += 1

    def send(self, order):
        raise WorkerDiedError

    def kill(self):
        """There is none."""


def test_a_process_that_never_starts_is_tried_for_each_job_and_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("diffmst.web.jobs.attending.WorkerProcess", Stillborn)
    working = Working(tmp_path / "sessions")
    session = session_with_song(working.store)
    jobs = [working.runner.add(session, "render", {}) for _ in range(3)]
    assert [ended(working.runner, session, job.id).state for job in jobs] == ["failed"] * 3
    working.runner.close()
    assert len(jobs) <= Stillborn.started <= 2 * len(jobs) + 1


@signals
def test_a_process_that_does_not_heed_a_cancel_is_killed(frozen, monkeypatch):
    monkeypatch.setattr("diffmst.web.jobs.attending.CANCEL_GRACE_S", 0.05)
    working, session, process = frozen
    job = working.runner.add(session, "prepare", {})
    wait_for(lambda: working.runner.job(session, job.id).state == "running")
    assert working.runner.cancel(session, job.id).state == "cancelled"
    done(working.runner, session, "prepare")
    assert working.runner.worker_pid != process and not leftovers(session.folder)


@signals
def test_closing_ends_what_is_under_way(frozen):
    working, session, process = frozen
    job = working.runner.add(session, "prepare", {})
    wait_for(lambda: working.runner.job(session, job.id).state == "running")
    working.runner.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not leftovers(session.folder)


@signals
def test_what_a_killed_process_has_half_written_goes(frozen):
    working, session, process = frozen
    job = working.runner.add(session, "prepare", {})
    wait_for(lambda: working.runner.job(session, job.id).state == "running")
    session.cache_folder.mkdir(exist_ok=True)
    (session.cache_folder / ".diffmst-0123").write_bytes(b"half of a song")
    os.kill(process, signal.SIGKILL)
    ended(working.runner, session, job.id)
    assert not leftovers(session.folder)


@signals
def test_files_that_come_while_others_are_prepared_begin_it_anew(frozen, monkeypatch):
    monkeypatch.setattr("diffmst.web.jobs.attending.CANCEL_GRACE_S", 0.05)
    working, session, _ = frozen
    working.runner.prepare(session)
    (first,) = working.runner.jobs(session)
    wait_for(lambda: working.runner.job(session, first.id).state == "running")
    working.runner.prepare(session)  # of the same files: it is on its way
    assert len(working.runner.jobs(session)) == 1
    session.change(lambda info: info.model_copy(update={"stems": info.stems[:2]}))
    working.runner.prepare(session)
    second = working.runner.jobs(session)[-1]
    assert working.runner.job(session, first.id).state == "cancelled"
    assert ended(working.runner, session, second.id).state == "done"
    assert cached(session, "song")[0].channels == (1, 1)
    working.runner.prepare(session)
    assert working.runner.jobs(session)[-1] == working.runner.job(session, second.id)


def test_sessions_take_turns(tmp_path):
    store, hub = Store(tmp_path), RecordingHub()
    runner = Runner(store, hub)
    busy, other = (store.create(SessionInfo(title=title)) for title in ("Busy", "Other"))
    jobs = [runner.add(session, "render", {}) for session in (busy, busy, busy, other)]
    runner.start()
    try:
        for session in (busy, other):
            at_rest(runner, session)
    finally:
        runner.close()
    failed = [event["job"]["id"] for event in hub.of_type("job") if event["job"]["state"] == "failed"]
    assert failed == [jobs[place].id for place in (0, 3, 1, 2)]


def test_no_more_jobs_wait_than_may(tmp_path, monkeypatch):
    monkeypatch.setattr("diffmst.web.jobs.runner.MOST_QUEUED", 2)
    store = Store(tmp_path)
    runner = Runner(store, RecordingHub())  # not started: all wait
    session = session_with_song(store)
    for _ in range(2):
        runner.add(session, "render", {})
    with pytest.raises(TooManyJobsError):
        runner.add(session, "render", {})
    assert len(runner.jobs(session)) == 2
    runner.add(session, "measure", {})  # of which only the latest waits


def test_what_another_server_works_on_is_not_swept(tmp_path):
    session = session_with_song(Store(tmp_path))
    with scratch(session, "0123") as folder:
        sweep(session)
        assert folder.is_dir()
    assert not leftovers(session.folder)
    (session.folder / ".job-4567").mkdir()  # of a server that was killed
    sweep(session)
    assert not leftovers(session.folder)
