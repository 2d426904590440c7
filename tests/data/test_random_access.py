import os

import numpy as np
import pytest
import songs
import soundfile

from diffmst.audio import AudioReader
from diffmst.data.block_cache import BLOCK_S, BlockCache
from diffmst.data.index import Index
from diffmst.data.random_access import read_windows
from diffmst.errors import UserError

SECONDS = 13.0
# Decoders that predict from the past settle after a seek; a resampler starts anew. Both far below hearing.
LOSSY = 2e-3
# 16 bits against the peak of a block.
ROUNDING = 1 / 32_767
STARTS_S = (-0.7, 0.0, 3.3, 6.1, 11.5, 40.0)
FORMATS = {
    "a.wav": "PCM_16",
    "b.wav": "FLOAT",
    "a.flac": "PCM_16",
    "a.ogg": "VORBIS",
    "a.opus": "OPUS",
    "a.mp3": "MPEG_LAYER_III",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    made = {}
    for name, subtype in FORMATS.items():
        rate = 48_000 if subtype == "OPUS" else 22_050
        audio = np.stack([songs.tone(220, SECONDS, rate, 0.3), songs.tone(331, SECONDS, rate, 0.2)])
        with soundfile.SoundFile(
            folder / name, "w", rate, 2, subtype, format="OGG" if "OPUS" in subtype else None
        ) as file:
            for begin in range(0, audio.shape[1], 4096):  # libsndfile fails on long blocks of Vorbis
                file.write(audio[:, begin : begin + 4096].T)
        made[name] = folder / name
    return made


def summary_of(path, folder):
    return Index(folder).look_up([path]).summaries[path]


def expected(path, rate, frames):
    """The whole file, cut by hand."""
    with AudioReader(path, rate) as reader:
        whole = np.concatenate(list(reader.blocks(65_536)), axis=1)
    windows = np.zeros((len(STARTS_S), 2, frames), np.float32)
    for window, start_s in zip(windows, STARTS_S, strict=True):
        start = round(start_s * rate)
        part = whole[:, max(0, start) : max(0, start + frames)]
        window[:, max(0, -start) : max(0, -start) + part.shape[1]] = part
    return windows


def read(summary, rate, frames, cache, order=slice(None), channels=2):
    starts = [round(start_s * rate) for start_s in STARTS_S][order]
    out = np.full((len(starts), channels, frames), np.nan, np.float32)
    read_windows(summary, rate, starts, out, cache)
    return out


@pytest.mark.parametrize("rate", [22_050, 44_100])
@pytest.mark.parametrize("name", FORMATS)
def test_windows_are_those_of_the_whole_file(files, tmp_path, name, rate):
    summary = summary_of(files[name], tmp_path)
    frames = round(1.5 * rate)
    truth = expected(files[name], rate, frames)
    exact = name.endswith((".wav", ".flac")) and rate == 22_050
    direct = read(summary, rate, frames, None)
    np.testing.assert_allclose(direct, truth, atol=0 if exact else LOSSY)
    cache = BlockCache(tmp_path, 10**9)
    for _ in range(2):
        np.testing.assert_allclose(read(summary, rate, frames, cache), truth, atol=ROUNDING + (0 if exact else LOSSY))


@pytest.mark.parametrize("name", ["a.flac", "a.opus", "a.mp3"])
def test_a_window_is_the_same_to_the_bit_whatever_the_cache_held(files, tmp_path, name):
    summary, rate = summary_of(files[name], tmp_path), 44_100
    frames = round(1.5 * rate)
    first = read(summary, rate, frames, BlockCache(tmp_path / "a", 10**9))
    cache = BlockCache(tmp_path / "b", 10**9)
    for window in (4, 2, 0, 3, 1, 5):
        np.testing.assert_array_equal(read(summary, rate, frames, cache, slice(window, window + 1))[0], first[window])
    np.testing.assert_array_equal(read(summary, rate, frames, cache), first)


@pytest.mark.parametrize("name", ["a.wav", "b.wav"])
def test_plain_samples_at_the_wanted_rate_need_no_cache(files, tmp_path, name):
    summary = summary_of(files[name], tmp_path)
    read(summary, 22_050, 1000, BlockCache(tmp_path / "cache", 10**9))
    assert not (tmp_path / "cache").exists()


def blocks_in(folder):
    return sum(path.is_file() for path in folder.rglob("*"))


def test_only_blocks_that_a_window_touches_are_decoded(files, tmp_path):
    summary = summary_of(files["a.flac"], tmp_path)
    out = np.empty((1, 2, 2205), np.float32)
    read_windows(summary, 22_050, [round(1.5 * BLOCK_S * 22_050)], out, BlockCache(tmp_path / "cache", 10**9))
    assert blocks_in(tmp_path / "cache") == 1


def test_what_a_decoder_passes_on_its_way_is_kept(files, tmp_path):
    summary = summary_of(files["a.mp3"], tmp_path)
    out = np.empty((1, 2, 2205), np.float32)
    read_windows(summary, 22_050, [round(1.5 * BLOCK_S * 22_050)], out, BlockCache(tmp_path / "cache", 10**9))
    assert blocks_in(tmp_path / "cache") == 2


def test_one_channel_is_the_first(files, tmp_path):
    summary = summary_of(files["a.flac"], tmp_path)
    both = read(summary, 22_050, 5000, BlockCache(tmp_path, 10**9))
    np.testing.assert_array_equal(read(summary, 22_050, 5000, BlockCache(tmp_path, 10**9), channels=1), both[:, :1])


@pytest.mark.parametrize("cached", [False, True])
def test_a_file_that_has_gone_or_changed_is_named(tmp_path, cached):
    path = songs.write(tmp_path / "a.flac", songs.noise(1.0), subtype="PCM_16")
    summary = summary_of(path, tmp_path)
    cache = BlockCache(tmp_path, 10**9) if cached else None
    os.utime(path, ns=(0, 0))
    with pytest.raises(UserError, match=r"a\.flac: has changed"):
        read(summary, 22_050, 1000, cache, channels=1)
    path.unlink()
    with pytest.raises(UserError, match=r"a\.flac: was there when"):
        read(summary, 22_050, 1000, cache, channels=1)


@pytest.mark.parametrize("name", ["a.flac", "a.opus", "a.wav", "a.mp3"])
@pytest.mark.parametrize("rate", [22_050, 44_100])
def test_a_file_that_breaks_off_ends_in_silence(files, tmp_path, name, rate):
    path = tmp_path / name
    data = files[name].read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    summary = summary_of(path, tmp_path)
    assert 5 < summary.info.duration_s < 10
    for cache in (None, BlockCache(tmp_path, 10**9)):
        windows = read(summary, rate, rate, cache)
        assert np.isfinite(windows).all()
        assert windows[2].any() and not windows[4:].any()


def test_damage_in_the_middle_is_no_error(files, tmp_path):
    data = bytearray(files["a.flac"].read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path = tmp_path / "a.flac"
    path.write_bytes(data)
    summary = summary_of(path, tmp_path)
    assert summary.info.truncated
    for cache in (None, BlockCache(tmp_path, 10**9)):
        assert np.isfinite(read(summary, 44_100, 44_100, cache)).all()


def test_samples_that_are_no_numbers_are_silence(tmp_path):
    audio = songs.noise(1.0)
    audio[100:200] = np.nan
    path = songs.write(tmp_path / "a.wav", audio, subtype="FLOAT")
    summary = summary_of(path, tmp_path)
    assert summary.bad_samples == 100
    out = np.empty((1, 1, 300), np.float32)
    read_windows(summary, 22_050, [0], out, None)
    assert not out[0, 0, 100:200].any() and out[0, 0, :100].all()
