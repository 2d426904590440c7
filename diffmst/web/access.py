"""Who may use the server: the names it answers to, the pages it answers, and the token it may demand."""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")
_FOREIGN_SITES = ("cross-site", "same-site")


@dataclass(frozen=True)
class Access:
    """Who may use the server.

    A page of another site that a browser on this machine shows can send requests to any address, 127.0.0.1 included.
    Such a request tells its origin, which is then not ours; or the site has its own name resolve to this address (DNS
    rebinding), and then the Host header is that name: so only names that cannot be anybody else's are served.

    Attributes:
        token: demanded of every use of the API; None where only this machine can reach it.
        remote: other machines may use it, by any address of this one, and by its names.
        names: that it is reached by too, in lower case.
        secure: it is reached by TLS only.
        cookie: name of the cookie that holds the token.
    """

    token: str | None = None
    remote: bool = False
    names: frozenset[str] = field(default=frozenset())
    secure: bool = False
    cookie: str = "diffmst"

    def serves_host(self, authority: str) -> bool:
        """Whether a Host header is one that we are reached by; on any port, as tunnels have ports of their own."""
        matched = _AUTHORITY.fullmatch(authority)
        if not matched:
            return False
        host = matched["host"].lower().strip("[]").removesuffix(".")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return host == "localhost" or host in self.names
        return self.remote or address.is_loopback

    def is_ours(self, headers: Headers) -> bool:
        """Whether a request comes from our own page, or from no page at all."""
        if headers.get("sec-fetch-site", "none") in _FOREIGN_SITES:
            return False
        origin = headers.get("origin")
        if origin is None:
            return True
        scheme, separator, authority = origin.partition("://")
        return bool(separator) and scheme in ("http", "https") and authority.lower() == headers["host"].lower()

    def admits(self, headers: Headers) -> bool:
        """Whether a request brings the token, where one is demanded."""
        if self.token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(given.strip()):
            return True
        return self.is_token(self._from_cookie(headers))

    def is_token(self, given: str) -> bool:
        """Whether it is the token; takes equally long whatever is given."""
        return self.token is None or secrets.compare_digest(given.encode(errors="replace"), self.token.encode())

    def _from_cookie(self, headers: Headers) -> str:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return ""
        return morsel.value if morsel else ""


def local_access() -> Access:
    """For this machine only."""
    return Access()


def remote_access(host: str, *, port: int, secure: bool) -> Access:
    """For other machines: demands a new token.

    Args:
        host: that the server is bound to, as the user says it.
        port: likewise; cookies do not tell ports apart, so their name does.
        secure: reached by TLS.
    """
    own = socket.gethostname().lower().removesuffix(".")
    names = {own, f"{own.partition('.')[0]}.local", host.lower()}
    return Access(secrets.token_urlsafe(24), True, frozenset(names), secure, f"diffmst-{port}")
