import errno
import os
import wave

import numpy as np
import pytest
import soundfile

from diffmst.audio import AudioWriter, read, writing
from diffmst.errors import UserError


def noise(frames, channels=2):
    return 0.1 * np.random.default_rng(0).standard_normal((channels, frames)).astype(np.float32)


def write(path, x, rate=48_000, **options):
    with AudioWriter(path, rate, len(x), **options) as writer:
        writer.write(x)
    return writer


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("subtype", "error"), [("PCM_16", 2**-16), ("PCM_24", 2**-24), ("FLOAT", 0)])
def test_what_is_written_is_read_by_others(tmp_path, subtype, error, channels):
    x = noise(1001, channels)
    path = tmp_path / "a.wav"
    write(path, x, subtype=subtype)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.frames, info.format, info.subtype) == (
        *(48_000, channels, 1001),
        *("WAV", subtype),
    )
    y, _ = soundfile.read(path, always_2d=True)
    np.testing.assert_allclose(y.T, x, rtol=0, atol=1.001 * error)
    if subtype != "FLOAT":
        with wave.open(str(path)) as file:
            assert file.getnframes() == 1001


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_reading_and_writing_again_changes_no_bit(tmp_path, subtype):
    first, second = tmp_path / "a.wav", tmp_path / "b.wav"
    write(first, noise(1000), subtype=subtype)
    write(second, read(first), subtype=subtype)
    assert first.read_bytes() == second.read_bytes()


def test_blocks_of_any_size_give_the_same_file(tmp_path):
    x = noise(5000)
    write(tmp_path / "a.wav", x)
    with AudioWriter(tmp_path / "b.wav", 48_000, 2) as writer:
        for start in range(0, 5000, 333):
            writer.write(x[:, start : start + 333])
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_what_exceeds_full_scale_is_clipped_and_counted(tmp_path, subtype):
    writer = write(tmp_path / "a.wav", np.array([[1.5, 1.0, 0.999, -1.0, -1.5]]), subtype=subtype)
    y = read(tmp_path / "a.wav")[0]
    np.testing.assert_allclose(y, [1, 1, 0.999, -1, -1], atol=2**-14)
    assert writer.clipped_samples == 3


@pytest.mark.parametrize(("subtype", "dtype"), [("PCM_16", "int16"), ("PCM_24", "int32")])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_samples_are_rounded_to_the_nearest_step_ties_to_even(tmp_path, subtype, dtype, kind):
    full_scale = 2**15 if subtype == "PCM_16" else 2**23
    steps = np.array([[0.5, 1.5, 2.5, -0.5, -1.5, 3.25, -3.75, full_scale - 1, -full_scale]])
    with AudioWriter(tmp_path / "a.wav", 48_000, 1, subtype) as writer:
        writer.write((steps / full_scale).astype(kind))
        writer.write(np.empty((1, 0), kind))
    y = soundfile.read(tmp_path / "a.wav", dtype=dtype)[0] // (1 if subtype == "PCM_16" else 256)
    assert y.tolist() == [0, 2, 2, 0, -2, 3, -4, full_scale - 1, -full_scale]
    assert writer.clipped_samples == 0


def test_float_keeps_what_exceeds_full_scale(tmp_path):
    writer = write(tmp_path / "a.wav", np.array([[1.5, -1.5]]), subtype="FLOAT")
    assert read(tmp_path / "a.wav").tolist() == [[1.5, -1.5]]
    assert writer.clipped_samples == 0


@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT"])
def test_beyond_the_limit_of_riff_the_file_is_rf64(tmp_path, monkeypatch, subtype):
    monkeypatch.setattr(writing, "_LARGEST_SIZE", 10_000)
    x = noise(5001)
    write(tmp_path / "a.wav", x, subtype=subtype)
    info = soundfile.info(tmp_path / "a.wav")
    assert (info.format, info.frames) == ("RF64", 5001)
    np.testing.assert_allclose(read(tmp_path / "a.wav"), x, atol=2**-23)


def test_nothing_stands_under_the_name_before_the_end(tmp_path):
    path = tmp_path / "a.wav"
    with AudioWriter(path, 48_000, 2) as writer:
        writer.write(noise(100))
        assert not path.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
def test_an_interrupted_file_leaves_nothing_and_what_was_there(tmp_path, kind):
    path = tmp_path / "a.wav"
    path.write_text("before")

    def interrupted():
        with AudioWriter(path, 48_000, 2) as writer:
            writer.write(noise(100))
            raise kind

    with pytest.raises(kind):
        interrupted()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]
    assert path.read_text() == "before"


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"a\.wav: cannot be written: the disk is full"):
        write(tmp_path / "a.wav", noise(100))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files the POSIX way")
def test_a_file_too_large_for_the_disk_is_named_and_leaves_nothing(tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(UserError, match=r"a\.wav: cannot be written: the file would be larger"):
            write(tmp_path / "a.wav", noise(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        AudioWriter(tmp_path / "missing" / "a.wav", 48_000, 2)


def test_blocks_must_fit_and_be_finite(tmp_path):
    with AudioWriter(tmp_path / "a.wav", 48_000, 2) as writer:
        with pytest.raises(ValueError, match=r"must be \[2, time\], got \[1, 5\]"):
            writer.write(np.zeros((1, 5)))
        with pytest.raises(ValueError, match="finite"):
            writer.write(np.full((2, 5), np.nan))


def test_formats_that_do_not_exist_are_refused(tmp_path):
    with pytest.raises(ValueError, match="subtype must be one of"):
        AudioWriter(tmp_path / "a.wav", 48_000, 2, "PCM_12")
    with pytest.raises(ValueError, match="at least 1"):
        AudioWriter(tmp_path / "a.wav", 48_000, 0)
    assert not list(tmp_path.iterdir())
