import os

import numpy as np
import pytest
import soundfile

from diffmst.audio import AudioReader, StemFile, read
from diffmst.data.song import Song
from diffmst.data.survey import survey_files
from diffmst.errors import UserError


def noise(frames, channels=2, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, frames)).astype(np.float32)


def save(path, x, rate=48_000, subtype="FLOAT"):
    soundfile.write(path, x.T, rate, subtype=subtype)
    return path


@pytest.fixture
def song(tmp_path):
    save(tmp_path / "1 kick.wav", noise(30_000, 1))
    save(tmp_path / "2 keys.wav", noise(20_001, 2))
    save(tmp_path / "3 bass.wav", noise(22_050, 1), 44_100)
    save(tmp_path / "4 hit.wav", noise(1, 1))
    return Song.open([tmp_path])


def whole(song):
    with song.reader(7001) as reader:
        return np.concatenate(list(reader), axis=1)


def test_tracks_stand_in_rows_at_one_rate_filled_up_with_silence(song):
    assert [track.name for track in song.tracks] == ["1 kick", "2 keys", "3 bass", "4 hit"]
    assert (song.sample_rate, song.channels, song.frames) == (48_000, (1, 2, 1, 1), 30_000)
    x = whole(song)
    assert x.shape == (5, 30_000)
    for rows, track in zip((slice(0, 1), slice(1, 3), slice(3, 4), slice(4, 5)), song.tracks, strict=True):
        y = read(track.path, sample_rate=48_000)
        np.testing.assert_array_equal(x[rows, : y.shape[1]], y)
        assert not x[rows, y.shape[1] :].any()


@pytest.mark.parametrize("block", [1, 29_999, 30_000, 30_001, 65_536])
def test_blocks_of_any_size_make_the_same_song(song, block):
    if block == 1:
        with song.reader(1) as reader:
            start = np.concatenate([next(reader) for _ in range(50)], axis=1)
        np.testing.assert_array_equal(start, whole(song)[:, :50])
        return
    with song.reader(block) as reader:
        blocks = list(reader)
    assert [part.shape[1] for part in blocks[:-1]] == [block] * (len(blocks) - 1)
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole(song))


def test_windows_are_parts_of_the_song_filled_up_with_silence(song):
    x = np.pad(whole(song), ((0, 0), (0, 48_000)))
    windows = song.read_windows([0.5, 0.1, 0.6, 5.0], 0.2)
    assert windows.shape == (4, 5, 9600)
    for window, start in zip(windows[:3], (24_000, 4800, 28_800), strict=True):
        np.testing.assert_allclose(window, x[:, start : start + 9600], rtol=0, atol=5e-6)
    assert not windows[3].any()


def test_tracks_of_all_kinds_stand_in_their_rows(tmp_path):
    """Some are copied, others decoded or resampled, on different threads."""
    kinds = [("wav", 48_000), ("flac", 48_000), ("wav", 44_100), ("ogg", 48_000), ("wav", 48_000), ("flac", 96_000)]
    for index, (extension, rate) in enumerate(kinds):
        subtype = "VORBIS" if extension == "ogg" else "PCM_16"
        save(tmp_path / f"{index}.{extension}", noise(rate // 2 - index, 1 + index % 2, index), rate, subtype)
    song = Song.open([tmp_path])
    x, row = whole(song), 0
    for track in song.tracks:
        y = read(track.path, sample_rate=48_000)
        np.testing.assert_array_equal(x[row : row + len(y), : y.shape[1]], y)
        assert not x[row : row + len(y), y.shape[1] :].any()
        row += len(y)
    assert row == len(x)


def test_a_track_that_fails_on_the_way_ends_the_song_with_its_error(song, monkeypatch):
    read_into = AudioReader.read_into

    def failing(reader, out):
        if reader.info.path.name == "3 bass.wav" and out.shape[1] == 7001 and next(reads) == 2:
            raise UserError("bass.wav: breaks off")
        return read_into(reader, out)

    reads = iter(range(10))
    monkeypatch.setattr(AudioReader, "read_into", failing)
    with song.reader(7001) as reader:
        assert next(reader).shape == next(reader).shape == (5, 7001)
        with pytest.raises(UserError, match="breaks off"):
            next(reader)


@pytest.mark.parametrize(
    ("rates_and_seconds", "expected"),
    [
        ([(44_100, 1), (48_000, 0.6), (44_100, 0.2)], 44_100),
        ([(44_100, 0.5), (48_000, 0.5)], 48_000),
        ([(96_000, 0.3), (44_100, 0.2), (44_100, 0.2)], 44_100),
        ([(8_000, 1)], 32_000),
        ([(11_025, 1)], 22_050),
        ([(384_000, 0.1)], 192_000),
    ],
)
def test_the_rate_is_that_of_most_of_the_material(tmp_path, rates_and_seconds, expected):
    paths = [
        save(tmp_path / f"{index}.wav", noise(int(rate * seconds), 1), rate)
        for index, (rate, seconds) in enumerate(rates_and_seconds)
    ]
    assert Song.open(paths).sample_rate == expected
    assert Song.open(paths, 44_100).sample_rate == 44_100


def test_equal_channels_are_read_as_one_after_the_survey(tmp_path):
    mono = noise(5000, 1)
    save(tmp_path / "a.wav", np.concatenate([mono, mono]))
    save(tmp_path / "b.wav", noise(5000))
    song = Song.open([tmp_path])
    song = song.with_surveys(survey_files([track.path for track in song.tracks]))
    assert song.channels == (1, 2)
    assert song.tracks[0].survey.dual_mono
    np.testing.assert_array_equal(whole(song)[:1], mono)


def test_true_lengths_are_known_after_the_survey(tmp_path):
    path = save(tmp_path / "a.flac", noise(44_100), 44_100, "PCM_16")
    os.truncate(path, path.stat().st_size // 2)
    song = Song.open([path])
    assert song.frames == 44_100
    song = song.with_surveys(survey_files([path]))
    assert song.tracks[0].info.truncated
    assert song.frames == whole(song).shape[1] < 30_000


@pytest.mark.skipif(os.name != "posix", reason="limits open files the POSIX way")
def test_two_hundred_tracks_open_under_a_low_limit(tmp_path):
    import resource

    paths = [save(tmp_path / f"{index}.wav", noise(100, 1, index)) for index in range(200)]
    song = Song.open(paths)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 400:
        pytest.skip("the hard limit is too low")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (150, hard))
        x = whole(song)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    np.testing.assert_array_equal(x[123], noise(100, 1, 123)[0])


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    save(tmp_path / "a.wav", noise(100))
    (tmp_path / "b.wav").write_text("words")
    with pytest.raises(UserError, match=r"b\.wav: not an audio file"):
        Song.open([tmp_path])


def test_a_reader_closes_what_it_opened_when_a_file_is_gone(tmp_path):
    paths = [save(tmp_path / "a.wav", noise(100)), save(tmp_path / "b.wav", noise(100))]
    song = Song.open(paths)
    paths[1].unlink()
    with pytest.raises(UserError, match=r"b\.wav: no such file"):
        song.reader()


def test_a_song_needs_a_stem():
    with pytest.raises(ValueError, match="at least one stem"):
        Song.of_stems([])


def test_stems_keep_their_names(tmp_path):
    song = Song.of_stems([StemFile(save(tmp_path / "a.wav", noise(10)), "Lead")])
    assert song.tracks[0].name == "Lead"
    assert song.duration_s == 10 / 48_000
