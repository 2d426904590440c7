"""Who is let in: by the name of the server, the origin of the page, and the token."""

import re

import pytest
from fastapi.testclient import TestClient
from serving import Idle
from starlette.websockets import WebSocketDisconnect

from diffmst.web.access import Access
from diffmst.web.app import create_app
from diffmst.web.guard import HEADERS, LOGIN, PAGE_POLICY

TOKEN = "a-token-that-nobody-guesses"
OPEN = Access()
GUARDED = Access(token=TOKEN, remote=True, names=frozenset({"studio.local"}), cookie="diffmst-8765")


@pytest.fixture
def guarded(store):
    """A server for other machines."""
    with TestClient(create_app(store, static=None, access=GUARDED, runner=Idle), base_url="http://10.0.0.5:8765") as it:
        yield it


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8765", "localhost:9000", "[::1]:8765", "LOCALHOST", "127.0.0.2"]
)
def test_this_machine_is_served_by_its_own_names_on_any_port(host):
    assert OPEN.serves_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.5",
        "0.0.0.0",
        "",
        "127.0.0.1:8765:1",
        "user@127.0.0.1",
        "127.0.0.1/evil",
        "127.0.0.1 evil",
        "[::1",
        "2130706433",
        "127.1",
        "[::ffff:10.0.0.5]",
    ],
)
def test_a_name_that_may_be_anybodys_is_not_served(host):
    assert not OPEN.serves_host(host)


def test_other_machines_use_any_address_of_this_one_and_its_names_but_no_other_name():
    assert GUARDED.serves_host("10.0.0.5:8765") and GUARDED.serves_host("Studio.local:8765")
    assert not GUARDED.serves_host("evil.example:8765")


@pytest.mark.parametrize("path", ["/api/about", "/", "/api/openapi.json"])
def test_dns_rebinding_is_refused_everywhere(client, path):
    answer = client.get(path, headers={"Host": "evil.example:8765"})
    assert answer.status_code == 403 and "Host" in answer.json()["detail"]


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:3000"},  # another server of this machine
    {"Origin": "file://"},
    {"Origin": "http://127.0.0.1:8765.evil.example"},
    {"Origin": "ftp://127.0.0.1:8765"},
    {"Origin": "http://[127.0.0.1:8765"},
    {"Origin": "http:/127.0.0.1:8765"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/sessions"), ("GET", "/api/sessions"), ("GET", "/api/about")]
)
def test_pages_of_other_sites_are_refused(client, method, path, headers):
    answer = client.request(method, path, headers=headers, json={} if method == "POST" else None)
    assert answer.status_code == 403
    assert client.get("/api/sessions").json() == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://127.0.0.1:8765"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
    ids=str,
)
def test_our_own_page_and_programs_are_let_in(client, headers):
    assert client.post("/api/sessions", json={}, headers=headers).status_code == 201


def test_no_page_elsewhere_may_read_the_answers(client):
    answer = client.options(
        "/api/sessions", headers={"Origin": "http://127.0.0.1:8765", "Access-Control-Request-Method": "PUT"}
    )
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer \xff\xfe"},
        {"Cookie": "diffmst-8765=wrong"},
        {"Cookie": f"diffmst={TOKEN}"},
        {"Cookie": ";;=\x00;"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/api/about", "/api/sessions", "/api/docs", "/api/openapi.json", "/api/nothing"])
def test_without_the_token_nothing_of_the_api_is_told(guarded, path, headers):
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = guarded.get(path, headers=raw)
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.text


def test_nor_does_any_operation_work_but_the_login(guarded):
    operations = [(method, path) for path, item in guarded.app.openapi()["paths"].items() for method in item]
    codes = {
        (method, path): guarded.request(method, re.sub(r"\{\w+\}", "0" * 16, path)).status_code
        for method, path in operations
    }
    assert codes.pop(("post", LOGIN)) == 422 and set(codes.values()) == {401} and len(codes) > 20


def test_the_token_opens_the_api_for_programs(guarded):
    assert guarded.get("/api/about", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_page_trades_the_token_for_a_cookie_that_scripts_and_other_sites_never_see(guarded):
    answer = guarded.post("/api/login", json={"token": TOKEN})
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/api", "diffmst-8765="))
    assert guarded.get("/api/about").status_code == 200


def test_a_wrong_token_gives_no_cookie(guarded):
    answer = guarded.post("/api/login", json={"token": "wrong \ud800".encode(errors="replace").decode()})
    assert answer.status_code == 401 and "set-cookie" not in answer.headers


def test_by_tls_the_cookie_never_goes_out_in_the_clear(store):
    access = Access(token=TOKEN, remote=True, secure=True)
    with TestClient(create_app(store, static=None, access=access, runner=Idle), base_url="https://10.0.0.5") as it:
        assert "Secure" in it.post("/api/login", json={"token": TOKEN}).headers["set-cookie"]


@pytest.mark.parametrize("path", ["/api/about", "/api/nothing", "/nothing", "/api/sessions/0123456789abcdef"])
def test_every_answer_has_its_headers(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"] == PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY and "*" not in PAGE_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


def test_refusals_have_them_too(client):
    headers = client.get("/api/about", headers={"Host": "evil.example"}).headers
    assert headers["content-security-policy"] == PAGE_POLICY and headers["cache-control"] == "no-store"


def test_so_has_a_fault_of_ours_which_tells_nothing_of_itself(app, monkeypatch):
    monkeypatch.setattr(app.state.server.store, "sessions", lambda: 1 // 0)
    with TestClient(app, base_url="http://127.0.0.1:8765", raise_server_exceptions=False) as asking:
        answer = asking.get("/api/sessions")
    assert answer.status_code == 500 and "ZeroDivision" not in answer.text
    assert all(answer.headers[name] == value for name, value in HEADERS.items())


def test_websockets_are_refused(client):
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/api/about"):
        pass
    assert refused.value.code == 1008
