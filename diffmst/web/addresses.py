"""Addresses: of the machine, and of the page."""

from __future__ import annotations

import ipaddress
import socket


def is_local(host: str) -> bool:
    """Whether a server that is bound to `host` can be reached from this machine only.

    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def page_url(host: str, port: int, token: str | None, session_id: str | None, *, secure: bool) -> str:
    """The address of the page, or of a session in it.

    >>> page_url("127.0.0.1", 8765, None, None, secure=False)
    'http://127.0.0.1:8765/'
    >>> page_url("192.168.1.7", 80, "secret", "0123", secure=True)
    'https://192.168.1.7:80/#/s/0123?token=secret'

    Args:
        host: that the server is bound to.
        port: likewise.
        token: that the page has to give.
        session_id: to open at once.
        secure: by TLS.
    """
    shown = f"[{host}]" if ":" in host else host
    if host in ("0.0.0.0", "::"):
        shown = outward_address()
    place = f"/s/{session_id}" if session_id else ""
    given = f"token={token}" if token else ""
    fragment = f"{place}?{given}" if place and given else place or given
    return f"http{'s' if secure else ''}://{shown}:{port}/{f'#{fragment}' if fragment else ''}"


def outward_address() -> str:
    """The address by which other machines most likely reach this one; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documents: no such machine
        except OSError:
            return socket.gethostname()
        address: str = probe.getsockname()[0]
        return address
