"""The API used by hand: the commands that its page shows, as they stand there, with nothing but a shell and curl."""

import html
import json
import re
import shutil
import subprocess

import pytest
from songs import write_song

PATIENCE_S = 300
"""Far above what a small match takes; a test that waits so long has failed."""

PLACEHOLDER = "0123456789abcdef"


@pytest.fixture
def shell(tmp_path):
    """Runs a command where stems/ and reference.wav lie; returns what it printed."""
    curl = shutil.which("curl")
    if curl is None or b"--json" not in subprocess.check_output([curl, "--help", "all"]):
        pytest.skip("no curl that knows --json, as 7.82 and later do")
    write_song(tmp_path / "stems", seconds=2)
    shutil.copy(tmp_path / "stems" / "keys.wav", tmp_path / "reference.wav")

    def run(command, **variables):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    return run


def test_a_song_is_matched_by_the_commands_that_the_page_shows(served, shell, tmp_path):
    page = served.client.get("/api/docs").text
    shown = html.unescape(re.search("<pre>(.*?)</pre>", page, re.DOTALL)[1]).splitlines()
    made, folder = "", ""
    for command in (line for line in shown if line and not line.startswith("#")):
        if command.startswith("S="):
            folder = command.removeprefix("S=").replace(PLACEHOLDER, made)
            continue
        quick = command.replace('{"kind": "match"}', '{"kind": "match", "options": {"steps": 0, "model": false}}')
        out = shell(quick.replace(PLACEHOLDER, made), S=folder)
        assert '"detail"' not in out, f"{command}: {out}"
        if "/jobs/" in command:
            assert json.loads(out)["state"] == "done", out
        if found := re.search(r'"id": ?"(\w{16})"', out):
            made = found[1]
    assert (tmp_path / "Ballad.wav").read_bytes().startswith(b"RIFF")
    jobs = {job["kind"] for job in served.client.get(f"{folder}/jobs").json()}
    assert {"match", "render", "export"} <= jobs


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "mach"}, "kind: must be one of prepare, balance, match, "),
        ({}, "kind: is missing"),
        ({"kind": "match", "options": {"step": 6}}, "options.step: there is no such key"),
        ({"kind": "match", "options": {"steps": -1}}, "options.steps: should be greater than or equal to 0, got -1"),
    ],
    ids=str,
)
def test_a_job_that_is_none_is_told_with_its_remedy(served, body, said):
    answer = served.client.post(f"/api/sessions/{served.new_session()}/jobs", json=body)
    assert answer.status_code == 422 and said in answer.json()["detail"]
