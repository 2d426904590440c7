"""Ardour itself, without screen or sound card: renders sessions, and loads and saves them again."""

import math
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

VERSIONS = range(12, 6, -1)
# ardour7-export 7.3 breaks its own heap in one run of six or so of one and the same session, and dies of it, or begins
# a few samples off. Ardour itself plays the session well.
ATTEMPTS = 5
LONGEST_S = 300


def ardour(tool):
    """The path of `ardour<version>-<tool>` of the newest Ardour; skips the test where there is none."""
    found = filter(None, (shutil.which(f"ardour{version}-{tool}") for version in VERSIONS))
    path = next(found, None)
    if path is None:
        pytest.skip(f"no ardour<version>-{tool} here; on Debian: apt-get install ardour lsp-plugins-lv2")
    return path


def difference(session, home, expected, bound):
    """How far Ardour's render of a session is from what is expected, [frames, 2], at most; full scale is 1.

    Args:
        session: its file.
        home: a folder for all that Ardour writes.
        expected: [frames, 2].
        bound: no further attempt is made below it.
    """
    tool, out = ardour("export"), home / "rendered.wav"
    rate = str(soundfile.info(next(session.parent.rglob("audiofiles/*.wav"))).samplerate)
    found = math.inf
    for _ in range(ATTEMPTS):
        out.unlink(missing_ok=True)
        done = _run([tool, "-b", "float", "-s", rate, "-o", str(out), str(session.parent), session.stem], home)
        if done.returncode == 0 and out.exists():
            rendered, _ = soundfile.read(out, always_2d=True)
            assert rendered.shape == expected.shape
            found = min(found, float(np.abs(rendered - expected).max()))
        if found < bound:
            break
    assert math.isfinite(found), f"{tool} failed {ATTEMPTS} times: {(done.stdout + done.stderr)[-2000:]}"
    return found


def save_again(session, home, commands=""):
    """Has Ardour load a session, do something to it in Lua, where it is called `s`, and save it."""
    script = home / "save.lua"
    script.write_text(
        f"""
        AudioEngine:set_backend("None (Dummy)", "", "")
        s = load_session("{session.parent}", "{session.stem}")
        assert(s)
        {commands}
        s:save_state("", false, false, false, false, false)
        print("saved")
        close_session()
        quit()
        """
    )
    for _ in range(ATTEMPTS):
        done = _run([ardour("lua"), str(script)], home)
        if "\nsaved" in done.stdout:
            return
    raise AssertionError(f"ardour-lua failed {ATTEMPTS} times: {(done.stdout + done.stderr)[-2000:]}")


def _run(command, home):
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(Path(home) / ".config")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False)
