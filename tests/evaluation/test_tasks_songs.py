"""Songs to make tasks of, and the sections that are cut out of them."""

import numpy as np
import pytest
from evaluation.songs_to_pair import stems, write_songs, write_stems
from songs import RATE, noise, write

from diffmst.audio import read
from diffmst.data.demo_song import make_song
from diffmst.errors import UserError
from diffmst.evaluation.tasks.generated import GENERATED_SEED, generated_songs
from diffmst.evaluation.tasks.sections import cut, one_section, sounding, two_sections
from diffmst.evaluation.tasks.songs import find_songs, open_song, unique_names


def opened(folder, **audio):
    """A song of given stems."""
    for name, x in audio.items():
        write(folder / "song" / f"{name}.wav", x)
    return open_song(find_songs([folder])[0])[0]


def at(*passages, seconds=40.0, seed=0):
    """Noise that sounds in some passages, from and to in seconds."""
    x = np.zeros(round(seconds * RATE), np.float32)
    for begin, end in passages:
        x[round(begin * RATE) : round(end * RATE)] = noise(end - begin, seed)
    return x


def test_sections_are_those_in_which_the_same_stems_sound(tmp_path):
    song = opened(tmp_path, bass=at((0, 40)), keys=at((5, 15), (28, 38), seed=1), lead=at((5, 15), (28, 38), seed=2))
    (first, second), seconds = two_sections(song, 10.0)
    assert seconds == 10 and abs(first - 5) <= 1 and abs(second - 28) <= 1


def test_long_sections_are_given_up_for_such_as_are_alike(tmp_path):
    song = opened(tmp_path, bass=at((0, 40)), keys=at((14, 40), seed=1), lead=at((14, 40), seed=2))
    (first, second), seconds = two_sections(song, 20.0)
    assert 10 <= seconds <= 13 and first >= 13.5 and second >= first + seconds


def test_sections_never_overlap_and_stay_within_the_song(tmp_path):
    write_songs(tmp_path / "songs", ["one", "two", "three"], seconds=13.3)
    for source in find_songs([tmp_path / "songs"]):
        song, _ = open_song(source)
        (first, second), seconds = two_sections(song, 30.0)
        assert seconds >= 6 and first + seconds <= second and second + seconds <= song.duration_s


def test_one_section_is_where_most_stems_sound(tmp_path):
    song = opened(tmp_path, bass=at((0, 40)), keys=at((20, 30), seed=1))
    (start_s,), seconds = one_section(song, 10.0)
    assert seconds == 10 and abs(start_s - 20) <= 2.5


def test_what_exceeds_full_scale_is_turned_down_to_it(tmp_path):
    write(tmp_path / "song" / "keys.wav", at((0, 40)))
    write(tmp_path / "song" / "bass.wav", 30 * at((0, 40), seed=1), subtype="FLOAT")
    song, _ = open_song(find_songs([tmp_path])[0])
    part = cut(song, two_sections(song, 10.0))
    peaks = part.excerpts.audio.abs().amax((0, 2)).tolist()
    assert peaks[part.names.index("bass")] == pytest.approx(1.0) and peaks[part.names.index("keys")] < 1
    assert len(part.notes) == 1 and "bass exceeds full scale" in part.notes[0]


def test_stems_that_do_not_sound_in_the_sections_are_left_out(tmp_path):
    song = opened(tmp_path, bass=at((0, 40)), keys=at((0, 40), seed=1), lead=at((18, 20), seed=2), pad=at((0, 10)))
    part = cut(song, two_sections(song, 15.0)._replace(starts_s=(0.0, 24.0), seconds=15.0))
    assert set(part.names) == {"bass", "keys", "pad"}
    assert {part.names[track] for track in sounding(part, 1)} == {"bass", "keys"}


def test_two_songs_of_one_name_are_told_apart(tmp_path):
    for place in ("here", "there"):
        write_songs(tmp_path / place, ["One", "Other"], seconds=1.0)
    songs = find_songs([tmp_path / "here", tmp_path / "there"])
    assert [song.name for song in songs] == ["One", "Other", "One 2", "Other 2"]


def test_names_of_pairs_fit_into_file_systems():
    names = unique_names(["x" * 300, "x" * 300, "🎵" * 100, "...", "a/b"])
    assert len({name.casefold() for name in names}) == 5
    assert max(len(name.encode()) for name in names) < 90 and "/" not in "".join(names)


def test_songs_of_a_split_are_those_that_training_keeps_apart(tmp_path):
    write_songs(tmp_path / "songs", ["lithium", "sodium", "potassium"], seconds=1.0)
    assert [song.name for song in find_songs([tmp_path / "songs"], "test")] == ["sodium"]
    with pytest.raises(UserError, match="no such split"):
        find_songs([tmp_path / "songs"], "best")
    with pytest.raises(UserError, match="of validation"):
        find_songs([tmp_path / "songs"], "validation")


def test_a_folder_that_holds_more_than_the_stems_is_not_their_own(tmp_path):
    write_stems(tmp_path / "song", seconds=1.0)
    (source,) = find_songs([tmp_path / "song"])
    assert source.own_folder() == tmp_path / "song"
    write(tmp_path / "song" / "more" / "master.wav", stems(1.0)["keys"])
    (source,) = find_songs([tmp_path / "song"])
    assert source.own_folder() is None


def test_stems_in_folders_of_their_own_are_found_in_the_one_above(tmp_path):
    for name, audio in stems(1.0).items():
        write(tmp_path / "songs" / "one" / f"{name} group" / f"{name}.wav", audio)
    (source,) = find_songs([tmp_path / "songs"])
    assert source.own_folder() == tmp_path / "songs" / "one"


def test_silent_and_broken_stems_are_noted(tmp_path):
    write_stems(tmp_path / "song", seconds=4.0)
    write(tmp_path / "song" / "pad.wav", np.zeros(RATE))
    (tmp_path / "song" / "guitar.wav").write_bytes(b"")
    song, notes = open_song(find_songs([tmp_path / "song"])[0])
    assert {track.name for track in song.tracks} == {"bass", "keys", "hats", "lead"}
    assert len(notes) == 2 and "guitar.wav" in notes[0] and notes[1].endswith(": pad")


def test_a_song_of_one_stem_is_refused(tmp_path):
    write(tmp_path / "song" / "bass.wav", at((0, 2), seconds=2.0))
    write(tmp_path / "song" / "keys.wav", np.zeros(RATE))
    with pytest.raises(UserError, match="fewer than two stems"):
        open_song(find_songs([tmp_path / "song"])[0])


def test_generated_songs_are_made_from_seeds_of_their_own(tmp_path):
    (source,) = generated_songs(tmp_path, 1, 0, 8.0)
    expected = make_song(GENERATED_SEED, style="pop-rock", seconds=8.0)
    assert [stem.name for stem in source.stems] == [stem.name for stem in expected.stems]
    for stem, made in zip(source.stems, expected.stems, strict=True):
        np.testing.assert_allclose(read(stem.path), made.audio, atol=2**-23)
