"""`python -m bench.ardour MIX.json ...`: how far what Ardour makes of exported sessions is from what the console makes.

Both before delivery; and how much of one processor core it takes. Needs Ardour, 7 or later, with its tools for the
command line.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from diffmst.daw.exporting import export_session
from diffmst.mix import Mix
from diffmst.render import Taps, block_frames, run_console, song_of

_VERSIONS = range(12, 6, -1)
_LONGEST_S = 900
_FORMATS = ("ardour", "ardour-ace")
_GOOD = 1e-2  # of the peak: more is a render that began elsewhere

ATTEMPTS = 5
"""ardour7-export 7.3 breaks its own heap in one run of four or so of a session of half a minute, and dies of it when it
frees what it exported from (PortExportChannel), behind the last sample, which is right nevertheless; and it may begin a
few samples off. Ardour itself plays the session well."""


def tool(name: str) -> str | None:
    """The path of `ardour<version>-<name>` of the newest Ardour; none where there is none."""
    found = filter(None, (shutil.which(f"ardour{version}-{name}") for version in _VERSIONS))
    return next(found, None)


def run(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Runs a tool of Ardour.

    Args:
        command: with its arguments.
        home: a folder for all that Ardour writes, also for the folders that it makes where it stands if the path of a
            session has a colon.
    """
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    return subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, timeout=_LONGEST_S, check=False
    )


class Render(NamedTuple):
    """What Ardour has made of a session.

    Attributes:
        audio: [frames, 2].
        processor_s: time of all cores together, to load the session and to play it.
    """

    audio: np.ndarray
    processor_s: float


def renders(session: Path, home: Path) -> Iterator[Render]:
    """What Ardour makes of a session, `ATTEMPTS` times; attempts without a whole file are left out.

    Raises:
        RuntimeError: there is no such attempt.
    """
    export, out = tool("export"), home / "rendered.wav"
    if export is None:
        raise RuntimeError("no ardour<version>-export here; on Debian: apt-get install ardour ardour-lv2-plugins")
    audio = soundfile.info(next(session.parent.rglob("audiofiles/*.wav")))
    command = [export, "-b", "float", "-s", str(audio.samplerate), "-o", str(out), str(session.parent), session.stem]
    whole = 0
    for _ in range(ATTEMPTS):
        out.unlink(missing_ok=True)
        before_s = _processor_s()
        done = run(command, home)
        taken_s = _processor_s() - before_s
        if out.exists() and (rendered := soundfile.read(out, always_2d=True)[0]).shape == (audio.frames, 2):
            whole += 1
            yield Render(rendered, taken_s)
    if not whole:
        raise RuntimeError(f"{export} failed {ATTEMPTS} times: {(done.stdout + done.stderr)[-2000:]}")


def _processor_s() -> float:
    """What all programs that were run to their end have taken."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def console(document: Path) -> np.ndarray:
    """A mix as the console makes it, [frames, 2]."""
    return made(Mix.read(document), document.parent)


def made(mix: Mix, folder: Path) -> np.ndarray:
    """What the console makes of a mix whose document lies in a folder, [frames, 2]."""
    song, blocks = song_of(mix, folder), []
    with song.reader(block_frames(sum(song.channels))) as reader:
        run_console(mix, reader, None, Taps(mix=lambda block: blocks.append(block.copy())))
    return np.concatenate(blocks, axis=1).T


def _row(document: Path, kind: str, expected: np.ndarray, folder: Path) -> str:
    (exported,) = export_session(document, kind, folder)
    peak, found = np.abs(expected).max(), []
    for rendered in renders(exported.path, folder):
        error = rendered.audio - expected
        below_db = 20 * np.log10(np.sqrt(np.mean(error**2) / np.mean(expected**2)))
        found.append((np.abs(error).max(), below_db, rendered.processor_s))
        if found[-1][0] < _GOOD * peak:
            break
    difference, below_db, processor_s = min(found)
    share = processor_s * Mix.read(document).sample_rate / len(expected)
    return f"| {document} | {kind} | {peak:.2f} | {difference:.1e} | {below_db:.0f} dB | {share:.0%} |\n"


def main(documents: list[str]) -> None:
    """Prints a table in Markdown."""
    sys.stdout.write("| mix | session | its peak | difference at most | rms against the mix | of one core |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    for document in map(Path, documents):
        expected = console(document)
        for kind in _FORMATS:
            with tempfile.TemporaryDirectory() as folder:
                sys.stdout.write(_row(document, kind, expected, Path(folder)))
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
