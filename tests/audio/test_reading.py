import os
import struct

import av
import numpy as np
import pytest
import soundfile
import soxr

from diffmst.audio import AudioReader, probe, read, resampled_frames
from diffmst.errors import UserError

RATE = 44_100
# soxr computes in float32; twice its error for signals of this level.
RESAMPLED = 5e-6


def noise(frames, channels=2, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, frames)).astype(np.float32)


def tone(frames, rate=RATE, channels=2):
    t = np.arange(frames) / rate
    left = 0.4 * np.sin(2 * np.pi * (300 + 100 * t) * t)
    return np.stack([left, 0.5 * np.roll(left, 7)])[:channels].astype(np.float32)


def delay(x, y):
    """By how many samples y comes after x, looking at most 1500 around."""
    middle = x.shape[1] // 2
    excerpt = x[0, middle : middle + 8000].astype(float)
    around = y[0, middle - 1500 : middle + 9500].astype(float)
    return int(np.correlate(around, excerpt, "valid").argmax()) - 1500


def save(path, x, rate=RATE, subtype=None, format=None):
    soundfile.write(path, x.T, rate, subtype=subtype, format=format)
    return path


def encode(path, x, codec, rate=RATE, **tags):
    with av.open(str(path), "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(x), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = rate, 0
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, "stereo", rate, frame_size=context.frame_size or 4096)
        for part in resampler.resample(frame) + resampler.resample(None):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "format", "subtype", "step"),
    [
        ("a.wav", "WAV", "PCM_U8", 2**-7),
        ("a.wav", "WAV", "PCM_16", 2**-15),
        ("a.wav", "WAV", "PCM_24", 2**-23),
        ("a.wav", "WAV", "PCM_32", 2**-23),
        ("a.wav", "WAV", "FLOAT", 0),
        ("a.wav", "WAV", "DOUBLE", 0),
        ("a.wav", "WAVEX", "PCM_24", 2**-23),
        ("a.wav", "RF64", "PCM_16", 2**-15),
        ("a.w64", "W64", "PCM_24", 2**-23),
        ("a.aiff", "AIFF", "PCM_24", 2**-23),
        ("a.flac", "FLAC", "PCM_16", 2**-15),
        ("a.caf", "CAF", "FLOAT", 0),
    ],
)
def test_lossless_formats_are_read_to_the_step(tmp_path, name, format, subtype, step):
    x = noise(5000)
    path = save(tmp_path / name, x, subtype=subtype, format=format)
    np.testing.assert_allclose(read(path), x, rtol=0, atol=1.01 * step)
    info = probe(path)
    assert (info.sample_rate, info.channels, info.frames, info.exact, info.truncated) == (RATE, 2, 5000, True, False)


@pytest.mark.parametrize(
    ("name", "subtype", "rate"), [("a.mp3", None, RATE), ("a.ogg", "VORBIS", RATE), ("a.opus", "OPUS", 48_000)]
)
def test_lossy_formats_come_out_aligned_and_at_their_length(tmp_path, name, subtype, rate):
    x = noise(50_001)
    y = read(save(tmp_path / name, x, rate, subtype, "OGG" if subtype == "OPUS" else None))
    assert y.shape == x.shape
    assert delay(x, y) == 0


# MP4 states the end to the millisecond (45 samples), Matroska to the packet.
@pytest.mark.parametrize(
    ("name", "codec", "longer"),
    [
        ("a.m4a", "aac", 90),
        ("a.mp4", "aac", 90),
        ("a.mkv", "aac", 1024),
        ("a.webm", "libopus", 0),
        ("b.m4a", "alac", 0),
    ],
)
def test_what_ffmpeg_knows_comes_out_aligned(tmp_path, name, codec, longer):
    x, rate = noise(50_001), 48_000 if codec == "libopus" else RATE
    y = read(encode(tmp_path / name, x, codec, rate))
    assert 0 <= y.shape[1] - x.shape[1] <= longer
    assert delay(x, y) == 0


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "flac"])
def test_all_sample_formats_of_ffmpeg_have_full_scale_one(tmp_path, codec):
    x = tone(3000)
    y = read(encode(tmp_path / "a.mkv", x, codec))
    np.testing.assert_allclose(y, x, rtol=0, atol=2**-6 if codec == "pcm_u8" else 2**-14)


def test_the_sound_of_a_video_is_read(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        for _ in range(3):
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        frame = av.AudioFrame.from_ndarray(tone(1024, channels=1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        container.mux([*sound.encode(frame), *sound.encode(None), *video.encode(None)])
    assert probe(path).channels == 1
    assert read(path).any()


@pytest.mark.parametrize(("rate", "new_rate"), [(44_100, 48_000), (96_000, 44_100), (22_050, 96_000), (44_056, 48_000)])
@pytest.mark.parametrize("block", [1021, 40_000])
def test_resampling_in_blocks_equals_resampling_at_once(tmp_path, rate, new_rate, block):
    x = noise(30_011)
    path = save(tmp_path / "a.wav", x, rate, "FLOAT")
    with AudioReader(path, new_rate) as reader:
        y = np.concatenate(list(reader.blocks(block)), axis=1)
    expected = soxr.resample(x.T, rate, new_rate, quality="VHQ").T
    assert y.shape[1] == resampled_frames(30_011, rate, new_rate)
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize(
    ("name", "subtype", "rate"), [("a.mp3", None, RATE), ("a.ogg", "VORBIS", RATE), ("a.opus", "OPUS", 48_000)]
)
def test_reading_in_blocks_equals_reading_at_once(tmp_path, name, subtype, rate):
    path = save(tmp_path / name, tone(3 * rate, rate), rate, subtype, "OGG" if subtype else None)
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    with AudioReader(path) as reader:
        parts = np.concatenate([reader.read(frames) for frames in (30_000, 1, 50_000, 200_000)], axis=1)
    np.testing.assert_allclose(parts, whole.T, atol=1e-6)  # the order of sums in the decoder


def test_resampling_keeps_time(tmp_path):
    x = tone(48_000, 48_000)
    y = read(save(tmp_path / "a.wav", x, 48_000, "FLOAT"), sample_rate=44_100)
    np.testing.assert_allclose(y[0, 500:-500], tone(44_100)[0, 500:-500], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "tolerance"),
    [
        ("a.wav", "PCM_24", RATE, 0),
        ("a.flac", "PCM_24", RATE, 0),
        ("a.mp3", None, RATE, 0),
        ("a.ogg", "VORBIS", RATE, 0),
        # An Opus decoder started within the stream approaches the one that began at the start (RFC 7845, section 4.6).
        ("a.opus", "OPUS", 48_000, 1e-5),
    ],
)
def test_a_part_equals_the_same_part_of_the_whole(tmp_path, name, subtype, rate, tolerance):
    x = tone(3 * rate, rate) + noise(3 * rate)
    path = save(tmp_path / name, x, rate, subtype, "OGG" if subtype == "OPUS" else None)
    whole = read(path)
    with AudioReader(path) as reader:
        for start in (0, 1, 44_100, 50_000, 1151, 130_000):  # backwards too
            reader.seek(start)
            np.testing.assert_allclose(reader.read(1000), whole[:, start : start + 1000][:, :1000], atol=tolerance)


@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_a_part_of_m4a_equals_the_same_part_of_the_whole(tmp_path, codec):
    path = encode(tmp_path / "a.m4a", tone(2 * RATE), codec)
    whole = read(path)
    with AudioReader(path) as reader:
        for start in (50_000, 1000, 60_001):
            reader.seek(start)
            np.testing.assert_array_equal(reader.read(1000), whole[:, start : start + 1000])


@pytest.mark.parametrize(("rate", "new_rate"), [(44_100, 48_000), (96_000, 44_100), (44_056, 48_000)])
def test_a_resampled_part_equals_the_same_part_of_the_whole(tmp_path, rate, new_rate):
    path = save(tmp_path / "a.wav", noise(3 * rate), rate, "FLOAT")
    whole = read(path, sample_rate=new_rate)
    for start in (0, 777, 60_000, 100_001):
        part = read(path, start / new_rate, 0.05, new_rate)
        assert np.abs(part - whole[:, start : start + part.shape[1]]).max() < RESAMPLED


def test_a_part_ends_where_the_file_ends(tmp_path):
    path = save(tmp_path / "a.wav", noise(1000))
    assert read(path, 900 / RATE, 1.0).shape == (2, 100)
    with pytest.raises(UserError, match="ends before 2 s"):
        read(path, 2.0, 1.0)


def test_one_sample_is_a_file(tmp_path):
    path = save(tmp_path / "a.wav", np.full((1, 1), 0.5))
    assert read(path).tolist() == [[0.5]]
    assert read(path, sample_rate=48_000).shape == (1, 1)


INTEGERS = [
    (format, subtype)
    for format in ("WAV", "WAVEX", "W64", "RF64", "AIFF", "AU", "CAF", "FLAC")
    for subtype in ("PCM_16", "PCM_24")
]


@pytest.mark.parametrize(("format", "subtype"), INTEGERS)
@pytest.mark.parametrize("channels", [1, 2])
def test_integers_are_the_floats_that_libsndfile_makes_of_them(tmp_path, format, subtype, channels):
    x = np.clip(noise(3001, channels) * 6, -1, 1)
    x[:, :3] = [-1, 1, 0]
    path = save(tmp_path / "a", x, subtype=subtype, format=format)
    y = read(path)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, soundfile.read(path, dtype="float32", always_2d=True)[0].T)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
@pytest.mark.parametrize("new_rate", [44_100, 48_000])
def test_samples_go_where_they_are_wanted_and_nowhere_else(tmp_path, subtype, new_rate):
    path = save(tmp_path / "a.wav", noise(5000), subtype=subtype)
    whole = read(path, sample_rate=new_rate)
    memory = np.full((4, whole.shape[1] + 100), 7, np.float32)
    with AudioReader(path, new_rate) as reader:
        assert reader.read_into(memory[1:3, 10:1010]) == 1000
        assert reader.read_into(memory[1:3, 1010:-20]) == whole.shape[1] - 1000
        assert reader.read_into(memory[1:3, :10]) == 0
    np.testing.assert_array_equal(memory[1:3, 10:-90], whole)
    memory[1:3, 10:-90] = 7
    assert (memory == 7).all()


@pytest.mark.parametrize(
    ("subtype", "format", "new_rate", "expected"),
    [
        ("PCM_16", "WAV", 44_100, False),
        ("FLOAT", "AIFF", 44_100, False),
        ("PCM_16", "WAV", 48_000, True),
        ("PCM_16", "FLAC", 44_100, True),
        ("VORBIS", "OGG", 44_100, True),
        ("ALAC_16", "CAF", 44_100, True),
    ],
)
def test_reading_is_laborious_where_there_is_something_to_compute(tmp_path, subtype, format, new_rate, expected):
    path = save(tmp_path / "a", noise(5000), subtype=subtype, format=format)
    with AudioReader(path, new_rate) as reader:
        assert reader.laborious == expected


def test_reading_only_the_first_channel(tmp_path):
    x = noise(1000)
    path = save(tmp_path / "a.wav", x, subtype="FLOAT")
    with AudioReader(path, channels=1) as reader:
        np.testing.assert_array_equal(reader.read(2000), x[:1])


@pytest.mark.parametrize("name", ["🎸 solo.wav", "صوت.wav", "a: take 2.m4a", "file:b%20c?.m4a", "gi\u0301ta.flac"])
def test_names_in_any_script_are_read(tmp_path, name):
    path = tmp_path / name
    if name.endswith("m4a"):
        encode(path, tone(5000), "aac")
    else:
        save(path, tone(5000))
    assert read(path).shape[1] >= 5000


def test_samples_that_are_no_numbers_become_silence_and_are_counted(tmp_path):
    x = noise(1000)
    x[0, 10], x[1, 20:23] = np.nan, np.inf
    path = save(tmp_path / "a.wav", x, subtype="FLOAT")
    with AudioReader(path) as reader:
        y = reader.read(1000)
        assert reader.bad_samples == 4
    assert y[0, 10] == 0
    assert not y[1, 20:23].any()
    np.testing.assert_array_equal(np.delete(y, [10, 20, 21, 22], 1), np.delete(x, [10, 20, 21, 22], 1))


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.w64"])
def test_a_truncated_file_is_read_as_far_as_it_goes(tmp_path, name):
    x = noise(10_000)
    path = save(tmp_path / name, x, subtype="PCM_24")
    os.truncate(path, path.stat().st_size // 2 + 1)
    assert probe(path).truncated
    y = read(path)
    assert 4900 < y.shape[1] < 5100
    np.testing.assert_allclose(y, x[:, : y.shape[1]], atol=2**-22)


@pytest.mark.parametrize(("name", "kept"), [("a.flac", 15_000), ("a.mp3", 15_000), ("a.ogg", 10_000)])
def test_a_truncated_stream_is_read_as_far_as_it_goes(tmp_path, name, kept):
    path = save(tmp_path / name, tone(44_100) + noise(44_100))
    whole = read(path)
    os.truncate(path, path.stat().st_size // 2)
    with AudioReader(path) as reader:
        y = np.concatenate(list(reader.blocks(4096)), axis=1)
        assert reader.truncated
        assert kept < y.shape[1] < 30_000
        np.testing.assert_allclose(y[:, :kept], whole[:, :kept], atol=1e-6)
        reader.seek(1000)
        np.testing.assert_allclose(reader.read(1000), whole[:, 1000:2000], atol=1e-6)


def test_a_truncated_m4a_is_flagged(tmp_path):
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(88_200, channels=1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler("fltp", "mono", RATE, frame_size=1024)
        for part in resampler.resample(frame) + resampler.resample(None):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    os.truncate(path, path.stat().st_size // 2)
    with AudioReader(path) as reader:
        assert sum(block.shape[1] for block in reader.blocks(4096)) > 20_000
        assert reader.truncated


@pytest.mark.parametrize(("size", "truncated"), [(0, False), (0xFFFF_FFFF, False), (30_006, True)])
def test_a_wav_whose_size_was_never_filled_in_is_read_whole(tmp_path, size, truncated):
    path = save(tmp_path / "a.wav", noise(5000), subtype="PCM_24")
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = struct.pack("<I", size)
    path.write_bytes(data if not truncated else data[:-3000])
    assert probe(path).truncated == truncated
    assert read(path).shape[1] == (4500 if truncated else 5000)


def test_what_is_no_audio_is_named_in_one_line(tmp_path):
    rng = np.random.default_rng(0)
    cases = {
        "missing.wav": (None, "no such file"),
        "empty.wav": (b"", "empty"),
        "random.wav": (rng.bytes(20_000), "not an audio file"),
        "text.mp3": (b"these are words\n" * 100, "not an audio file"),
    }
    for name, (content, reason) in cases.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError, match=reason) as caught:
            probe(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_is_no_audio_file(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        probe(tmp_path)


def test_a_picture_holds_no_audio(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        container.mux([*video.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))), *video.encode(None)])
    with pytest.raises(UserError, match="holds no audio"):
        probe(path)


def test_audio_of_a_kind_that_nobody_knows_is_refused(tmp_path):
    path = save(tmp_path / "a.wav", np.zeros((1, 1000)), subtype="PCM_16")
    path.write_bytes(path.read_bytes().replace(b"\x01\x00\x01\x00", b"\x34\x12\x01\x00", 1))
    with pytest.raises(UserError, match="in a format that cannot be read"):
        probe(path)


def test_tags_in_an_old_encoding_hinder_nobody(tmp_path):
    path = encode(tmp_path / "a.mka", tone(9_000), "flac", title="Cafés")
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xe9\xe9"))
    assert probe(path).channels == 2


def test_a_file_without_samples_is_refused(tmp_path):
    with pytest.raises(UserError, match="no samples"):
        probe(save(tmp_path / "a.wav", np.zeros((2, 0))))


def test_more_than_two_channels_are_refused(tmp_path):
    with pytest.raises(UserError, match="32 channels; diffmst takes mono and stereo files; split it"):
        probe(save(tmp_path / "a.wav", np.zeros((32, 10))))


@pytest.mark.parametrize("rate", [4000, 768_000])
def test_odd_sample_rates_are_refused(tmp_path, rate):
    with pytest.raises(UserError, match=f"a sample rate of {rate} Hz"):
        probe(save(tmp_path / "a.wav", np.zeros((1, 10)), rate))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files by /proc")  # noqa: PTH112
def test_failures_leave_no_file_open(tmp_path):
    paths = [save(tmp_path / "a.wav", np.zeros((3, 10))), save(tmp_path / "b.wav", np.zeros((1, 0)))]
    (tmp_path / "c.wav").write_bytes(b"nothing")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for path in [*paths, tmp_path / "c.wav"]:
        with pytest.raises(UserError):
            probe(path)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.m4a", "a.ffconcat"])
def test_a_list_of_further_files_opens_none_of_them(tmp_path, name):
    save(tmp_path / "beside.wav", noise(1000))
    (tmp_path / name).write_bytes(b"ffconcat version 1.0\nfile beside.wav\n")
    with pytest.raises(UserError, match="not an audio file"):
        probe(tmp_path / name)
