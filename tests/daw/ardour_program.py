"""Ardour itself, without screen or sound card: renders sessions, and loads and saves them again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile

VERSIONS = range(12, 6, -1)
# ardour7-export 7.3 breaks its own heap in one run of six or so of one and the same session, and dies of it.
ATTEMPTS = 5
LONGEST_S = 300


def ardour(tool):
    """The path of `ardour<version>-<tool>` of the newest Ardour; skips the test where there is none."""
    found = filter(None, (shutil.which(f"ardour{version}-{tool}") for version in VERSIONS))
    path = next(found, None)
    if path is None:
        pytest.skip(f"no ardour<version>-{tool} here; on Debian: apt-get install ardour lsp-plugins-lv2")
    return path


def render(session, home):
    """What Ardour makes of a session, [frames, 2], and its sample rate."""
    tool, out, said = ardour("export"), home / "rendered.wav", ""
    rate = str(soundfile.info(next(session.parent.rglob("audiofiles/*.wav"))).samplerate)
    command = [tool, "-b", "float", "-s", rate, "-o", str(out), str(session.parent), session.stem]
    for _ in range(ATTEMPTS):
        out.unlink(missing_ok=True)
        done = _run(command, home)
        said = done.stdout + done.stderr
        if done.returncode == 0 and out.exists():
            return soundfile.read(out, always_2d=True)[0]
    raise AssertionError(f"{tool} failed {ATTEMPTS} times: {said[-2000:]}")


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
