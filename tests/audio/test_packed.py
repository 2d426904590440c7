"""Packed samples against libsndfile."""

import os

import numpy as np
import pytest
import soundfile

from diffmst.audio.decoding import open_decoder
from diffmst.audio.packed import Packed24


def write(path, frames=5001, channels=2, **options):
    x = np.random.default_rng(0).integers(-(2**31), 2**31, (frames, channels), np.int32)
    x[:3] = [[-(2**31)], [2**31 - 1], [-256]]
    soundfile.write(path, x, 44_100, **{"format": "WAV", "subtype": "PCM_24", **options})
    return soundfile.read(path, dtype="int32", always_2d=True)[0]


def packed(path):
    handle = os.open(path, os.O_RDONLY)
    with soundfile.SoundFile(handle) as file:
        return Packed24.of(file, handle)


@pytest.mark.parametrize("format", ["WAV", "WAVEX", "RF64", "W64"])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_from_anywhere_are_those_of_libsndfile(tmp_path, format, channels):
    expected = write(tmp_path / "a.wav", channels=channels, format=format)
    assert packed(tmp_path / "a.wav")
    decoder = open_decoder(tmp_path / "a.wav")
    for start in (0, 1, 4000, 17):
        decoder.seek(start)
        for first, last in ((start, start + 1), (start + 1, start + 998), (start + 998, start + 3000)):
            np.testing.assert_array_equal(decoder.read(last - first), expected[first:last])
    decoder.close()


def test_what_comes_after_the_samples_is_none(tmp_path):
    expected = write(tmp_path / "a.wav")
    with (tmp_path / "a.wav").open("ab") as file:
        file.write(b"LIST\x04\x00\x00\x00INFO")
    decoder = open_decoder(tmp_path / "a.wav")
    np.testing.assert_array_equal(decoder.read(10_000), expected)
    assert len(decoder.read(10)) == 0 and not decoder.truncated
    decoder.close()


def test_a_file_that_breaks_off_gives_whole_frames_and_is_truncated(tmp_path):
    path = tmp_path / "a.wav"
    expected = write(path)
    decoder = open_decoder(path)
    os.truncate(path, path.stat().st_size - 6 * 1000 - 2)
    np.testing.assert_array_equal(decoder.read(10_000), expected[:4000])
    assert decoder.truncated
    decoder.close()


@pytest.mark.parametrize(
    "options", [{"subtype": "PCM_16"}, {"subtype": "PCM_32"}, {"format": "AIFF"}, {"endian": "BIG"}, {"format": "FLAC"}]
)
def test_what_lies_otherwise_is_left_to_libsndfile(tmp_path, options):
    expected = write(tmp_path / "a", **options)
    assert packed(tmp_path / "a") is None
    decoder = open_decoder(tmp_path / "a")
    x = decoder.read(10_000)
    full_scale = 2.0 ** (8 * x.itemsize - 1) if x.dtype.kind == "i" else 1.0
    np.testing.assert_allclose(x / full_scale, expected / 2**31, atol=1e-7)
    decoder.close()
