"""What stands before every request: names, origins, the token, sizes of bodies, and headers of every answer."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diffmst.web.access import Access
from diffmst.web.draining import Draining

MOST_JSON_BYTES = 16 << 20
"""Of a body that is not an upload: a document of 128 tracks has 2 MB."""

LOGIN = "/api/login"
_CLOSE = {"connection": "close"}
_UPLOAD = re.compile(r"/api/sessions/[^/]+/(stems|references)/.+", re.DOTALL)

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Of every answer, unless it says otherwise itself."""


class Guard:
    """Lets in only what may come in; see `Access`. Around the whole application.

    Args:
        app: what it guards.
        access: who may use it.
        patience_s: a body of which nothing comes for so long is given up.
    """

    def __init__(self, app: ASGIApp, access: Access, patience_s: float) -> None:
        self._app, self._access, self._patience_s = app, access, patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        exchange = Draining(scope, receive, send)
        receive, send = exchange.receive, _with_headers(scope, exchange.send)
        refused = self._refusal(scope["path"], Headers(scope=scope))
        if refused is not None:
            await refused(scope, receive, send)
        elif _UPLOAD.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, _limited(receive, self._patience_s), send)

    def _refusal(self, path: str, headers: Headers) -> JSONResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._access.serves_host(hosts[0]):
            return _problem(403, "this server does not go by the name in the Host header")
        if not path.startswith("/api"):
            return None
        if not self._access.is_ours(headers):
            return _problem(403, "requests from pages of other sites are refused")
        if path != LOGIN and not self._access.admits(headers):
            detail = "open the address that `diffmst serve` printed, or send its token as `Authorization: Bearer ...`"
            return _problem(401, detail, {"www-authenticate": "Bearer"})
        return None


def _problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, _CLOSE | (headers or {}))


def _with_headers(scope: Scope, send: Send) -> Send:
    """Adds the headers that every answer has, unless it says otherwise itself."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if scope["path"].startswith("/api"):
                headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending


def _limited(receive: Receive, patience_s: float) -> Receive:
    """Takes so much of a body and no more, whatever length it states, and as long as it comes.

    What is received behind the body is the end of the connection, whenever that is.
    """
    left, more = MOST_JSON_BYTES, True

    async def receiving() -> Message:
        nonlocal left, more
        try:
            async with asyncio.timeout(patience_s if more else None):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, f"nothing came for {patience_s:g} s", _CLOSE) from None
        left, more = left - len(message.get("body", b"")), message.get("more_body", False)
        if left < 0:
            raise HTTPException(413, f"the body is larger than {MOST_JSON_BYTES >> 20} MB", _CLOSE)
        return message

    return receiving
