import errno
import os
import shutil

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does; before torch is loaded
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests themselves run side by side
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import songs
import torch

CUDA = torch.cuda.is_available()
if not CUDA:
    os.environ.setdefault("TRITON_INTERPRET", "1")  # Triton's kernels, where it is installed, run on the processor


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20240708)


@pytest.fixture
def cuda() -> torch.device:
    """The CUDA device; whoever asks for it is skipped where there is none."""
    if not CUDA:
        pytest.skip("no CUDA device")
    return torch.device("cuda")


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> torch.device:
    """Every device there is, in turn."""
    found: torch.device = request.getfixturevalue("cuda") if request.param == "cuda" else torch.device("cpu")
    return found


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three stems, only to be read."""
    return songs.write_song(tmp_path_factory.mktemp("session") / "song", seconds=3.0)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished song, only to be read."""
    return songs.write_reference(tmp_path_factory.mktemp("session") / "reference.wav", seconds=4.0)


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Lets nothing be made in a folder any more, not by root either."""
    mkdir = Path.mkdir

    def forbid(folder: Path) -> None:
        def refuse(path: Path, *arguments: object, **options: object) -> None:
            if path.parent == folder:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            mkdir(path, *arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Path, "mkdir", refuse)

    return forbid


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets every disk say that it has so many bytes free."""
    return lambda free_bytes: monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(total=1 << 40, used=0, free=free_bytes)
    )


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str], list[str]]]:
    """Calls a command; returns its exit code, and the lines of stdout and stderr."""
    from diffmst.cli import main

    def run(*arguments: object) -> tuple[int, list[str], list[str]]:
        code = main([*map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err.splitlines()

    return run
