import logging
import os
import unicodedata

import pytest

from diffmst.audio import find_stems, same_file
from diffmst.audio.discovery import natural_key
from diffmst.errors import UserError


def lay_out(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def names_in(*paths):
    return [stem.name for stem in find_stems(paths)]


def test_stems_come_in_natural_order_with_short_names(tmp_path):
    lay_out(tmp_path, "Tom 10.wav", "tom 2.WAV", "Bass.flac", "01_Drums/Kick.wav", "notes.txt", "cover.jpg")
    assert names_in(tmp_path) == ["Kick", "Bass", "tom 2", "Tom 10"]


@pytest.mark.parametrize("name", [".DS_Store", "._Kick.wav", ".hidden/Kick.wav", "__MACOSX/Song/Kick.wav", "a.zip"])
def test_hidden_files_and_leftovers_are_passed_over(tmp_path, name):
    assert names_in(lay_out(tmp_path, "Bass.wav", name)) == ["Bass"]


def test_equal_names_are_told_apart_by_their_folders(tmp_path):
    lay_out(tmp_path, "Drums/Room.wav", "Guitars/Room.wav", "Bass.wav", "A/x/Room.wav", "B/x/Room.wav")
    assert names_in(tmp_path) == ["A/x/Room", "B/x/Room", "Bass", "Drums/Room", "Guitars/Room"]


def test_equal_names_in_one_folder_are_told_apart_by_their_extension(tmp_path):
    assert names_in(lay_out(tmp_path, "Kick.flac", "Kick.wav", "Bass.wav")) == ["Bass", "Kick.flac", "Kick.wav"]


def test_equal_names_in_two_given_folders_are_told_apart(tmp_path):
    lay_out(tmp_path, "one/Audio/Kick.wav", "two/Audio/Kick.wav")
    assert names_in(tmp_path / "two" / "Audio", tmp_path / "one" / "Audio") == ["two/Audio/Kick", "one/Audio/Kick"]


@pytest.mark.skipif(os.path.normcase("A") == "a", reason="needs a file system that tells letter case apart")
def test_names_differ_even_where_letter_case_does_not_count(tmp_path):
    lay_out(tmp_path, "Kick.wav", "kick.wav")
    if len(list(tmp_path.iterdir())) == 2:
        assert names_in(tmp_path) == [f"{tmp_path}/Kick.wav".lstrip("/"), f"{tmp_path}/kick.wav (2)".lstrip("/")]


def test_both_spellings_of_an_accent_sort_and_show_alike(tmp_path):
    lay_out(tmp_path, unicodedata.normalize("NFD", "é 2.wav"), unicodedata.normalize("NFC", "é 10.wav"), "f.wav")
    assert names_in(tmp_path) == [unicodedata.normalize("NFC", name) for name in ("é 2", "é 10", "f")] or names_in(
        tmp_path
    ) == ["f", "é 2", "é 10"]


def test_digits_of_any_script_sort_by_value():
    assert sorted(["صوت ١٠", "صوت ٢", "音 10", "音 9"], key=natural_key) == ["صوت ٢", "صوت ١٠", "音 9", "音 10"]


def test_a_file_named_by_itself_is_always_taken(tmp_path):
    lay_out(tmp_path, "take.dat", ".hidden.wav")
    assert names_in(tmp_path / "take.dat", tmp_path / ".hidden.wav") == ["take", ".hidden"]


def test_the_same_file_counts_once(tmp_path):
    lay_out(tmp_path, "s/Kick.wav", "s/Bass.wav")
    (tmp_path / "link").symlink_to(tmp_path / "s")
    assert names_in(tmp_path / "s" / "Kick.wav", tmp_path / "s", tmp_path / "link") == ["Kick", "Bass"]


def test_a_circle_of_links_ends(tmp_path):
    lay_out(tmp_path, "s/Kick.wav")
    (tmp_path / "s" / "up").symlink_to(tmp_path)
    (tmp_path / "s" / "broken.wav").symlink_to(tmp_path / "gone.wav")
    assert names_in(tmp_path) == ["Kick"]


def test_of_a_medleydb_song_the_raw_tracks_are_taken_once(tmp_path, caplog):
    lay_out(tmp_path, "Song/Song_MIX.wav", "Song/Song_STEMS/Song_STEM_01.wav", "Song/Song_RAW/Song_RAW_01_01.wav")
    with caplog.at_level(logging.WARNING):
        assert names_in(tmp_path) == ["Song_RAW_01_01"]
    assert {"Song_MIX.wav", "Song_STEMS"} == {str(record.args[0]).rsplit(os.sep, 1)[1] for record in caplog.records}
    assert names_in(tmp_path / "Song" / "Song_STEMS") == ["Song_STEM_01"]


@pytest.mark.parametrize("name", ["song.zip", "song.RAR", "song.7z", "song.tar.gz"])
def test_archives_are_to_be_unpacked(tmp_path, name):
    with pytest.raises(UserError, match=f"{name}: is an archive; unpack it"):
        find_stems([lay_out(tmp_path, name) / name])


def test_no_stems_name_the_place_and_what_was_looked_for(tmp_path):
    lay_out(tmp_path, "notes.txt")
    with pytest.raises(UserError, match=r"no stems found; looked for \.wav") as caught:
        find_stems([tmp_path])
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(UserError, match="nothing given"):
        find_stems([])
    with pytest.raises(UserError, match="gone: no such file or folder"):
        find_stems([tmp_path / "gone"])


def test_a_file_is_the_same_through_a_link(tmp_path):
    lay_out(tmp_path, "a.wav", "b.wav")
    (tmp_path / "link.wav").symlink_to(tmp_path / "a.wav")
    assert same_file(tmp_path / "a.wav", tmp_path / "link.wav")
    assert not same_file(tmp_path / "a.wav", tmp_path / "b.wav")
    assert not same_file(tmp_path / "a.wav", tmp_path / "gone.wav")
