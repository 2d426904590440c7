"""Events: told to all who watch, in order, and never waited for."""

import asyncio
import json
import threading

import pytest
from serving import Idle, serving

from diffmst.web.hub import ENDED, MOST_SUBSCRIBERS, QUEUE_EVENTS, Hub
from diffmst.web.routes import events as events_routes


def job(number, state="running", share=0.0):
    return {"type": "job", "job": {"id": str(number), "state": state, "share": share}}


async def taken(subscription):
    """All that waits."""
    found = []
    while (event := await subscription.take(0.05)) is not None:
        found.append(event)
    return found


def test_all_who_watch_a_session_are_told_in_order_and_nobody_else():
    async def watch():
        hub = Hub()
        with hub.subscribed("a") as one, hub.subscribed("a") as two, hub.subscribed("b") as other:
            for number in range(5):
                hub.publish("a", {"type": "mix", "revision": number})
            return await taken(one), await taken(two), await taken(other)

    one, two, other = asyncio.run(watch())
    assert [event["revision"] for event in one] == list(range(5)) and two == one and other == []


def test_whoever_comes_later_is_told_the_last_state_of_jobs_that_go_on():
    async def watch():
        hub = Hub()
        for event in (job(1, "queued"), job(2), job(1), job(1, share=0.5), job(2, "done"), job(3, "failed")):
            hub.publish("a", event)
        with hub.subscribed("a") as late:
            return await taken(late)

    assert asyncio.run(watch()) == [job(1, share=0.5)]


@pytest.mark.parametrize("state", sorted(ENDED))
def test_of_jobs_that_have_ended_nothing_is_kept(state):
    hub = Hub()
    hub.publish("a", job(1))
    hub.publish("a", job(1, state))
    assert not hub._jobs["a"]


def test_events_come_from_any_thread():
    async def watch():
        hub = Hub()
        with hub.subscribed("a") as subscription:
            threads = [
                threading.Thread(target=lambda: [hub.publish("a", {"type": "session"}) for _ in range(20)])
                for _ in range(5)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return await taken(subscription)

    assert len(asyncio.run(watch())) == 100


def test_whoever_is_too_slow_is_let_go_and_holds_nothing():
    async def watch():
        hub = Hub()
        with hub.subscribed("a") as slow, hub.subscribed("a") as quick:
            heard = 0
            for number in range(10 * QUEUE_EVENTS):
                hub.publish("a", {"type": "mix", "revision": number})
                await asyncio.sleep(0)
                while quick._events:
                    heard += await quick.take(0) is not None
            return slow.open, len(slow._events), quick.open, heard

    assert asyncio.run(watch()) == (False, 0, True, 10 * QUEUE_EVENTS)


def test_a_session_that_is_deleted_ends_its_streams():
    async def watch():
        hub = Hub()
        with hub.subscribed("a") as subscription:
            hub.publish("a", {"type": "session"})
            hub.forget("a")
            return await taken(subscription), subscription.open

    assert asyncio.run(watch()) == ([{"type": "session"}], False)


def test_nothing_is_left_of_those_who_went():
    async def watch(hub):
        for _ in range(100):
            with hub.subscribed("a"):
                pass
        return dict(hub._subscriptions)

    assert asyncio.run(watch(Hub())) == {}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server without jobs."""
    with serving(tmp_path_factory.mktemp("sessions"), static=None, runner=Idle) as served:
        yield served


def hub_of(running):
    return running.app.state.server.hub


def test_a_page_hears_of_every_change_as_it_happens(running):
    session = running.new_session()
    events = running.events(session)
    hub_of(running).publish(session, job(1))
    assert next(events) == job(1)
    running.json("PATCH", f"/api/sessions/{session}", {"title": "B"})
    assert next(events) == {"type": "session"}
    events.close()


def test_the_stream_is_of_events_and_is_not_kept(running):
    session = running.new_session()
    with running.client.stream("GET", f"/api/sessions/{session}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert next(answer.iter_lines()).startswith("retry:")


def test_while_nothing_happens_the_connection_is_kept_alive(running, monkeypatch):
    monkeypatch.setattr(events_routes, "KEEP_ALIVE_S", 0.02)
    session = running.new_session()
    with running.client.stream("GET", f"/api/sessions/{session}/events") as answer:
        lines = answer.iter_lines()
        assert sum(next(lines) == ": still here" for _ in range(12)) >= 3


def test_a_flood_of_events_is_let_go_and_the_server_lives(running):
    session = running.new_session()
    with running.client.stream("GET", f"/api/sessions/{session}/events") as slow:
        lines = slow.iter_lines()
        assert next(lines).startswith("retry:")
        for number in range(20_000):
            hub_of(running).publish(session, {"type": "mix", "revision": number, "padding": "x" * 200})
        told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    revisions = [event["revision"] for event in told]
    assert revisions == list(range(len(revisions))) and len(revisions) < 20_000
    assert running.json("GET", f"/api/sessions/{session}")["id"] == session


def test_so_many_pages_and_no_more_watch_one_session(running):
    session = running.new_session()
    hub = hub_of(running)

    async def crowd():
        opened = [hub.subscribed(session) for _ in range(MOST_SUBSCRIBERS)]
        for one in opened:
            one.__enter__()
        answer = await asyncio.to_thread(running.client.get, f"/api/sessions/{session}/events")
        for one in opened:
            one.__exit__(None, None, None)
        return answer

    assert asyncio.run(crowd()).status_code == 429


def test_the_server_ends_although_pages_watch(tmp_path):
    with serving(tmp_path, static=None, runner=Idle) as served:
        session = served.new_session()
        events = served.client.stream("GET", f"/api/sessions/{session}/events")
        next(events.__enter__().iter_lines())
    events.__exit__(None, None, None)
    assert not served.app.state.server.runner.running
