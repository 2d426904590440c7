import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does; before torch is loaded
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests themselves run side by side
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pathlib import Path

import pytest
import songs
import torch


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20240708)


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> torch.device:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return torch.device(request.param)


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three stems, only to be read."""
    return songs.write_song(tmp_path_factory.mktemp("session") / "song", seconds=3.0)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished song, only to be read."""
    return songs.write_reference(tmp_path_factory.mktemp("session") / "reference.wav", seconds=4.0)
