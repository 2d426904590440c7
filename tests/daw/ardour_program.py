"""Ardour itself, without screen or sound card: renders sessions, and loads and saves them again."""

import numpy as np
import pytest

from bench import ardour


def needs(name):
    """The path of `ardour<version>-<name>`; skips the test where there is none."""
    path = ardour.tool(name)
    if path is None:
        pytest.skip(f"no ardour<version>-{name} here; on Debian: apt-get install ardour ardour-lv2-plugins")
    return path


def difference(session, home, expected, bound):
    """How far Ardour's render of a session is from what is expected, [frames, 2], at most; full scale is 1.

    Args:
        session: its file.
        home: a folder for all that Ardour writes.
        expected: [frames, 2].
        bound: no further attempt is made below it.
    """
    needs("export")
    found = []
    for rendered in ardour.renders(session, home):
        assert rendered.audio.shape == expected.shape
        found.append(np.abs(rendered.audio - expected).max())
        if found[-1] < bound:
            break
    return min(found)


def save_again(session, home, commands=""):
    """Has Ardour load a session, do something to it in Lua, where it is called `s`, and save it."""
    run_lua(
        f"""
        AudioEngine:set_backend("None (Dummy)", "", "")
        s = load_session([==[{session.parent}]==], [==[{session.stem}]==])
        assert(s)
        {commands}
        s:save_state("", false, false, false, false, false)
        close_session()
        """,
        home,
    )


def run_lua(commands, home):
    """Has Ardour run some Lua."""
    script = home / "commands.lua"
    script.write_text(f'{commands}\nprint("done")\nquit()\n', encoding="utf-8")
    for _ in range(ardour.ATTEMPTS):
        done = ardour.run([needs("lua"), str(script)], home)
        if "\ndone" in f"\n{done.stdout}":
            return
    raise AssertionError(f"ardour-lua failed {ardour.ATTEMPTS} times: {(done.stdout + done.stderr)[-2000:]}")
