"""A server that is killed in the middle of a job, and started again."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from job_sessions import ENOUGH_S, RecordingHub, contents, done, leftovers, session_with_song, wait_for

from diffmst.web.jobs.runner import Runner
from diffmst.web.store import Store

SERVER = """
    import sys, time
    from pathlib import Path
    from job_sessions import RecordingHub, wait_for
    from diffmst.web.jobs.runner import Runner
    from diffmst.web.store import Store

    if __name__ == "__main__":
        store, hub = Store(Path(sys.argv[1])), RecordingHub()
        (session,) = store.sessions()
        runner = Runner(store, hub)
        runner.start()
        runner.add(session, "match", {"steps": 2000, "model": False})
        wait_for(lambda: hub.of_type("distance"))
        print(runner.worker_pid, flush=True)
        time.sleep(1000)
"""


def alive(process: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes by /proc")
def test_the_session_is_as_it_was_and_the_work_has_ended(tmp_path):
    store = Store(tmp_path / "sessions")
    session = session_with_song(store)
    before = contents(session.folder)
    script = tmp_path / "server.py"
    script.write_text(textwrap.dedent(SERVER), encoding="utf-8")
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    server = subprocess.Popen(
        [sys.executable, script, store.root],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    try:
        worker = int(server.stdout.readline())
    finally:
        server.send_signal(signal.SIGKILL)
        server.communicate(timeout=ENOUGH_S)
    assert leftovers(session.folder)  # it was in the middle of it
    wait_for(lambda: not alive(worker), "the end of the working process")

    runner = Runner(Store(store.root), RecordingHub())
    runner.start()
    try:
        wait_for(lambda: not leftovers(session.folder), "the sweeping")
        assert contents(session.folder) == before
        assert runner.jobs(session) == []
        done(runner, session, "prepare")
    finally:
        runner.close()
