"""Task 3: real references."""

from pathlib import Path

import numpy as np
import pytest
from evaluation.songs_to_pair import write_songs
from songs import RATE, write, write_reference

from diffmst.audio import read
from diffmst.errors import UserError
from diffmst.evaluation.pairs_file import read_pairs
from diffmst.evaluation.tasks.making import Making
from diffmst.evaluation.tasks.real import Reference, find_references, make_real
from diffmst.evaluation.tasks.songs import find_songs

NAMES = ("jazz_01", "jazz_02", "rock_01")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("real")
    write_songs(home / "songs", seconds=8.0)
    for name in NAMES:
        write_reference(home / "references" / f"{name}.wav")
    return home


def make(home, out, making=None, **kwargs):
    songs, references = find_songs([home / "songs"]), find_references([home / "references"])
    return make_real(songs, references, out, making or Making(mixes=3), **kwargs)


def test_stems_of_an_earlier_set_are_not_mixed_with_those_of_another(home, tmp_path):
    for _ in range(2):
        make(home, tmp_path / "pairs", Making(tracks=3, force=True))
    with pytest.raises(UserError, match=r"\.flac: is a stem of something else, and would be mixed too"):
        make(home, tmp_path / "pairs", Making(tracks=2, force=True))


def test_songs_and_references_stay_where_they_are(home, tmp_path):
    made = make(home, tmp_path / "pairs")
    assert [path.name for path in (tmp_path / "pairs").iterdir()] == ["pairs.csv"]
    pairs = read_pairs(tmp_path / "pairs" / "pairs.csv")
    assert {pair.stems.resolve() for pair in pairs} == {home / "songs" / name for name in ("one", "two")}
    assert {pair.reference.resolve() for pair in pairs} == {home / "references" / f"{name}.wav" for name in NAMES}
    assert len(pairs) == len({pair.name for pair in made.pairs}) == 6
    assert {(pair.truth, pair.task) for pair in pairs} == {(None, "real")}


def test_the_wrong_reference_is_of_another_group(home, tmp_path):
    for pair in make(home, tmp_path / "pairs").pairs:
        assert pair.wrong_reference.stem.partition("_")[0] != pair.reference.stem.partition("_")[0]


def test_where_all_are_of_one_group_any_other_is_wrong(home, tmp_path):
    references = [Reference(f"jazz {number}", Path(f"{number}.wav")) for number in (1, 2)]
    made = make_real(find_songs([home / "songs"]), references, tmp_path / "pairs", Making(mixes=2))
    assert all(pair.wrong_reference not in (None, pair.reference) for pair in made.pairs)


def test_no_song_is_mixed_like_itself(home, tmp_path):
    references = [Reference("One", Path("one.wav")), Reference("Other", Path("other.wav"))]
    made = make_real(find_songs([home / "songs"]), references, tmp_path / "pairs", Making(mixes=2))
    assert [pair.reference.name for pair in made.pairs if pair.song == "one"] == ["other.wav"]


def test_fewer_stems_are_copied_whole(home, tmp_path):
    made = make(home, tmp_path / "pairs", Making(mixes=1, tracks=3))
    stems = sorted(made.pairs[0].stems.iterdir())
    assert made.pairs[0].stems == tmp_path / "pairs" / "one" / "stems" and len(stems) == 3
    for path in stems:
        np.testing.assert_array_equal(read(path), read(home / "songs" / "one" / f"{path.stem}.wav"))


def test_a_song_that_lies_beside_its_mix_is_copied(home, tmp_path):
    write_songs(tmp_path / "songs", ["one"], seconds=8.0)
    write_reference(tmp_path / "songs" / "one" / "mixdown.wav")
    songs = find_songs([tmp_path / "songs"])
    made = make_real(songs, find_references([home / "references"]), tmp_path / "pairs", Making(mixes=1))
    assert {path.stem for path in made.pairs[0].stems.iterdir()} == {"bass", "keys", "hats", "lead"}
    assert made.pairs[0].stems.is_relative_to(tmp_path / "pairs")


def test_sections_of_both_are_cut_to_the_sample(home, tmp_path):
    made = make(home, tmp_path / "pairs", Making(mixes=1, section_s=6.0), sections=True)
    for path, whole in (
        (made.pairs[0].reference, read(home / "references" / f"{made.pairs[0].reference.stem}.wav")),
        (made.pairs[0].stems / "keys.flac", read(home / "songs" / "one" / "keys.wav")),
    ):
        part = read(path)
        assert part.shape[1] == 6 * RATE
        starts = np.flatnonzero(whole[0] == part[0, 0])
        assert any(np.array_equal(whole[:, start : start + part.shape[1]], part) for start in starts)


def test_a_folder_without_finished_songs_is_refused(home, tmp_path):
    with pytest.raises(UserError, match="holds no finished songs"):
        find_references([home / "songs"])
    write(tmp_path / "loud.wav", np.zeros(100))
    with pytest.raises(UserError, match="no such split"):
        find_references([tmp_path], "best")


@pytest.mark.parametrize(
    ("name", "group"), [("hiphop_02", "hiphop"), ("Jazz-vibe ace", "jazz"), ("01 Rock", "rock"), ("123", "")]
)
def test_groups_are_told_by_the_first_word(name, group):
    assert Reference(name, Path()).group == group
