"""Hostile bodies, to a real server: too long, endless, slow, broken off, or JSON that hurts; and honest mistakes."""

import http.client
import json
import threading
from urllib.parse import urlsplit

import pytest
from serving import START_S
from songs import write_song

from diffmst.web.guard import MOST_JSON_BYTES


def test_a_length_of_ten_gigabytes_is_refused_at_once(send, session):
    head = f"PUT /api/sessions/{session}/stems/a.wav HTTP/1.1\r\nContent-Length: 10000000000"
    assert send(head)[0] == 413


@pytest.mark.parametrize("length", ["99999999999999999999999999", "1e3", "+5", "0x10", "٣"])
def test_a_length_that_is_none_is_refused(send, session, length):
    head = f"PUT /api/sessions/{session}/stems/a.wav HTTP/1.1\r\nContent-Length: ".encode() + length.encode()
    assert send(head, b"RIFF")[0] in (400, 413)


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        ("a.exe", {}, 415),
        ("a.wav", {}, 413),
        ("a.wav", {"Origin": "http://evil.example"}, 403),
        ("a.wav", {"Transfer-Encoding": "chunked"}, 413),
    ],
    ids=str,
)
def test_whoever_is_still_sending_hears_why_it_is_refused(server, session, name, headers, status):
    """More than all buffers on the way hold, from a client that reads nothing before it has sent all."""
    where, body = urlsplit(server.url), bytes(24 << 20)
    for _ in range(3):
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=START_S)
        chunked = "Transfer-Encoding" in headers
        content = iter([body]) if chunked else body
        connection.request("PUT", f"/api/sessions/{session}/stems/{name}", content, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        assert answer.status == status and json.load(answer)["detail"]
        connection.close()


def test_so_does_json_that_is_too_large(server):
    body = b'{"title": "' + b"x" * (2 * MOST_JSON_BYTES) + b'"}'
    answer = server.client.post("/api/sessions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413 and "16 MB" in answer.json()["detail"]


def test_whoever_asks_before_sending_is_refused_at_once(send, session):
    head = f"PUT /api/sessions/{session}/stems/a.exe HTTP/1.1\r\nContent-Length: 9999\r\nExpect: 100-continue"
    status, received = send(head)
    assert status == 415 and b"100 Continue" not in received


def _chunks(count=1_000):
    """Chunks of 64 kB, 64 MB of them."""
    for _ in range(count):
        yield b"10000\r\n" + bytes(0x10000) + b"\r\n"


def test_a_body_without_end_is_cut(send, session, server):
    head = f"PUT /api/sessions/{session}/stems/a.wav HTTP/1.1\r\nTransfer-Encoding: chunked"
    assert send(head, _chunks())[0] == 413
    assert list(server.store.get(session).incoming_folder.iterdir()) == []


def test_so_is_json_without_end(send):
    head = "POST /api/sessions HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
    assert send(head, _chunks())[0] == 413


def test_a_body_that_never_comes_is_given_up(send, session, server):
    head = f"PUT /api/sessions/{session}/stems/a.wav HTTP/1.1\r\nContent-Length: 1000"
    assert send(head, b"RIFF")[0] == 408
    assert list(server.store.get(session).incoming_folder.iterdir()) == []


def test_a_connection_that_breaks_off_leaves_nothing(server, session):
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=START_S)
    connection.putrequest("PUT", f"/api/sessions/{session}/stems/broken.wav")
    connection.putheader("Content-Length", "100000")
    connection.endheaders(b"RIFF" * 1_000)
    connection.close()
    folder = server.store.get(session).incoming_folder
    gone = threading.Event()
    for _ in range(200):
        if not list(folder.iterdir()):
            break
        gone.wait(0.05)
    assert list(folder.iterdir()) == []
    assert "broken" not in str(server.json("GET", f"/api/sessions/{session}"))


def test_five_thousand_files_are_three_that_fit(server, tmp_path):
    """The limit is five; the rest is refused before a byte is read."""
    session = server.new_session()
    content = (write_song(tmp_path / "song", seconds=0.01) / "bass.wav").read_bytes()
    codes = [
        server.client.put(f"/api/sessions/{session}/stems/{number}.wav", content=content).status_code
        for number in range(50)
    ]
    assert codes == [201] * 5 + [409] * 45


JSON = {
    "large": b'{"title": "' + b"x" * (MOST_JSON_BYTES + 1) + b'"}',
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "deep ui": b'{"ui": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    "NaN": b'{"title": NaN}',
    "infinite": b'{"window": {"start_s": 1e999, "reference_start_s": 0, "seconds": 5}}',
    "not a number in ui": b'{"ui": {"a": NaN}}',
    "digits": b'{"title": ' + b"9" * 100_000 + b"}",
    "half a character": b'{"title": "\\ud800"}',
    "half a character in ui": b'{"ui": {"\\udfff": 1}}',
    "NUL": b'{"title": "a\\u0000b"}',
    "not UTF-8": b'{"title": "\xff"}',
    "twice": b'{"title": "a", "title": 5}',
    "nothing": b"",
    "a list": b"[]",
    "a word": b"null",
    "broken": b'{"title": ',
    "many keys": json.dumps({"ui": {str(n): n for n in range(20_000)}}).encode(),
    "prototype": b'{"__proto__": {"title": "x"}, "constructor": 1}',
}


@pytest.mark.parametrize("body", JSON.values(), ids=JSON)
def test_json_that_hurts_is_refused_in_one_line(send, session, body):
    head = f"PATCH /api/sessions/{session} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    status, received = send(head, body)
    assert 400 <= status < 500
    assert "\n" not in json.loads(received.partition(b"\r\n\r\n")[2])["detail"]


UNKIND = [
    ("POST", "/api/sessions", "text/plain", '{"title": "A"}', "with the header `Content-Type: application/json`"),
    ("PATCH", "/api/sessions/{session}", "application/json", "", "the body is missing"),
    ("POST", "/api/sessions", "application/json", '{"title": ', "not JSON: Expecting value, at character"),
    ("GET", "/api/sessions/nope", "", "", "there is no session nope"),
    ("GET", "/api/nope", "", "", "there is no such address; GET /api/docs lists"),
    ("PUT", "/api/sessions", "", "", "PUT is not for this address"),
]


@pytest.mark.parametrize(("method", "path", "kind", "body", "said"), UNKIND, ids=lambda part: part[:30])
def test_an_honest_mistake_is_told_with_its_remedy(server, session, method, path, kind, body, said):
    headers = {"Content-Type": kind} if kind else {}
    answer = server.client.request(method, path.format(session=session), content=body, headers=headers)
    assert 400 <= answer.status_code < 500 and said in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_json_that_a_form_of_another_site_could_send_is_none(send, kind):
    body = b'{"title": "x"}'
    status, _ = send(f"POST /api/sessions HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}", body)
    assert status == 422
