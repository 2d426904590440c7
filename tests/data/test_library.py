import pickle

import datasets_on_disk as disk
import numpy as np
import pytest
import songs

from diffmst.data.library import Library
from diffmst.data.survey import survey_files
from diffmst.data.windows import choose_windows
from diffmst.errors import UserError

RATE = disk.RATE
# Summaries keep levels in whole LU, so a hop at the threshold may fall on the other side of it.
ROUNDING = 1 / 32_767


@pytest.fixture
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def opened(cache, *places, **options):
    return Library.open(places, cache=cache, **options)


def test_every_layout_opens_and_is_read(tmp_path, cache):
    layouts = [layout for every in disk.LAYOUTS.values() for layout in every]
    places = [layout(tmp_path / layout.__name__) for layout in layouts]
    library = opened(cache, *places)
    assert len(library.songs) == 2 + 2 + 3 + 1 + 3 + 2 + 2
    assert len(library.references) == 2 + 2 + 3 + 5 + 2 + 1 + 2
    for song in library.songs:
        starts_s, tracks = song.choose(np.random.default_rng(0), 0.5, 2, 3)
        assert len(starts_s) == 2 and 2 <= len(tracks) <= 3
        windows = library.read(song, tracks, starts_s, 0.5, RATE)
        assert windows.shape == (2, sum(song.tracks[track].channels for track in tracks), round(0.5 * RATE))
        assert windows.any(2).all()
    for reference in library.references:
        starts_s = reference.choose(np.random.default_rng(0), 0.5, 2)
        assert library.read_reference(reference, starts_s, 0.5, RATE).shape == (2, 2, round(0.5 * RATE))


def test_tracks_are_read_with_their_facts(tmp_path, cache):
    folder = tmp_path / "Song"
    mono = songs.write(folder / "kick.wav", songs.tone(60, 2.0), subtype="FLOAT")
    both = np.stack([songs.tone(440, 2.0)] * 2)
    dual = songs.write(folder / "bass.wav", both, subtype="FLOAT")
    wide = songs.write(folder / "keys.wav", np.stack([both[0], 0.5 * both[0]]), subtype="FLOAT")
    (song,) = opened(cache, tmp_path).songs
    facts = {track.name: track for track in song.tracks}
    surveys = dict(zip(("kick", "bass", "keys"), survey_files([mono, dual, wide]), strict=True))
    assert {name: track.role for name, track in facts.items()} == {"kick": "kick", "bass": "bass", "keys": "keys"}
    assert {name: track.channels for name, track in facts.items()} == {"kick": 1, "bass": 1, "keys": 2}
    assert facts["kick"].low_share > 0.9 > 0.1 > facts["keys"].low_share
    assert facts["keys"].loudness_lufs == pytest.approx(surveys["keys"].loudness_lufs)
    # One of two equal channels has half of the energy.
    assert facts["bass"].loudness_lufs == pytest.approx(surveys["bass"].loudness_lufs - 10 * np.log10(2))
    assert song.duration_s == pytest.approx(2.0)


def test_windows_hold_the_samples_of_the_files_in_the_order_of_the_tracks(tmp_path, cache):
    audio = {name: songs.noise(3.0, seed) for seed, name in enumerate(("bass", "kick", "pad"))}
    for name, samples in audio.items():
        songs.write(tmp_path / "Song" / f"{name}.wav", samples, subtype="FLOAT")
    library = opened(cache, tmp_path)
    windows = library.read(library.songs[0], [2, 0], [1.0, -0.5], 1.0, RATE)
    half = round(0.5 * RATE)
    np.testing.assert_array_equal(windows[0], [audio[name][RATE : 2 * RATE] for name in ("pad", "bass")])
    np.testing.assert_array_equal(windows[1, :, half:], [audio[name][: RATE - half] for name in ("pad", "bass")])
    assert not windows[1, :, :half].any()


def test_a_mono_reference_plays_on_both_sides_and_is_as_loud_as_that(tmp_path, cache):
    mono = songs.noise(2.0)
    songs.write(tmp_path / "mono.wav", mono, subtype="FLOAT")
    songs.write(tmp_path / "stereo.wav", np.stack([mono, mono]), subtype="FLOAT")
    library = opened(cache, tmp_path)
    one, two = library.references
    np.testing.assert_array_equal(*(library.read_reference(each, [0.3], 1.0, RATE) for each in (one, two)))
    assert one.loudness_lufs == pytest.approx(two.loudness_lufs)


def test_active_hops_are_those_that_windows_are_chosen_by(tmp_path, cache):
    paths = []
    for name, begin_s in (("kick", 0), ("pad", 20)):
        audio = songs.noise(40.0, begin_s)
        audio[: begin_s * RATE], audio[(begin_s + 10) * RATE :] = 0, 0
        paths.append(songs.write(tmp_path / "Song" / f"{name}.wav", audio))
    (song,) = opened(cache, tmp_path).songs
    assert choose_windows(survey_files(paths), 6.0, 2) == pytest.approx([2, 22], abs=2)
    np.testing.assert_allclose(song.active().sum(1), [100, 100], atol=1)
    assert song.active()[0, :99].all() and song.active()[1, 201:299].all()


def test_splits_are_those_of_the_file_then_of_the_data_set(tmp_path, cache):
    disk.musdb18_hq(tmp_path / "musdb")
    (tmp_path / "splits.json").write_text('{"test": ["ANiMAL - Clinic A", "Nobody - Nothing"]}')
    library = opened(cache, tmp_path / "musdb", splits=tmp_path / "splits.json")
    assert {song.name: song.split for song in library.songs} == {
        "ANiMAL - Clinic A": "test",
        "Leaf - Summerghost": "validation",
        "AM Contra - Heart Peripheral": "test",
    }
    assert library.notes == ("in the split file, but not there (1): Nobody - Nothing",)
    held_back = library.of_split("test")
    assert len(held_back.songs) == len(held_back.references) == 2
    assert all(song.mix in held_back.references for song in held_back.songs)
    with pytest.raises(UserError, match="split train"):
        library.of_split("train")
    fewer = "split validation holds 1 of 3 songs, and 2 are needed; name more for it in a split file"
    with pytest.raises(UserError, match=fewer):
        library.of_split("validation", fewest_songs=2)
    assert len(library.of_split("test", fewest_songs=2).songs) == 2


def test_a_split_file_that_names_no_song_that_is_there_is_refused(tmp_path, cache):
    disk.musdb18_hq(tmp_path / "musdb")
    (tmp_path / "splits.json").write_text('{"test": ["a", "b"], "validation": ["c", "d"]}')
    with pytest.raises(UserError, match=r"splits.json: names no song that is there, such as .*; got a, b, c, ...$"):
        opened(cache, tmp_path / "musdb", splits=tmp_path / "splits.json")
    (tmp_path / "splits.json").write_text("{}")
    assert len(opened(cache, tmp_path / "musdb", splits=tmp_path / "splits.json").songs) == 3


def write_bad_song(root):
    """Two good stems, and everything that may go wrong."""
    for number, name in enumerate(("kick", "bass")):
        disk.sound(root / "Bad" / f"{name}.wav", number, seconds=3.0)
    (root / "Bad" / "words.wav").write_text("words")
    (root / "Bad" / "empty.flac").write_bytes(b"")
    songs.write(root / "Bad" / "pad.wav", np.zeros(1000))
    songs.write(root / "Bad" / "four.wav", np.zeros((4, 1000)))
    songs.write(root / "Bad" / "slow.wav", songs.noise(1.0), rate=4000)
    cut = disk.sound(root / "Bad" / "cut.flac", 5, seconds=3.0)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    audio = songs.noise(1.0)
    audio[5:10] = np.nan
    songs.write(root / "Bad" / "nan.wav", audio, subtype="FLOAT")
    return root


def test_bad_files_are_left_out_with_counted_notes(tmp_path, cache):
    disk.sound(write_bad_song(tmp_path) / "Lonely" / "kick.wav")
    (tmp_path / "Empty").mkdir()
    library = opened(cache, tmp_path)
    (song,) = library.songs
    assert sorted(track.name for track in song.tracks) == ["bass", "cut", "kick", "nan"]
    notes = "\n".join(library.notes)
    for what in (
        "not an audio file, or in a format that cannot be read; export it again (1): Bad/words.wav",
        "the file is empty; export or copy it again (1): Bad/empty.flac",
        "silent, left out (1): Bad/pad.wav",
        "4 channels",
        "a sample rate of 4000 Hz",
        "breaks off or is damaged; used as far as it can be read (1): Bad/cut.flac",
        "holds samples that are no numbers; read as silence (1): Bad/nan.wav",
        "fewer than two stems that can be heard, left out (1): Lonely",
        "holds no audio (1): Empty",
    ):
        assert what in notes
    windows = library.read(song, range(4), [0.0, 2.0], 2.0, 44_100)
    assert np.isfinite(windows).all()


def test_where_nothing_is_left_it_is_refused_in_one_line_that_says_why(tmp_path, cache):
    songs.write(tmp_path / "Song" / "kick.wav", np.zeros(1000))
    songs.write(tmp_path / "Song" / "bass.wav", np.zeros(1000))
    with pytest.raises(UserError, match=r"no song that can be used: .*silent, left out \(2\)") as refused:
        opened(cache, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_of_hundreds_of_files_is_no_song(tmp_path, cache, monkeypatch):
    monkeypatch.setattr("diffmst.data.gathering.MOST_STEMS", 3)
    for number in range(4):
        disk.sound(tmp_path / "Album" / f"{number}.wav", number, seconds=0.2)
    disk.stems(tmp_path)
    assert any("give references=FOLDER (1): Album" in note for note in opened(cache, tmp_path).notes)


@pytest.mark.parametrize("cache_gb", [0, 1])
def test_a_file_that_goes_while_a_model_trains_is_named(tmp_path, cache, cache_gb):
    disk.stems(tmp_path)
    library = opened(cache, tmp_path, cache_gb=cache_gb)
    song = next(song for song in library.songs if song.name == "Song 10")
    song.tracks[1].source.info.path.unlink()
    with pytest.raises(UserError, match=r"Audio 2\.flac: was there"):
        library.read(song, [0, 1], [0.0], 0.5, RATE)


def test_a_library_may_be_sent_to_other_processes(tmp_path, cache):
    library = opened(cache, disk.stems(tmp_path))
    copy = pickle.loads(pickle.dumps(library))
    song = library.songs[1]
    expected = library.read(song, [0, 1], [0.2], 0.5, 44_100)
    np.testing.assert_array_equal(copy.read(copy.songs[1], [0, 1], [0.2], 0.5, 44_100), expected)


def test_overlapping_places_count_once(tmp_path, cache):
    disk.stems(tmp_path)
    assert len(opened(cache, tmp_path, tmp_path, tmp_path / ".").songs) == 2
