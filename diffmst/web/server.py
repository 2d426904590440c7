"""The server itself: its address, its start and its end."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI

from diffmst.errors import UserError
from diffmst.web.connections import PromptProtocol

LOCAL_HOST = "127.0.0.1"
FIRST_PORT = 8765
_PORTS_TRIED = 50
_LAST_WORDS_S = 3  # for answers that are under way when the server ends

MOST_CONNECTIONS = 256
"""At a time; whoever comes then is asked to come back later."""


class Certificate(NamedTuple):
    """What the server proves itself with."""

    certificate: Path
    key: Path


def bound_socket(host: str, port: int | None) -> socket.socket:
    """A listening socket.

    Args:
        host: address or name of an interface of this machine.
        port: the one, or None for the first that is free from `FIRST_PORT` on.

    Raises:
        UserError: there is no such address, or the port is taken.
    """
    ports = range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED) if port is None else (port,)
    for number in ports:
        try:
            return _bound(host, number)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise UserError(f"--host {host}: port {number} cannot be used: {error.strerror or error}") from None
    if port is not None:
        raise UserError(
            f"--port {port}: is in use by another program; choose another, or leave it out to have one found"
        )
    raise UserError(f"ports {ports[0]} to {ports[-1]} are all in use; choose one with --port")


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where two programs could share a port otherwise
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


class Server(uvicorn.Server):
    """The server of one application. `started` is set when it answers.

    Args:
        app: from `create_app`.
        bound: from `bound_socket`.
        certificate: for TLS.
        ready: called once, on a thread of its own, when it answers.

    Raises:
        UserError: the certificate cannot be used.
    """

    def __init__(
        self,
        app: FastAPI,
        bound: socket.socket,
        certificate: Certificate | None = None,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        if certificate:
            _check(certificate)
        config = uvicorn.Config(
            app,
            http=PromptProtocol,
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="on",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=_LAST_WORDS_S,
            ssl_certfile=certificate and str(certificate.certificate),
            ssl_keyfile=certificate and str(certificate.key),
        )
        super().__init__(config)
        self._bound, self._ready, self._hub = bound, ready, app.state.server.hub

    def run_here(self) -> None:
        """Serves until it is asked to end: by Ctrl-C, or by `should_exit`."""
        self.run(sockets=[self._bound])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn."""
        await super().startup(sockets)
        if self.started:
            threading.Thread(target=self._ready, daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn. Streams of events never end by themselves."""
        self._hub.close()
        await asyncio.sleep(0)
        await super().shutdown(sockets)


def _check(certificate: Certificate) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate.certificate, certificate.key)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or str(error)
        raise UserError(f"--tls-cert {certificate.certificate}, --tls-key {certificate.key}: {reason}") from None
