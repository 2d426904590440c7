import json
from pathlib import Path

import datasets_on_disk as disk
import pytest

from diffmst.data.datasets import DATASETS, recognise
from diffmst.data.datasets.dataset import LEAKS, MISSING
from diffmst.data.datasets.labels import role_of_label
from diffmst.errors import UserError
from diffmst.roles import BY_NAME


def songs_in(folder):
    return {song.name: song for dataset, place in recognise(folder) for song in dataset.songs(place)}


def roles(song):
    return [stem.role for stem in song.stems]


EVERY_LAYOUT = [(name, layout) for name, layouts in disk.LAYOUTS.items() for layout in layouts]


@pytest.mark.parametrize(("name", "layout"), EVERY_LAYOUT, ids=lambda value: getattr(value, "__name__", value))
def test_every_layout_is_recognised_as_what_it_is_and_holds_songs_whose_files_are_there(tmp_path, name, layout):
    found = recognise(layout(tmp_path))
    assert [dataset.name for dataset, _ in found] == [name]
    songs = songs_in(tmp_path)
    assert songs
    for song in songs.values():
        assert song.stems or song.mix
        assert all(stem.path.is_file() and stem.role in BY_NAME for stem in song.stems)
        assert len({stem.name for stem in song.stems}) == len(song.stems)
        assert song.mix is None or song.mix.is_file()


def test_every_data_set_has_a_layout_to_test_and_says_where_it_comes_from():
    assert {dataset.name for dataset in DATASETS} == set(disk.LAYOUTS)
    for dataset in DATASETS:
        assert dataset.title and dataset.licence
        assert bool(dataset.citation) == bool(dataset.url) == (dataset.name not in ("stems", "references"))


@pytest.mark.parametrize(
    ("layout", "name"), [(disk.medleydb_1, "LizNelson_Rainfall"), (disk.medleydb_2, "Torres_NewSkin")]
)
def test_medleydb_gives_raw_tracks_with_their_own_instruments(tmp_path, layout, name):
    song = songs_in(layout(tmp_path))[name]
    assert roles(song) == ["lead", "backing", "kick", "snare", "drums", "bass", "bass"]
    assert all("_RAW" in stem.path.parent.name for stem in song.stems)
    assert song.mix.name == f"{name}_MIX.wav"
    assert song.split is None
    assert song.remarks == (((LEAKS, ""),) if name == "Torres_NewSkin" else ())


def test_a_medleydb_stem_stands_in_for_raw_tracks_that_are_not_there(tmp_path):
    song = disk.medleydb_song(tmp_path, "A_B", disk.MEDLEYDB_STEMS)
    (song / "A_B_RAW" / "A_B_RAW_01_01.wav").unlink()
    (song / "A_B_RAW" / "A_B_RAW_03_02.wav").unlink()
    found = songs_in(tmp_path)["A_B"]
    assert found.stems[0].path.name == "A_B_STEM_01.wav"
    assert roles(found) == ["lead", "backing", "kick", "drums", "bass", "bass"]
    assert found.remarks == ((MISSING, "A_B_RAW_03_02.wav"),)


@pytest.mark.parametrize("text", ["stems: [", "- a list", "", "stems:\n  S01: nothing\n", "\xff"])
def test_medleydb_metadata_that_cannot_be_read_leaves_the_songs(tmp_path, text):
    song = disk.medleydb_song(tmp_path, "A_B", disk.MEDLEYDB_STEMS)
    (song / "A_B_METADATA.yaml").write_bytes(text.encode("latin-1"))
    found = songs_in(tmp_path)["A_B"]
    assert len(found.stems) == 7
    assert set(roles(found)) == {""}
    assert bool(found.remarks) == ("nothing" not in text)


def test_cambridge_mt_songs_take_roles_from_names_and_mixes_from_previews(tmp_path):
    songs = songs_in(disk.cambridge_mt(tmp_path))
    assert list(songs) == ["3DMARCo_ACapella", "AngelsInAmplifiers_ImAlright"]
    song = songs["AngelsInAmplifiers_ImAlright"]
    assert roles(song) == ["kick", "snare", "percussion", "bass", "guitar", "lead"]
    assert song.mix.name == "ImAlright_Full_Preview.mp3"
    assert songs["3DMARCo_ACapella"].mix.name == "3DMARCoACapella_Preview.mp3"


def test_musdb18_keeps_the_splits_of_its_authors(tmp_path):
    songs = songs_in(disk.musdb18_hq(tmp_path))
    assert {name: song.split for name, song in songs.items()} == {
        "ANiMAL - Clinic A": "train",
        "Leaf - Summerghost": "validation",
        "AM Contra - Heart Peripheral": "test",
    }
    assert roles(songs["Leaf - Summerghost"]) == ["lead", "drums", "bass", ""]
    assert songs["Leaf - Summerghost"].mix.name == "mixture.wav"


def test_musdb18_says_what_is_missing(tmp_path):
    disk.musdb18_hq(tmp_path)
    (tmp_path / "train" / "Leaf - Summerghost" / "bass.wav").unlink()
    song = songs_in(tmp_path)["Leaf - Summerghost"]
    assert len(song.stems) == 3 and song.remarks == (("not there", "bass.wav"),)


def test_compressed_musdb18_is_refused_with_advice(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "A - B.stem.mp4").write_bytes(b"x")
    with pytest.raises(UserError, match="MUSDB18-HQ, which is in WAV"):
        songs_in(tmp_path)


def test_moisesdb_takes_roles_from_track_types(tmp_path):
    song = songs_in(disk.moisesdb(tmp_path))["Thirteen Minutes - Forever"]
    assert roles(song) == ["lead", "backing", "bass", "keys", "brass"]
    assert song.mix is None and song.remarks == ((LEAKS, ""),)


def test_moisesdb_in_the_folder_itself_is_found_too_and_says_what_is_missing(tmp_path):
    disk.moisesdb(tmp_path)
    (path,) = tmp_path.glob("*/*/bass/*.wav")
    path.unlink()
    (song,) = songs_in(tmp_path / "moisesdb_v0.1").values()
    assert len(song.stems) == 4 and song.remarks[0] == (MISSING, path.name)


@pytest.mark.parametrize("document", ["{", "[]", json.dumps({"stems": [{"tracks": "none"}, 7]})])
def test_moisesdb_metadata_that_cannot_be_read_is_said(tmp_path, document):
    disk.moisesdb(tmp_path)
    (path,) = tmp_path.glob("*/*/data.json")
    path.write_text(document)
    (song,) = songs_in(tmp_path).values()
    assert len(song.stems) == (5 if song.remarks else 0)


def test_slakh_takes_roles_from_instrument_classes_and_leaves_repeats_out(tmp_path):
    songs = songs_in(disk.slakh2100(tmp_path))
    assert {name: song.split for name, song in songs.items()} == {
        "Track00001": "train",
        "Track01501": "validation",
        "Track01876": "test",
    }
    assert roles(songs["Track00001"]) == ["guitar", "drums", "pad"]
    assert songs["Track00001"].mix.name == "mix.flac"


def test_slakh_without_folders_of_splits_is_split_by_number(tmp_path):
    assert [song.split for song in songs_in(disk.babyslakh(tmp_path)).values()] == ["train", "validation"]


def test_jamendo_songs_are_references_in_the_splits_of_the_authors(tmp_path):
    songs = songs_in(disk.mtg_jamendo(tmp_path))
    assert {name: song.split for name, song in songs.items()} == {"00/1376400": None, "14/214": "validation"}
    assert not any(song.stems for song in songs.values())


def test_folders_of_stems_are_songs_in_natural_order(tmp_path):
    songs = songs_in(disk.stems(tmp_path))
    assert list(songs) == ["Song 2", "Song 10"]
    assert roles(songs["Song 2"]) == ["bass", "kick", "pad"]
    assert songs["Song 2"].mix.name == "Song 2 - Mixdown.wav"
    assert roles(songs["Song 10"]) == ["", ""]


def test_one_folder_of_stems_is_one_song(tmp_path):
    disk.stems(tmp_path)
    (song,) = songs_in(tmp_path / "Song 2").values()
    assert len(song.stems) == 3


def test_a_folder_that_holds_folders_of_songs_and_references_is_both(tmp_path):
    disk.stems(tmp_path / "multitracks")
    disk.sound(tmp_path / "multitracks" / "Song 3" / "kick.wav")
    disk.sound(tmp_path / "multitracks" / "Song 3" / "bass.wav")
    disk.references(tmp_path / "finished")
    found = {dataset.name: folder.name for dataset, folder in recognise(tmp_path)}
    assert found == {"stems": "multitracks", "references": "finished"}


def test_data_sets_side_by_side_are_all_found(tmp_path):
    disk.musdb18_hq(tmp_path / "musdb18hq")
    disk.medleydb_1(tmp_path / "MedleyDB")
    assert sorted(dataset.name for dataset, _ in recognise(tmp_path)) == ["medleydb", "musdb18-hq"]


def test_data_sets_that_are_known_from_one_folder_above_hide_none_beside_them(tmp_path):
    disk.moisesdb(tmp_path)
    disk.slakh2100(tmp_path)
    disk.musdb18_hq(tmp_path / "musdb18hq")
    found = recognise(tmp_path)
    assert sorted(dataset.name for dataset, _ in found) == ["moisesdb", "musdb18-hq", "slakh2100"]
    songs = [song for dataset, folder in found for song in dataset.songs(folder)]
    assert len(songs) == len({song.name for song in songs}) == 1 + 3 + 3


def without_formats(found):
    """Everything about songs but the formats of their files."""
    stems = {name: [(stem.name, stem.role, stem.path.stem) for stem in song.stems] for name, song in found.items()}
    return stems, {name: (song.split, song.remarks, song.mix and song.mix.stem) for name, song in found.items()}


@pytest.mark.parametrize(
    "layout", [disk.medleydb_2, disk.musdb18_hq, disk.moisesdb], ids=lambda layout: layout.__name__
)
def test_a_data_set_that_was_converted_to_flac_is_the_same(tmp_path, layout):
    before = songs_in(layout(tmp_path))
    for path in tmp_path.rglob("*.wav"):
        path.rename(path.with_suffix(".flac"))
    after = songs_in(tmp_path)
    assert without_formats(after) == without_formats(before)
    assert all(stem.path.is_file() for song in after.values() for stem in song.stems)


def test_a_folder_that_may_not_be_listed_is_passed_over(tmp_path, monkeypatch):
    disk.stems(tmp_path)
    (tmp_path / "lost+found").mkdir()
    listed = Path.iterdir

    def iterdir(path):
        if path.name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert [song.name for song in songs_in(tmp_path).values() if song.stems] == ["Song 2", "Song 10"]


def test_a_name_overrides_what_a_folder_looks_like(tmp_path):
    disk.stems(tmp_path)
    songs = songs_in(f"references={tmp_path}")
    assert len(songs) == 6 and not any(song.stems for song in songs.values())


def test_what_is_no_folder_of_songs_is_refused_in_one_line(tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    for place, reason in (
        (tmp_path, "holds no audio"),
        (tmp_path / "nowhere", "no such folder"),
        (tmp_path / "notes.txt", "is a file"),
        (f"sleigh={tmp_path}", "sleigh is no data set"),
    ):
        with pytest.raises(UserError, match=reason) as refused:
            recognise(place)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("electric bass", "bass"),
        ("contrabass/double bass (bass of instrings)", "bass"),
        ("bass drum", "kick"),
        ("clean electric guitar", "guitar"),
        ("violin section", "pad"),
        ("horn section", "brass"),
        ("full acoustic drumkit", "drums"),
        ("fx/processed sound, scratches, gun shots, explosions etc", "effects"),
        ("string_section", "pad"),
        ("Synth Pad", "pad"),
        ("click track", ""),
        ("", ""),
    ],
)
def test_labels_tell_roles(label, role):
    assert role_of_label(label) == role
