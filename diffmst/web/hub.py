"""Events of sessions, from whoever works on them to whoever watches."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Event = Mapping[str, Any]
"""JSON with a `type`: see docs/serve.md."""

QUEUE_EVENTS = 256
"""That wait for a page at most. One that is further behind is let go: it comes back, and asks for the state anew."""

MOST_SUBSCRIBERS = 64
"""Of one session at a time."""

ENDED = frozenset({"done", "stopped", "cancelled", "failed"})
"""States of jobs of which nothing more will come."""


class Subscription:
    """What one page has not been told yet. Used on the event loop on which it was made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: deque[Event] = deque()
        self._woken = asyncio.Event()
        self._open = True

    @property
    def open(self) -> bool:
        """Whether more may come."""
        return self._open

    async def take(self, timeout_s: float) -> Event | None:
        """The next event; None when there is none for so long, or no more at all (see `open`)."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._events and self._open:
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return None
        return self._events.popleft() if self._events else None

    def tell(self, event: Event) -> None:
        """From any thread: one more event."""
        self._call(self._add, event)

    def end(self) -> None:
        """From any thread: there is nothing more."""
        self._call(self._end)

    def _call(self, function: Callable[..., None], *arguments: Event) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _add(self, event: Event) -> None:
        if len(self._events) >= QUEUE_EVENTS:
            self._events.clear()
            self._end()
        elif self._open:
            self._events.append(event)
            self._woken.set()

    def _end(self) -> None:
        self._open = False
        self._woken.set()


class Hub:
    """Passes events on to all pages that watch a session. Its methods may be called from any thread.

    The last event of every job that has not ended is kept, for pages that come later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._jobs: defaultdict[str, dict[str, Event]] = defaultdict(dict)
        self._closed = False

    def publish(self, session_id: str, event: Event) -> None:
        """Tells all who watch the session; never waits for any of them."""
        with self._lock:
            self._remember(session_id, event)
            listening = list(self._subscriptions.get(session_id, ()))
        for subscription in listening:
            subscription.tell(event)

    def _remember(self, session_id: str, event: Event) -> None:
        if event["type"] != "job":
            return
        job = event["job"]
        if job["state"] in ENDED:
            self._jobs[session_id].pop(job["id"], None)
        else:
            self._jobs[session_id][job["id"]] = event

    def forget(self, session_id: str) -> None:
        """The session is no more: ends all who watch it."""
        with self._lock:
            self._jobs.pop(session_id, None)
            ending = list(self._subscriptions.get(session_id, ()))
        for subscription in ending:
            subscription.end()

    def close(self) -> None:
        """Ends all subscriptions, those that are still to come too: the server is going down."""
        with self._lock:
            self._closed = True
            ending = [one for all_of_session in self._subscriptions.values() for one in all_of_session]
        for subscription in ending:
            subscription.end()

    def full(self, session_id: str) -> bool:
        """Whether a session is watched by as many as may."""
        with self._lock:
            return len(self._subscriptions.get(session_id, ())) >= MOST_SUBSCRIBERS

    @contextmanager
    def subscribed(self, session_id: str) -> Iterator[Subscription]:
        """A subscription that begins with the jobs that are under way; on the event loop."""
        subscription = Subscription()
        with self._lock:
            waiting = list(self._jobs.get(session_id, {}).values())
            self._subscriptions[session_id].add(subscription)
            closed = self._closed
        for event in waiting:
            subscription.tell(event)
        if closed:
            subscription.end()
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions[session_id].discard(subscription)
                if not self._subscriptions[session_id]:
                    del self._subscriptions[session_id]
