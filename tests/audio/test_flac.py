import errno
import io

import numpy as np
import pytest

from diffmst.audio import flac, read
from diffmst.errors import UserError

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-1, 1, (2, 200_000)).astype(np.float32)


def test_what_is_written_is_read_to_half_a_step_of_24_bits(tmp_path):
    flac.write_flac(tmp_path / "new" / "noise.flac", np.split(NOISE, 4, axis=1), 44_100, 2)
    np.testing.assert_allclose(read(tmp_path / "new" / "noise.flac"), NOISE, atol=2**-24)


class FullDisk(io.BytesIO):
    """Takes some bytes and no more."""

    def write(self, data):
        if self.tell() + len(data) > 50_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    class FullFile(flac.AtomicFile):
        def __enter__(self):
            super().__enter__()
            return FullDisk()

    monkeypatch.setattr(flac, "AtomicFile", FullFile)
    with pytest.raises(UserError, match=r"noise\.flac: cannot be written: the disk is full"):
        flac.write_flac(tmp_path / "noise.flac", [NOISE], 44_100, 2)
    assert not list(tmp_path.iterdir())
