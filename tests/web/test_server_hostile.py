"""Hostile requests, byte for byte, to a real server: none is answered with what it wants, none ends the server."""

import http.client
from urllib.parse import urlsplit

import pytest
from serving import START_S

from diffmst.web import connections
from diffmst.web.server import MOST_CONNECTIONS

PATHS = [
    "/../../../../etc/passwd",
    "/assets/../../../../../../etc/passwd",
    "/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/....//....//etc/passwd",
    "//etc/passwd",
    "/assets//etc/passwd",
    "/%2fetc/passwd",
    "/index.html%00.js",
    "/%00",
    "/assets/%c0%ae%c0%ae/%c0%ae%c0%ae/app.py",
    "/../app.py",
    "/%2e%2e/app.py",
    "/..\\app.py",
    "/%5c..%5capp.py",
    "/templates/docs.html",
    "/api/../../etc/passwd",
    "/api/sessions/../about",
    "/api/sessions/{session}/files/../session.json",
    "/api/sessions/{session}/files/../../{session}/session.json",
    "/api/sessions/{session}/files/%2e%2e/session.json",
    "/api/sessions/{session}/files//etc/passwd",
    "/api/sessions/{session}/files/./../session.json",
    "/api/sessions/{session}/audio/../../session.json",
    "/api/sessions/%2e%2e/%2e%2e/etc/passwd",
    "/api/sessions/{session}%2f..%2f{session}",
    "/" + "a/" * 5_000,
    "/" + "%2e%2e%2f" * 3_000 + "etc/passwd",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:50])
def test_no_path_leads_to_a_file_that_is_not_served(send, session, path):
    status, received = send(f"GET {path.format(session=session)} HTTP/1.1")
    assert status in (400, 404, 414, 422, 431, 307, 405) or (b"text/html" in received and b'<div id="app">' in received)
    assert b"root:" not in received and b"import annotations" not in received and b'"stems"' not in received


@pytest.mark.parametrize(
    "head",
    [
        "GET /api/about HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1",
        "GET /api/about HTTP/1.1",
        "GET http://evil.example/api/about HTTP/1.1\r\nHost: evil.example",
        "GET /api/about HTTP/1.1\r\nHost: 127.0.0.1:80@evil.example",
        "GET /api/about HTTP/1.1\r\nHost: 127.0.0.1\r\n .evil.example",
        "GET /api/about HTTP/1.1\r\nHost:",
        "GET /api/about HTTP/1.0",
        b"GET /api/about HTTP/1.1\r\nHost: 127.0.0.1\xff",
        "GET /api/about HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example",
    ],
    ids=str,
)
def test_no_request_gets_in_by_another_name(send, head):
    status, received = send(head, host=False)
    assert status in (400, 403) and b'"version"' not in received


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50,  # the begin of TLS
        b"GET",
        b"BOGUS / HTTP/1.1",
        b"GET / HTTP/9.9",
        b"GET /\x00 HTTP/1.1",
        b"GET / HTTP/1.1\r\nA: " + b"x" * 200_000,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"C: d",
        b"GET / HTTP/1.1\r\nContent-Length: -1",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        b"POST /api/sessions HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        b"POST /api/sessions HTTP/1.1\r\nTransfer-Encoding: chunked, identity",
        b"GET / HTTP/1.1\r\n\x00: x",
        b"CONNECT evil.example:80 HTTP/1.1",
        b"TRACE /api/about HTTP/1.1",
        b"GET /api/about HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13",
        b"PRI * HTTP/2.0",
    ],
    ids=lambda raw: ascii(raw[:40]),
)
def test_what_is_hardly_http_ends_its_own_connection_only(send, raw):
    status, _ = send(raw)
    assert status < 500


def test_a_client_that_reads_nothing_holds_up_nobody(server, session):
    """It asks for much and never takes it; the others are answered."""
    where = urlsplit(server.url)
    slow = [server.connect() for _ in range(4)]
    for connection in slow:
        ask = f"GET /api/openapi.json HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n" * 20
        connection.sendall(ask.encode())
    assert server.client.get("/api/about").status_code == 200
    for connection in slow:
        connection.close()


def _hung_up(connection, sent=b""):
    """Whether a connection is closed at the other end, and no answer came before."""
    try:
        connection.sendall(sent)
        return connection.recv(1) == b""
    except (BrokenPipeError, ConnectionResetError):
        return True  # it was closed while we were still speaking
    finally:
        connection.close()


def test_whoever_says_nothing_is_hung_up_on_and_makes_room(server, monkeypatch):
    """More connections than the server takes, each with half a head or none."""
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    silent = [server.connect() for _ in range(MOST_CONNECTIONS + 10)]
    heads = [b"", b"GET / HTTP/1.1\r\nHost: 127"]
    assert all(_hung_up(connection, heads[number % 2]) for number, connection in enumerate(silent))
    assert server.client.get("/api/about").status_code == 200


def test_so_is_whoever_was_served_before_and_begins_what_never_ends(server, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=START_S)
    connection.request("GET", "/api/about")
    connection.getresponse().read()
    assert _hung_up(connection.sock, f"GET /api/about HTTP/1.1\r\nHost: {where.netloc}\r\n".encode())
