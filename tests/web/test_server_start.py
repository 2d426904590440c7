"""`diffmst serve` as it is started and ended: its address, its port, the browser, Ctrl-C and worse."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from songs import write_song

from diffmst import cli, cli_serve
from diffmst.cli import main
from diffmst.errors import UserError
from diffmst.mix import Mix
from diffmst.web.access import remote_access
from diffmst.web.addresses import is_local, outward_address, page_url
from diffmst.web.server import FIRST_PORT, Certificate, _check, bound_socket

PATIENCE_S = 60.0
"""Far above what a start takes; a test that waits so long has failed."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@contextlib.contextmanager
def started(folder, *options):
    """`diffmst serve` as a process of its own; yields it and the address that it printed."""
    command = [sys.executable, "-m", "diffmst", "serve", "--no-open", "--folder", folder, *options]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, line.partition(": the console")[0]
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def asked(url, method="GET", body=None, token=None):
    """JSON of a running server."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(
        urllib.request.Request(url, data, headers, method=method), timeout=PATIENCE_S
    ) as answer:
        return json.load(answer)


@posix
def test_it_prints_one_line_serves_and_ends_cleanly_by_ctrl_c(tmp_path):
    with started(tmp_path) as (process, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            assert answer.headers["content-type"].startswith("text/html")
        assert asked(f"{url}api/sessions", "POST", {})["title"] == "New song"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, "", "")


@posix
def test_a_server_that_was_killed_in_the_middle_loses_nothing_that_was_saved(tmp_path):
    with started(tmp_path) as (process, url):
        session = asked(f"{url}api/sessions", "POST", {"title": "Ballad"})["id"]
        asked(f"{url}api/sessions/{session}", "PATCH", {"ui": {"zoom": 3}})
        where = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1].strip("/"))), PATIENCE_S)
        head = f"PUT /api/sessions/{session}/stems/a.wav HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n"
        where.sendall(f"{head}RIFF".encode())
        deadline = time.monotonic() + PATIENCE_S
        while not list(tmp_path.glob("*/incoming/*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        process.wait(PATIENCE_S)
        where.close()
    with started(tmp_path) as (process, url):
        told = asked(f"{url}api/sessions/{session}")
        assert (told["title"], told["ui"], told["stems"]) == ("Ballad", {"zoom": 3}, [])


@pytest.fixture
def document(tmp_path):
    """A mix.json of the user's, beside the stem that it is of."""
    write_song(tmp_path / "stems", seconds=0.2)
    track = {"name": "bass", "path": "../stems/bass.wav", "sha256": "0" * 64, "channels": 1}
    path = tmp_path / "mix" / "mix.json"
    path.parent.mkdir()
    path.write_text(Mix.model_validate({"sample_rate": 22_050, "tracks": [track]}).to_json())
    return path


@posix
def test_a_document_opens_in_a_session_of_its_own(document, tmp_path):
    with started(tmp_path / "sessions", document) as (_, url):
        base, _, session = url.partition("#/s/")
        assert asked(f"{base}api/sessions/{session}/mix")["mix"]["tracks"][0]["name"] == "bass"
        file = asked(f"{base}api/sessions/{session}")["stems"][0]["file"]
    assert file == str(tmp_path / "stems" / "bass.wav")


@posix
def test_a_server_that_was_killed_while_it_saved_has_every_change_that_it_has_answered(document, tmp_path):
    """Killed after some saves, wherever the next one is by then; what it answered stands, or what was sent after it."""
    sent, answered = [0.0], [1]

    def save_on_and_on(address, told):
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):  # it is dead, or was in mid-answer
            while True:
                sent.append(-len(sent) / 100)
                told["mix"]["tracks"][0]["settings"]["fader.gain_db"] = sent[-1]
                told["revision"] = asked(address, "PUT", told)["revision"]
                answered.append(told["revision"])

    with started(tmp_path / "sessions", document) as (process, url):
        base, _, session = url.partition("#/s/")
        address = f"{base}api/sessions/{session}/mix"
        saving = threading.Thread(target=save_on_and_on, args=(address, asked(address)))
        saving.start()
        while len(answered) < 5 and saving.is_alive():
            time.sleep(0.001)
        process.kill()
        saving.join()
    with started(tmp_path / "sessions", document) as (_, url):
        told = asked(url.replace("#/s/", "api/sessions/") + "/mix")
    gain_db = told["mix"]["tracks"][0]["settings"]["fader.gain_db"]
    assert (told["revision"], gain_db) in [(answered[-1], sent[-2]), (answered[-1] + 1, sent[-1])]


@posix
def test_other_machines_need_the_token_of_the_address(tmp_path):
    with started(tmp_path, "--host", "0.0.0.0") as (_, url):
        base, _, token = url.partition("#token=")
        local = re.sub("//[^:]+:", "//127.0.0.1:", base)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            asked(f"{local}api/sessions")
        assert asked(f"{local}api/sessions", token=token) == [] and len(token) >= 32


@pytest.fixture
def taken():
    """A port that is in use."""
    with bound_socket("127.0.0.1", 0) as bound:
        yield bound.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_taken_is_told_in_one_line(taken, tmp_path, capsys):
    assert main(["serve", "--no-open", "--port", str(taken), "--folder", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--port {taken}: is in use" in line


def test_a_port_that_was_not_asked_for_is_the_next_that_is_free():
    with bound_socket("127.0.0.1", None) as first, bound_socket("127.0.0.1", None) as second:
        ports = [bound.getsockname()[1] for bound in (first, second)]
    assert FIRST_PORT <= ports[0] < ports[1]


def test_an_address_that_is_not_of_this_machine_is_told():
    with pytest.raises(UserError, match=r"--host 192\.0\.2\.1"):
        bound_socket("192.0.2.1", 0)


def test_a_host_that_nobody_knows_is_told():
    with pytest.raises(UserError, match="no-such-host"):
        bound_socket("no-such-host.invalid", 0)


@pytest.mark.parametrize("options", [["--tls-cert", "cert.pem"], ["--tls-key", "key.pem"]])
def test_certificate_and_key_belong_together(options, tmp_path, capsys):
    assert main(["serve", "--no-open", "--folder", str(tmp_path), *options]) == 2
    assert "give both" in capsys.readouterr().err


def test_a_certificate_that_is_none_is_told(tmp_path):
    (tmp_path / "cert.pem").write_text("x")
    with pytest.raises(UserError, match=r"cert\.pem"):
        _check(Certificate(tmp_path / "cert.pem", tmp_path / "key.pem"))


def test_a_document_that_is_none_is_told(tmp_path, capsys):
    assert main(["serve", "--no-open", "--folder", str(tmp_path), str(tmp_path / "no.json")]) == 2
    assert "no.json: no such file" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_an_address_of_this_machine_alone_needs_no_token(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "studio.local", "localhost.evil.example"])
def test_any_other_does(host):
    assert not is_local(host)
    access = remote_access(host, port=8765, secure=False)
    assert access.token and access.token != remote_access(host, port=8765, secure=False).token


def test_the_address_of_an_open_server_is_one_that_others_can_type():
    assert page_url("0.0.0.0", 80, None, None, secure=False) == f"http://{outward_address()}:80/"
    assert page_url("fe80::1", 80, None, None, secure=False) == "http://[fe80::1]:80/"


def test_the_browser_is_opened_when_the_server_answers_unless_told_otherwise(monkeypatch, tmp_path):
    opened = []

    class Server:
        def __init__(self, app, bound, tls, ready):
            self.run_here = ready

    monkeypatch.setattr("diffmst.web.server.Server", Server)
    monkeypatch.setattr(cli_serve, "_open", opened.append)
    assert (
        main(["serve", "--folder", str(tmp_path)]) == 0 and main(["serve", "--no-open", "--folder", str(tmp_path)]) == 0
    )
    assert len(opened) == 1 and opened[0].startswith("http://127.0.0.1:")


def test_mix_opens_its_result(monkeypatch, tmp_path, song, reference):
    opened = []
    monkeypatch.setattr(cli.cli_serve, "serve_sessions", opened.append)
    out = tmp_path / "mix"
    options = ["-r", str(reference), "-o", str(out), "--steps", "0", "--model", "none", "--open"]
    assert main(["mix", str(song), *options]) == 0
    assert opened == [out / "mix.json"]
