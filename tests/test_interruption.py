"""Whatever ends the work before its time, nothing half-written remains."""

import contextlib
import os
import signal
import subprocess
import sys
from functools import partial

import pytest
from songs import RATE, write_song

from diffmst import cli, demo, terminal
from diffmst.dsp import recurrence
from diffmst.errors import UserError

SMALL = ("--steps", "1")


def contents(folder):
    """All that lies in a folder, hidden files too, with what is in it."""
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


class Interrupter:
    """Progress that raises an exception in one phase: when it begins, when it first goes on, or when it is over."""

    def __init__(self, phase, moment, exception):
        self._phase, self._moment, self._exception = phase, moment, exception
        self.reached = False

    def _interrupt(self, moment):
        if moment == self._moment:
            self.reached = True
            raise self._exception

    @contextlib.contextmanager
    def phase(self, description, total):
        is_meant = description.startswith(self._phase)
        if is_meant:
            self._interrupt("begin")
        yield lambda amount: self._interrupt("middle") if is_meant else None
        if is_meant:
            self._interrupt("end")


@pytest.fixture
def interrupted(monkeypatch, capsys):
    """Calls a command that is interrupted in a phase; returns its exit code and the lines of stdout and stderr."""

    def run(phase, moment, *arguments, exception=KeyboardInterrupt):
        progress = Interrupter(phase, moment, exception)
        monkeypatch.setattr(terminal, "shown_progress", lambda: contextlib.nullcontext(progress))
        code = cli.main([*map(str, arguments)])
        assert progress.reached
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err.splitlines()

    return run


ONE_LINE = (130, [], ["interrupted: nothing was written"])
MOMENTS = [
    *(
        (phase, moment)
        for phase in ("listening", "matching", "rendering", "finishing")
        for moment in ("begin", "middle")
    ),
    *(("choosing passages", "end"), ("drawing", "begin"), ("drawing", "end")),
]


@pytest.mark.parametrize(("phase", "moment"), MOMENTS)
def test_an_interrupted_mix_leaves_nothing(interrupted, tmp_path, song, reference, phase, moment):
    arguments = ("mix", song, "-r", reference, "-o", tmp_path / "mixes" / "mix", "--stems", *SMALL)
    assert interrupted(phase, moment, *arguments) == ONE_LINE
    assert contents(tmp_path) == {}


def test_a_mix_interrupted_while_replacing_another_leaves_that(interrupted, tmp_path, song, reference):
    (tmp_path / "mix.wav").write_text("an earlier mix")
    before = contents(tmp_path)
    arguments = ("mix", song, "-r", reference, "-o", tmp_path, "--stems", "--force", *SMALL)
    assert interrupted("drawing", "end", *arguments) == ONE_LINE
    assert contents(tmp_path) == before


@pytest.mark.parametrize("phase", ["checking", "rendering", "finishing"])
def test_an_interrupted_render_leaves_nothing(interrupted, capsys, tmp_path, song, reference, phase):
    assert cli.main(["mix", str(song), "-r", str(reference), "-o", str(tmp_path / "mix"), *SMALL]) == 0
    capsys.readouterr()
    before = contents(tmp_path)
    arguments = ("render", tmp_path / "mix" / "mix.json", "-o", tmp_path / "new" / "mix.wav", "--stems")
    assert interrupted(phase, "middle", *arguments) == ONE_LINE
    assert contents(tmp_path) == before


def test_interrupted_compilation_leaves_nothing(interrupted, monkeypatch, tmp_path, song, reference):
    monkeypatch.setattr(recurrence, "is_warm", lambda *, gradients: False)
    assert interrupted("compiling", "begin", "mix", song, "-r", reference, "-o", tmp_path / "mix") == ONE_LINE
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(("phase", "moment"), [("making", "begin"), ("making", "middle"), ("listening", "middle")])
def test_an_interrupted_demo_leaves_nothing(interrupted, monkeypatch, tmp_path, phase, moment):
    monkeypatch.setattr(demo, "make_song", partial(demo.make_song, seconds=8.0, sample_rate=22_050))
    assert interrupted(phase, moment, "demo", "-o", tmp_path / "demo") == ONE_LINE
    assert contents(tmp_path) == {}


def test_an_interrupted_evaluation_keeps_what_is_done_and_no_tables(interrupted, tmp_path, song, reference, capsys):
    (tmp_path / "pairs.csv").write_text(f"stems,reference\n{song},{reference}\n")
    out = tmp_path / "out"
    arguments = ("evaluate", "--pairs", tmp_path / "pairs.csv", "--systems", "equal-loudness", "-o", out, "-j", "1")
    with pytest.raises(SystemExit) as ended:
        interrupted("evaluating", "middle", *arguments)
    assert ended.value.code == 130
    assert capsys.readouterr().err.splitlines() == [
        f"interrupted: what was done is kept in {out}; --resume goes on with it"
    ]
    assert {path.name for path in out.iterdir()} <= {"journal.jsonl", "mixes", "embeddings"}


@pytest.mark.parametrize(
    ("exception", "line"),
    [
        (UserError("kick.wav: is too loud; turn it down"), "error: kick.wav: is too loud; turn it down"),
        (OSError(5, "Input/output error", "kick.wav"), "error: kick.wav: Input/output error"),
    ],
    ids=["what the user can mend", "what the system refuses"],
)
def test_an_error_in_the_middle_is_one_line_and_leaves_nothing(interrupted, tmp_path, song, reference, exception, line):
    arguments = ("mix", song, "-r", reference, "-o", tmp_path / "mix", *SMALL)
    assert interrupted("rendering", "middle", *arguments, exception=exception) == (2, [], [line])
    assert contents(tmp_path) == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_ctrl_c_ends_a_process_cleanly(tmp_path, song, reference):
    command = [
        sys.executable,
        "-m",
        "diffmst",
        "mix",
        song,
        "-r",
        reference,
        "-o",
        tmp_path / "mix",
        "--steps",
        "9999999",
    ]
    # Whoever runs the tests in the background may have Ctrl-C ignored, which processes inherit, and which is obeyed.
    heeded = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=heeded, **pipes) as process:
        for line in process.stderr:
            if line == "matching\n":
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=100)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("interrupted: nothing was written\n") and "Traceback" not in err
    assert contents(tmp_path) == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_being_told_to_end_leaves_nothing(interrupted, monkeypatch, tmp_path, song, reference, name):
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_DFL)
    arguments = ["mix", song, "-r", reference, "-o", tmp_path / "mix", *SMALL]
    monkeypatch.setattr(sys, "argv", ["diffmst", *map(str, arguments)])
    monkeypatch.setattr(Interrupter, "_interrupt", lambda *_: os.kill(os.getpid(), number))
    monkeypatch.setattr(terminal, "shown_progress", lambda: contextlib.nullcontext(Interrupter("rendering", "", None)))
    try:
        with pytest.raises(SystemExit) as end:
            cli.run()
    finally:
        signal.signal(number, before)
    assert end.value.code == 128 + number
    assert contents(tmp_path) == {}


SECONDS = 6.0
SPOOLED_BYTES = round(SECONDS * RATE) * 2 * 4


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no files")
@pytest.mark.parametrize(
    ("limit", "refused"), [(4_096, "mix"), (SPOOLED_BYTES - 1, "mix"), (SPOOLED_BYTES, "mix/mix.wav")]
)
def test_a_disk_that_takes_no_more_is_one_line_and_leaves_nothing(tmp_path, capsys, reference, limit, refused):
    """A limit on the size of files stands for it. A float WAV is larger than what was spooled by its header."""
    import resource

    song = write_song(tmp_path / "song", SECONDS)
    before = contents(tmp_path)
    arguments = ("mix", song, "-r", reference, "-o", tmp_path / "mix", "--steps", "0", "--format", "float")
    recurrence.warm_up(gradients=True)  # compiled kernels are files, too
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))
    try:
        code = cli.main([*map(str, arguments)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    refusal = f"error: {tmp_path / refused}: cannot be written: the file would be larger than this disk allows"
    assert captured.err.splitlines()[-1].startswith(refusal)
    assert contents(tmp_path) == before


def test_an_interruption_while_the_command_line_is_loaded_leaves_no_traceback():
    """Whatever the moment: the first module that is loaded raises."""
    script = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "diffmst.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from diffmst.__main__ import run
run()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
