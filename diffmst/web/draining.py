"""Refusals that reach whoever is still sending."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

LINGER_S = 10.0
"""So long, at most, what was not read of a refused body is taken and thrown away."""

SILENCE_S = 1.0
"""Whoever has stopped sending for so long has heard, or never will."""

_TIMED_OUT = 408


class Draining:
    """One request and its answer. What is left of a body that is refused is taken before the connection is closed.

    A connection that is closed while something unread waits is reset, and the answer that tells why is lost on the
    way (RFC 9112, 9.6): a browser then knows of an error of the network only. Whoever waits to be told to go on
    (`Expect: 100-continue`) needs no such care.

    Args:
        scope: of the request.
        receive: likewise.
        send: of the answer.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        self._receive, self._send = receive, send
        self._more = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        self._waits = headers.get("expect", "").lower() == "100-continue"
        self._refused = False

    async def receive(self) -> Message:
        """As ASGI has it."""
        self._waits = False
        message = await self._receive()
        self._more = message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """As ASGI has it."""
        if message["type"] == "http.response.start":
            self._refused = message["status"] >= 400 and message["status"] != _TIMED_OUT
        elif self._refused and self._more and not self._waits and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._drain()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while self._more:
                    async with asyncio.timeout(SILENCE_S):
                        await self.receive()
