"""Downloads: from the mix folder of a session, and from nowhere else."""

import os
import socket

import pytest


@pytest.fixture
def folder(store, session_id):
    """The mix folder with a render, a page and an export."""
    folder = store.get(session_id).mix_folder
    (folder / "daw" / "ardour").mkdir(parents=True)
    (folder / "mix.wav").write_bytes(b"RIFF" * 10)
    (folder / "report.html").write_text("<script>alert(1)</script>")
    (folder / "daw" / "ardour" / "Säng.ardour").write_text("<Session/>")
    (folder / ".revision.json").write_text("{}")
    return folder


@pytest.fixture
def address(folder, session_id):
    return f"/api/sessions/{session_id}/files"


def test_files_are_listed_with_their_sizes_and_where_they_lie(client, address, folder):
    told = client.get(address).json()
    assert told["folder"] == str(folder)
    assert [(file["path"], file["bytes"]) for file in told["files"]] == [
        ("daw/ardour/Säng.ardour", 10),
        ("mix.wav", 40),
        ("report.html", 25),
    ]


def test_before_anything_was_made_the_list_is_empty(client, session_id):
    assert client.get(f"/api/sessions/{session_id}/files").json()["files"] == []


@pytest.mark.parametrize("path", ["mix.wav", "daw/ardour/Säng.ardour", "report.html"])
def test_a_file_is_an_attachment_that_runs_nothing(client, address, folder, path):
    answer = client.get(f"{address}/{path}")
    assert answer.content == (folder / path).read_bytes()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_report_may_be_looked_at_but_stays_in_its_sandbox(client, address):
    answer = client.get(f"{address}/report.html", params={"view": True})
    assert answer.headers["content-disposition"].startswith("inline")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'") and "allow-scripts" not in policy


def test_sound_is_never_shown(client, address):
    assert (
        client.get(f"{address}/mix.wav", params={"view": True}).headers["content-disposition"].startswith("attachment")
    )


def test_a_part_of_a_file_may_be_asked_for(client, address):
    answer = client.get(f"{address}/mix.wav", headers={"Range": "bytes=4-7"})
    assert answer.status_code == 206 and answer.content == b"RIFF"


@pytest.mark.parametrize(
    "ranged", ["bytes=1000-2000", "bytes=-0", "bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=0-1," * 500]
)
def test_a_part_that_is_none_is_no_error_of_ours(client, address, ranged):
    assert client.get(f"{address}/mix.wav", headers={"Range": ranged}).status_code in (200, 206, 400, 416)


CLIMBING = [
    "..%2fsession.json",
    "%2e%2e/session.json",
    "%2e%2e%2fsession.json",
    "..%5csession.json",
    "daw%2f..%2f..%2fsession.json",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "C:%5cWindows%5cwin.ini",
    "mix.wav%00.html",
    "%00",
    "mix.wav/",
    "daw",
    "daw/",
    ".revision.json",
    "....//session.json",
    "..;/session.json",
    "%c0%ae%c0%ae/session.json",
    "%252e%252e%252fsession.json",
    "mix.wav:stream",
    "x" * 300,
    "x/" * 900,
]


@pytest.mark.parametrize("path", CLIMBING, ids=lambda path: path[:30] or "nothing")
def test_no_path_leaves_the_folder(client, address, path):
    answer = client.get(f"{address}/{path}")
    assert answer.status_code in (404, 422, 307) or answer.url.path.endswith("/files")
    assert "root:" not in answer.text and '"title"' not in answer.text


@pytest.fixture
def secret(tmp_path):
    """A file beside the sessions."""
    path = tmp_path / "secret.txt"
    path.write_text("secret")
    return path


def test_links_are_neither_listed_nor_followed(client, address, folder, secret):
    (folder / "link.txt").symlink_to(secret)
    (folder / "parent").symlink_to(secret.parent)
    (folder / "inside.wav").symlink_to(folder / "mix.wav")
    assert all(
        "link" not in file["path"] and "parent" not in file["path"] for file in client.get(address).json()["files"]
    )
    for path in ("link.txt", "parent/secret.txt", "inside.wav"):
        assert client.get(f"{address}/{path}").status_code == 404


def test_a_mix_folder_that_is_a_link_shows_nothing(client, store, session_id, secret):
    store.get(session_id).mix_folder.symlink_to(secret.parent)
    assert client.get(f"/api/sessions/{session_id}/files").json()["files"] == []
    assert client.get(f"/api/sessions/{session_id}/files/secret.txt").status_code == 404


def test_pipes_and_sockets_are_no_files(client, address, folder, monkeypatch):
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # names of sockets may have a hundred letters, and those of test folders have more
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    assert {file["path"] for file in client.get(address).json()["files"]}.isdisjoint({"pipe", "socket"})
    assert [client.get(f"{address}/{name}").status_code for name in ("pipe", "socket")] == [404, 404]


def test_only_reading_is_possible(client, address):
    assert [client.request(method, f"{address}/mix.wav").status_code for method in ("PUT", "DELETE", "POST")] == [
        405
    ] * 3
